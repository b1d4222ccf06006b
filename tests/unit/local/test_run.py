"""How `make run` ends when Python changes the exception that Ctrl-C raises."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator

import pytest

from local import run


@pytest.fixture(autouse=True)
def _signals_as_before(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(run, "_asked_to_stop", threading.Event())
    handlers = {number: signal.getsignal(number) for number in (2, 15, 1)}
    yield
    for number, handler in handlers.items():
        signal.signal(number, handler)


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
