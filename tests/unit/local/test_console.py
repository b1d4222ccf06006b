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
_FAILED = {
    "level": "WARNING",
    "message": "request_failed",
    "reason": "state_mismatch",
    "status": 400,
}


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def _shown(*lines: str) -> str:
    stream = io.StringIO()
    for line in lines:
        Console(stream).function_line(line)
    return stream.getvalue()


def _request_line(stream: io.StringIO, status: int, reason: str | None = None) -> str:
    Console(stream).request(
        method="GET", path="/me", status=status, seconds=0.0123, reason=reason, reference="3f9c"
    )
    return stream.getvalue()


def test_a_request_is_one_line_with_its_reason_and_reference_if_it_failed() -> None:
    assert _request_line(io.StringIO(), 200)[8:] == "  GET  /me  200  12 ms\n"
    assert _request_line(io.StringIO(), 400, "state_mismatch")[8:] == (
        "  GET  /me  400  12 ms  state_mismatch  (reference 3f9c)\n"
    )


@pytest.mark.parametrize(
    ("record", "shown"),
    [
        (_POSTPONED, "WARNING  refresh_postponed: token_timeout: 5 s  (reference 3f9c)\n"),
        (
            {
                "level": "ERROR",
                "message": "unexpected_error",
                "error": "builtins.KeyError",
                "stack": ["builtins.KeyError", "routes.py:12 me"],
            },
            "ERROR  unexpected_error: builtins.KeyError\nbuiltins.KeyError\nroutes.py:12 me\n",
        ),
        (
            {
                "level": "ERROR",
                "errorType": "KeyError",
                "errorMessage": "x",
                "stackTrace": ['  File "app.py", line 1\n', "    a[x]\n"],
            },
            'ERROR  KeyError: x\n  File "app.py", line 1\n    a[x]\n',
        ),
        (_FAILED, ""),  # the request's line shows it
        ({"level": "INFO", "message": "signed in"}, ""),
        ({"_aws": {"CloudWatchMetrics": []}, "level": "ERROR", "SignIn": 1}, ""),
        ({"message": "no level"}, ""),
    ],
)
def test_a_record_is_shown_if_it_says_more(record: dict[str, object], shown: str) -> None:
    assert _shown(json.dumps(record))[10:] == shown


def test_other_output_is_shown_as_printed() -> None:
    assert _shown("a print", "42", '"text"').count("\n") == 3
    line = '[ERROR] KeyError: x\rTraceback (most recent call last):\r\u00a0\u00a0File "app.py"'
    assert _shown(line).endswith(
        '[ERROR] KeyError: x\nTraceback (most recent call last):\n  File "app.py"\n'
    )


def test_a_record_cannot_steer_the_terminal() -> None:
    record = {"level": "ERROR", "message": "\x1b[2J\x07", "reason": "\x9b"}
    assert not {"\x1b", "\x07", "\x9b"} & set(_shown(json.dumps(record)))


def test_colours_are_for_terminals_whose_owner_wants_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert "\x1b[31m" in _request_line(_Terminal(), 500)
    assert "\x1b" not in _request_line(io.StringIO(), 500)
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in _request_line(_Terminal(), 500)


def test_the_last_reason_is_the_one_to_show_with_its_detail() -> None:
    postponed, failed = json.dumps(_POSTPONED), json.dumps(_FAILED)
    assert last_reason(["a print", postponed, failed]) == "state_mismatch"
    assert last_reason([failed, postponed]) == "token_timeout: 5 s"
    assert last_reason(["a print"]) is None
