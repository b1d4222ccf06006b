"""The terminal shows one line per event, and nothing secret."""

from __future__ import annotations

import io
import json

import pytest

from local.console import Console, last_reason

_POSTPONED = {
    "level": "WARNING",
    "message": "refresh_postponed",
    "reason": "token_timeout",
    "detail": "5 s",
    "correlation_id": "3f9c",
}
_FAILED = {"level": "WARNING", "message": "request_failed", "reason": "state_mismatch"}
_OURS = {
    "level": "ERROR",
    "message": "unexpected_error",
    "error": "builtins.KeyError",
    "stack": ["builtins.KeyError", "routes.py:12 me"],
}
_RUNTIMES = {
    "level": "ERROR",
    "errorType": "KeyError",
    "errorMessage": "x",
    "stackTrace": ['  File "app.py", line 1\n', "    a[x]\n"],
}


def _shown(line: str) -> str:
    """Without the time."""
    stream = io.StringIO()
    Console(stream).function_line(line)
    return stream.getvalue()[10:]


@pytest.mark.parametrize(
    ("record", "shown"),
    [
        (_POSTPONED, "WARNING  refresh_postponed: token_timeout: 5 s  (reference 3f9c)\n"),
        (_OURS, "ERROR  unexpected_error: builtins.KeyError\nbuiltins.KeyError\nroutes.py:12 me\n"),
        (_RUNTIMES, 'ERROR  KeyError: x\n  File "app.py", line 1\n    a[x]\n'),
        ({"level": "ERROR", "message": "\x1b[2J\x07\x9b"}, "ERROR  \ufffd[2J\ufffd\ufffd\n"),
        (_FAILED, ""),  # the request's line shows it
        ({"level": "INFO", "message": "signed in"}, ""),
        ({"_aws": {"CloudWatchMetrics": []}, "level": "ERROR", "SignIn": 1}, ""),
        ({"message": "no level"}, ""),
        (42, "42\n"),
        ("text", '"text"\n'),
    ],
)
def test_a_record_is_shown_if_it_says_more(record: object, shown: str) -> None:
    assert _shown(json.dumps(record)) == shown


def test_other_output_is_shown_as_printed() -> None:
    assert _shown("a print") == "a print\n"
    line = '[ERROR] KeyError: x\rTraceback (most recent call last):\r\u00a0\u00a0File "app.py"'
    shown = '[ERROR] KeyError: x\nTraceback (most recent call last):\n  File "app.py"\n'
    assert _shown(line) == shown


def test_the_last_reason_is_the_one_to_show_with_its_detail() -> None:
    postponed, failed = json.dumps(_POSTPONED), json.dumps(_FAILED)
    assert last_reason(["a print", postponed, failed]) == "state_mismatch"
    assert last_reason([failed, postponed]) == "token_timeout: 5 s"
    assert last_reason(["a print"]) is None


def test_colours_are_for_terminals_whose_owner_wants_them(monkeypatch: pytest.MonkeyPatch) -> None:
    def shown(is_terminal: bool) -> str:
        stream = io.StringIO()
        monkeypatch.setattr(stream, "isatty", lambda: is_terminal)
        Console(stream).notice("a sentence", level="ERROR")
        return stream.getvalue()

    monkeypatch.delenv("NO_COLOR", raising=False)
    assert "\x1b[31m" in shown(is_terminal=True)
    assert "\x1b" not in shown(is_terminal=False)
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in shown(is_terminal=True)
