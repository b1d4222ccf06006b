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


@pytest.mark.parametrize("offset", [0, 2])
def test_a_port_in_use_is_reported_in_one_sentence(
    capsys: pytest.CaptureFixture[str], offset: int
) -> None:
    first = free_port()
    with socket.create_server(("127.0.0.1", first + offset)):
        assert run.main(["--port", str(first)]) == 1
    assert capsys.readouterr().err == (
        f"Foyer stopped: port {first + offset} on 127.0.0.1 cannot be used (address already in "
        "use); choose another: `make run PORT=3100`.\n"
    )


def test_a_data_folder_that_is_none_is_reported_in_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("local.places.ROOT", tmp_path)
    port = free_port()
    data = tmp_path / ".local" / str(port)
    data.parent.mkdir()
    data.touch()  # permissions would not stop root, whom build machines often run as
    assert run.main(["--port", str(port)]) == 1
    assert f"Foyer stopped: the data folder {data} cannot be written" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("docker", "sentence"),
    [
        ("", "`sam local` needs Docker, which is not installed; `make run` does not need it"),
        ("#!/bin/sh\nexit 1\n", "Docker does not respond; start it, or use `make run`"),
    ],
)
def test_without_docker_one_sentence_says_so(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    docker: str,
    sentence: str,
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    if docker:
        (tmp_path / "docker").write_text(docker)
        (tmp_path / "docker").chmod(0o755)
    assert run.main(["--port", str(free_port()), "--sam"]) == 1
    assert capsys.readouterr().err == f"Foyer stopped: {sentence}.\n"


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
