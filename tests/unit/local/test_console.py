"""The terminal shows one line per event, and nothing secret."""

from __future__ import annotations

import io
import json

import pytest

from local.console import Console, last_reason

_POSTPONED = json.dumps(
    {
        "level": "WARNING",
        "message": "refresh_postponed",
        "reason": "token_timeout",
        "detail": "5 s",
        "correlation_id": "3f9c",
    }
)
_FAILED = json.dumps(
    {"level": "WARNING", "message": "request_failed", "reason": "state_mismatch", "status": 400}
)


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


def test_a_request_is_one_line() -> None:
    assert _request_line(io.StringIO(), 200)[8:] == "  GET  /me  200  12 ms\n"


def test_a_failed_request_is_one_line_with_its_reason_and_reference() -> None:
    assert _request_line(io.StringIO(), 400, "state_mismatch")[8:] == (
        "  GET  /me  400  12 ms  state_mismatch  (reference 3f9c)\n"
    )


def test_what_the_request_line_says_is_not_said_twice() -> None:
    assert _shown(_FAILED) == ""


def test_a_warning_that_says_more_is_one_line_with_its_reference() -> None:
    assert _shown(_POSTPONED)[10:] == (
        "WARNING  refresh_postponed: token_timeout: 5 s  (reference 3f9c)\n"
    )


def test_what_nobody_expected_is_shown_with_where_it_happened() -> None:
    record = {
        "level": "ERROR",
        "message": "unexpected_error",
        "error": "builtins.KeyError",
        "stack": ["builtins.KeyError", "routes.py:12 me"],
    }
    assert _shown(json.dumps(record))[10:] == (
        "ERROR  unexpected_error: builtins.KeyError\nbuiltins.KeyError\nroutes.py:12 me\n"
    )


@pytest.mark.parametrize(
    "line",
    [
        json.dumps({"level": "INFO", "message": "signed in"}),
        json.dumps({"_aws": {"CloudWatchMetrics": []}, "level": "ERROR", "SignIn": 1}),
        json.dumps({"message": "no level"}),
    ],
)
def test_quiet_records_and_metrics_stay_out_of_the_terminal(line: str) -> None:
    assert _shown(line) == ""


def test_what_is_no_record_is_shown_as_printed() -> None:
    assert _shown("a print", "42", '"text"').count("\n") == 3


def test_a_traceback_reads_as_python_writes_it() -> None:
    line = '[ERROR] KeyError: x\rTraceback (most recent call last):\r\u00a0\u00a0File "app.py"'
    assert _shown(line).endswith(
        '[ERROR] KeyError: x\nTraceback (most recent call last):\n  File "app.py"\n'
    )


def test_a_traceback_in_a_record_is_laid_out() -> None:
    record = {
        "level": "ERROR",
        "errorType": "KeyError",
        "errorMessage": "x",
        "stackTrace": ['  File "app.py", line 1\n', "    a[x]\n"],
    }
    assert _shown(json.dumps(record))[10:] == (
        'ERROR  KeyError: x\n  File "app.py", line 1\n    a[x]\n'
    )


def test_a_record_cannot_steer_the_terminal() -> None:
    record = {"level": "ERROR", "message": "\x1b[2J\x07", "reason": "\x9b"}
    assert not {"\x1b", "\x07", "\x9b"} & set(_shown(json.dumps(record)))


def test_json_shows_everything_raw() -> None:
    stream = io.StringIO()
    console = Console(stream, log_format="json")
    console.function_line(_FAILED)
    console.request(
        method="GET", path="/", status=200, seconds=0.001, reason=None, reference="3f9c"
    )
    first, second = stream.getvalue().splitlines()
    assert first == _FAILED
    assert json.loads(second).items() >= {"path": "/", "status": 200, "reference": "3f9c"}.items()


def test_the_log_gets_everything_raw_whatever_the_terminal_shows() -> None:
    stream, log = io.StringIO(), io.StringIO()
    quiet = json.dumps({"level": "INFO", "message": "signed in"})
    Console(stream, log=log).function_line(quiet)
    assert (stream.getvalue(), log.getvalue()) == ("", f"{quiet}\n")


def test_colours_are_for_terminals_whose_owner_wants_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert "\x1b[31m" in _request_line(_Terminal(), 500)
    assert "\x1b" not in _request_line(io.StringIO(), 500)
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in _request_line(_Terminal(), 500)


def test_the_last_reason_is_the_one_to_tell_with_its_detail() -> None:
    assert last_reason(["a print", _POSTPONED, _FAILED]) == "state_mismatch"
    assert last_reason([_FAILED, _POSTPONED]) == "token_timeout: 5 s"
    assert last_reason(["a print"]) is None
