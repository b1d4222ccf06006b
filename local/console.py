"""What the gateway tells in the terminal: requests, and what the function logs.

Text shows one line a request and the function's warnings and errors. JSON shows everything,
raw, a record a line; that is also what the log file gets.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Literal, TextIO

LogFormat = Literal["text", "json"]

_LOUD = ("WARNING", "ERROR", "CRITICAL")
_RED, _YELLOW, _DIM, _PLAIN = "\033[31m", "\033[33m", "\033[2m", "\033[0m"


class Console:
    """``log`` gets the JSON form too, whatever ``log_format`` the terminal shows."""

    def __init__(
        self, stream: TextIO, *, log_format: LogFormat = "text", log: TextIO | None = None
    ) -> None:
        self._stream = stream
        self._text = log_format == "text"
        self._log = log
        self._coloured = stream.isatty() and not os.environ.get("NO_COLOR")  # no-color.org

    def request(
        self, *, method: str, path: str, status: int, seconds: float, reason: str | None
    ) -> None:
        """``path`` comes without its query, which may hold codes."""
        milliseconds = round(seconds * 1000)
        line = f"{method:<4} {path}  {status}  {milliseconds} ms"
        colour = _RED if status >= 500 else _YELLOW if status >= 400 else ""
        self._show(f"{line}  {reason}" if reason else line, colour)
        self._record("INFO", "request", method=method, path=path, status=status,
                     milliseconds=milliseconds, reason=reason)  # fmt: skip

    def notice(self, sentence: str, *, level: str = "INFO") -> None:
        self._show(sentence, _RED if level == "ERROR" else _DIM)
        self._record(level, sentence)

    def function_line(self, line: str) -> None:
        """A line of the function's output, as it printed it."""
        self._raw(line)
        record = _parse(line)
        if record is None:
            # awslambdaric joins a traceback's lines so that they stay one log event.
            self._show(line.replace("\r", "\n").replace("\N{NO-BREAK SPACE}", " "), "")
        elif "_aws" not in record and record.get("level") in _LOUD:
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
    """The ``reason`` that the function logged last, if it logged one."""
    records = [record for line in lines if (record := _parse(line)) is not None]
    reasons = [str(record["reason"]) for record in records if record.get("reason")]
    return _printable(reasons[-1]) if reasons else None


def _parse(line: str) -> dict[str, Any] | None:
    try:
        record = json.loads(line)
    except ValueError:
        return None
    return record if isinstance(record, dict) else None


def _summary(record: dict[str, Any]) -> str:
    """``reason/message (reference id)``, with the traceback beneath when the record has one."""
    said = [record.get("reason"), record.get("message") or record.get("errorMessage")]
    text = ": ".join(str(part) for part in dict.fromkeys(said) if part)
    reference = f" (reference {record['reference']})" if record.get("reference") else ""
    stack = record.get("exception") or record.get("stackTrace") or ""
    traceback = "".join(stack) if isinstance(stack, list) else str(stack)
    kind = f"{record['errorType']}: " if record.get("errorType") else ""
    return f"{record['level']}  {kind}{text}{reference}\n{traceback}".rstrip()


def _printable(text: str) -> str:
    """Without what could steer the terminal: log records may quote a visitor."""
    return "".join(sign if sign.isprintable() or sign in "\n\t" else "\N{REPLACEMENT CHARACTER}"
                   for sign in text)  # fmt: skip
