"""The gateway's output in the terminal: requests, and log records of the function.

The text format shows one line per request, and warnings and errors of the function that add to that
line. The JSON format shows every record, one per line. The log file always has the JSON format.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Literal, TextIO

LogFormat = Literal["text", "json"]

_LOUD = ("WARNING", "ERROR", "CRITICAL")
_SAID_BY_THE_REQUEST_LINE = (
    "request_failed"  # its status, reason, detail and reference are already in the line
)
# awslambdaric says before each error of an import that AWS may be the cause.
_RUNTIME_WARNING = "LAMBDA_WARNING: Unhandled exception."
_IMPORTLIB = re.compile(
    r'^ *File "(?:<frozen importlib|[^"]*/importlib/__init__\.py")|^ *return _bootstrap\._gcd'
)
_RED, _YELLOW, _DIM, _PLAIN = "\033[31m", "\033[33m", "\033[2m", "\033[0m"


class Console:
    """``log`` receives JSON, whatever ``log_format`` the terminal has."""

    def __init__(
        self, stream: TextIO, *, log_format: LogFormat = "text", log: TextIO | None = None
    ) -> None:
        self._stream = stream
        self._text = log_format == "text"
        self._log = log
        self._coloured = stream.isatty() and not os.environ.get("NO_COLOR")  # no-color.org

    def request(
        self,
        *,
        method: str,
        path: str,
        status: int,
        seconds: float,
        reason: str | None,
        reference: str,
        is_shown: bool = True,
    ) -> None:
        """``path`` has no query, because that may contain codes.

        ``reference`` is the request's id, as shown on error pages and logged by the function. The
        log has requests that the terminal does not show.
        """
        milliseconds = round(seconds * 1000)
        parts = [f"{method:<4} {path}", str(status), f"{milliseconds} ms", reason or ""]
        if status >= 400:
            parts.append(f"(reference {reference})")
        colour = _RED if status >= 500 else _YELLOW if status >= 400 else ""
        if is_shown:
            self._show("  ".join(filter(None, parts)), colour)
        self._record("INFO", "request", method=method, path=path, status=status,
                     milliseconds=milliseconds, reason=reason, reference=reference)  # fmt: skip

    def notice(self, sentence: str, *, level: str = "INFO") -> None:
        self._show(sentence, _RED if level == "ERROR" else _DIM)
        self._record(level, sentence)

    def function_line(self, line: str) -> None:
        """Print a line of the function's output."""
        self._raw(line)
        if _RUNTIME_WARNING in line:
            return
        record = _parse(line)
        if record is None:
            # awslambdaric joins a traceback's lines so that they stay one log event.
            text = line.replace("\r", "\n").replace("\N{NO-BREAK SPACE}", " ").rstrip()
            self._show("\n".join(_without_importlib(text.split("\n"))), "")
        elif _says_more(record):
            self._show(_summary(record), _YELLOW if record["level"] == "WARNING" else _RED)

    def _show(self, text: str, colour: str) -> None:
        if self._text:
            line = f"{datetime.now().astimezone():%H:%M:%S}  {_printable(text)}"
            coloured = f"{colour}{line}{_PLAIN}" if self._coloured and colour else line
            self._stream.write(f"{coloured}\n")
            self._stream.flush()

    def _record(self, level: str, message: str, **fields: object) -> None:
        known = {name: value for name, value in fields.items() if value is not None}
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        self._raw(json.dumps({"timestamp": now, "level": level, "message": message, **known}))

    def _raw(self, line: str) -> None:
        for stream in (None if self._text else self._stream, self._log):
            if stream is not None:
                stream.write(f"{line}\n")
                stream.flush()


def last_reason(lines: Iterable[str]) -> str | None:
    """The ``reason`` and ``detail`` that the function logged last, if any."""
    records = [record for line in lines if (record := _parse(line)) is not None]
    reasons = [_joined(record, "reason", "detail") for record in records if record.get("reason")]
    return _printable(reasons[-1]) if reasons else None


def _parse(line: str) -> dict[str, Any] | None:
    try:
        record = json.loads(line)
    except ValueError:
        return None
    return record if isinstance(record, dict) else None


def _says_more(record: dict[str, Any]) -> bool:
    loud = "_aws" not in record and record.get("level") in _LOUD
    return loud and record.get("message") != _SAID_BY_THE_REQUEST_LINE


def _summary(record: dict[str, Any]) -> str:
    """The error in one line, followed by the traceback if the record has one."""
    said = _joined(record, "message", "errorType", "errorMessage", "error", "reason", "detail")
    reference = record.get("correlation_id")
    stack = record.get("exception") or record.get("stackTrace") or record.get("stack") or []
    traceback = [stack] if isinstance(stack, str) else [str(line).rstrip("\n") for line in stack]
    first = f"{record['level']}  {said}" + (f"  (reference {reference})" if reference else "")
    return "\n".join([first, *_without_importlib(traceback)])


def _without_importlib(lines: Iterable[str]) -> list[str]:
    """A traceback without the machinery between the runtime and the function's own module."""
    return [line for line in lines if not _IMPORTLIB.search(line)]


def _joined(record: dict[str, Any], *fields: str) -> str:
    return ": ".join(str(record[field]) for field in fields if record.get(field))


def _printable(text: str) -> str:
    """Remove control characters: log records may contain a visitor's input."""
    return "".join(sign if sign.isprintable() or sign in "\n\t" else "\N{REPLACEMENT CHARACTER}"
                   for sign in text)  # fmt: skip
