"""Faults of an HTTP server after it has read the request."""

from __future__ import annotations

import gzip
import json
import secrets
import socket
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from threading import Event

JSON = "application/json;charset=UTF-8"


@dataclass(frozen=True)
class Reply:
    """The reply of a correct server."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)

    def head(self, **more: str) -> bytes:
        """Status line and header section; ``more`` replaces, with ``_`` for ``-``."""
        replaced = {name.replace("_", "-"): value for name, value in more.items()}
        fields = {"Content-Length": str(len(self.body)), **self.headers, **replaced}
        lines = [f"HTTP/1.1 {self.status} {HTTPStatus(self.status).phrase}"]
        lines += [f"{name}: {value}" for name, value in fields.items() if value]
        return "\r\n".join([*lines, "", ""]).encode("latin-1")

    def to_bytes(self) -> bytes:
        return self.head() + self.body

    def always(self) -> Fault:
        """This, whatever the correct reply is."""
        return lambda line, _: line.send(self.to_bytes())


def json_reply(value: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Reply:
    return Reply(status, json.dumps(value).encode(), {"Content-Type": JSON, **(headers or {})})


# Nothing is sent and the connection ends.
LOST = Reply(0)


@dataclass(frozen=True)
class Line:
    """The connection to one client, and when the server is about to close."""

    socket: socket.socket
    served_before: int
    closing: Event

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def reset(self) -> None:
        """Ends in an RST, which the client sees at once."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()


# A fault answers in the server's place; afterwards the connection is closed.
Fault = Callable[[Line, Reply], None]


def _reset_if_reused(line: Line, reply: Reply) -> None:
    """A kept-alive connection is dead without notice; a new one works."""
    if line.served_before:
        line.reset()
    else:
        line.send(reply.to_bytes())


def _hang(line: Line, _reply: Reply) -> None:
    line.closing.wait()


def _late(line: Line, reply: Reply) -> None:
    """A correct answer after one second: too late for shorter timeouts."""
    line.closing.wait(1)
    line.send(reply.to_bytes())


def _slowly(line: Line, piece: bytes, times: int) -> None:
    for _ in range(times):
        if line.closing.wait(0.05):
            return
        line.send(piece)


def _drip(line: Line, reply: Reply) -> None:
    """A correct answer that takes ten seconds in total, with short reads."""
    line.send(reply.head(Content_Length=str(len(reply.body) + 200)))
    _slowly(line, b" ", 200)
    line.send(reply.body)


def _drip_head(line: Line, reply: Reply) -> None:
    start, rest = reply.to_bytes().split(b"\r\n", 1)
    line.send(start + b"\r\nX-Slow: ")
    _slowly(line, b"z", 200)
    line.send(b"\r\n" + rest)


def _with_lines(lines: bytes) -> Fault:
    """A good answer with further header lines."""

    def send(line: Line, reply: Reply) -> None:
        start, rest = reply.to_bytes().split(b"\r\n", 1)
        line.send(start + b"\r\n" + lines + rest)

    return send


def _endless_head(line: Line, _reply: Reply) -> None:
    while not line.closing.is_set():
        line.send(b"HTTP/1.1 100 Continue\r\n\r\n" * 100)


def _endless(line: Line, reply: Reply) -> None:
    line.send(reply.head(Content_Length="", Transfer_Encoding="chunked"))
    while not line.closing.is_set():
        line.send(b"1000\r\n" + b" " * 0x1000 + b"\r\n")


def _gzipped(line: Line, reply: Reply) -> None:
    """Compressed although the client asked for identity."""
    body = gzip.compress(reply.body)
    line.send(reply.head(Content_Encoding="gzip", Content_Length=str(len(body))) + body)


def oauth_error(error: str, status: int = 400) -> Fault:
    return json_reply({"error": error}, status).always()


def bearer_error(error: str, status: int = 401) -> Fault:
    """RFC 6750 §3."""
    challenge = {"WWW-Authenticate": f'Bearer error="{error}", error_description="no"'}
    return json_reply({"error": error}, status, challenge).always()


def refusal(code: str, status: int = 400) -> Fault:
    """The words of AWS's JSON APIs."""
    error = {"__type": code, "Message": "canary-message"}
    return json_reply(error, status, {"Connection": "close"}).always()


WIRE_FAULTS: dict[str, Fault] = {
    "reset": lambda line, _: line.reset(),
    "reset_if_reused": _reset_if_reused,
    "hang": _hang,
    "late": _late,
    "drip": _drip,
    "drip_head": _drip_head,
    "truncated": lambda line, reply: line.send(reply.to_bytes()[:-1]),
    "endless": _endless,
    "large_head": _with_lines((b"WWW-Authenticate: " + b"Bearer " * 9000 + b"\r\n") * 4),
    "many_headers": _with_lines(b"X: 1\r\n" * 99),
    "endless_head": _endless_head,
    "gzipped": _gzipped,
    "not_http": lambda line, _: line.send(b"220 mail.example ESMTP\r\n"),
    "garbage": lambda line, reply: line.send(reply.head() + secrets.token_bytes(len(reply.body))),
    "http_500": Reply(500).always(),
    "http_503": Reply(503).always(),
    "http_429": Reply(429, headers={"Retry-After": "7"}).always(),
    # 307 requests the same request again, with its body: the most dangerous one to follow.
    "redirect": Reply(307, headers={"Location": "/elsewhere"}).always(),
}
