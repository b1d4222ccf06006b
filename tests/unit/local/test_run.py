"""How `make run` ends that cannot start, or when Python changes Ctrl-C's exception."""

from __future__ import annotations

import signal
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from local import run
from tests.ports import free_port


@pytest.fixture(autouse=True)
def _signals_as_before(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(run, "_asked_to_stop", threading.Event())
    handlers = {number: signal.getsignal(number) for number in (2, 15, 1)}
    yield
    for number, handler in handlers.items():
        signal.signal(number, handler)


def test_what_keeps_it_from_starting_is_reported_in_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    port = free_port()

    def complaint(*arguments: str) -> str:
        assert run.main(["--port", str(port), *arguments]) == 1
        (line,) = capsys.readouterr().err.splitlines()
        return line

    for taken in (port, port + 2):
        with socket.create_server(("127.0.0.1", taken)):
            assert complaint() == (
                f"Foyer stopped: port {taken} on 127.0.0.1 cannot be used (address already in "
                "use); choose another: `make run PORT=3100`."
            )
    monkeypatch.setenv("PATH", str(tmp_path))
    assert complaint("--sam") == (
        "Foyer stopped: `sam local` needs Docker, which is not installed; "
        "`make run` does not need it."
    )
    docker = tmp_path / "docker"
    docker.write_text("#!/bin/sh\nexit 1\n")
    docker.chmod(0o755)
    assert (
        complaint("--sam") == "Foyer stopped: Docker does not respond; start it, or use `make run`."
    )
    monkeypatch.setattr("local.places.ROOT", tmp_path)
    data = tmp_path / ".local" / str(port)
    data.parent.mkdir()
    data.touch()  # permissions would not stop root, whom build machines often run as
    assert complaint().startswith(f"Foyer stopped: the data folder {data} cannot be written")


class _Interrupted:
    def __set_name__(self, owner: type, name: str) -> None:
        signal.raise_signal(signal.SIGINT)


def test_ctrl_c_while_a_class_is_created_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "_run", lambda *_: type("Owner", (), {"field": _Interrupted()}))
    assert run.main([]) == 0


def test_a_fault_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "_run", lambda *_: int("a fault of our own"))
    with pytest.raises(ValueError, match="a fault of our own"):
        run.main([])
