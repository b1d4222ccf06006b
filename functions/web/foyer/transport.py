"""What all connections share: one TLS context, and limits that cover the whole answer.

By default http.client (and so requests) applies its timeout to each read, so a server that sends
a byte a second could keep us waiting forever.
"""

from __future__ import annotations

import functools
import http.client
import importlib.util
import io
import ssl
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import socket

# Of the status line and the headers. AWS sends some twenty headers of 2 KB together; http.client
# would read a hundred of 64 KB each.
HEAD_BYTES = 16 * 1024
HEAD_LINES = 100


class ReadInTime(io.RawIOBase):
    """Reads from a socket until a time on the monotonic clock, then raises TimeoutError."""

    def __init__(self, raw: io.RawIOBase, connection: socket.socket, deadline: float) -> None:
        super().__init__()
        self._raw = raw
        self._connection = connection
        self._deadline = deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        seconds = self._deadline - time.monotonic()
        if seconds <= 0:
            raise TimeoutError("the answer takes too long")
        self._connection.settimeout(seconds)
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class HeadTooLarge(ValueError):
    """No OSError or HTTPException, which urllib3 would turn into one of its own."""


class _Head:
    """Reads the lines of an answer's head, within limits."""

    def __init__(self, source: io.BufferedReader) -> None:
        self._source = source
        self._lines, self._bytes = HEAD_LINES, HEAD_BYTES

    def readline(self, _limit: int) -> bytes:
        line = self._source.readline(self._bytes + 1)
        self._lines, self._bytes = self._lines - 1, self._bytes - len(line)
        if self._lines < 0 or self._bytes < 0:
            raise HeadTooLarge
        return line

    def close(self) -> None:
        self._source.close()


class AnswerInTime(http.client.HTTPResponse):
    """Applies the timeout that the socket has at the start to the whole answer; limits its head."""

    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        deadline = time.monotonic() + (sock.gettimeout() or 0.0)
        self.fp = io.BufferedReader(ReadInTime(self.fp.detach(), sock, deadline))

    def begin(self) -> None:
        """Raise HeadTooLarge."""
        source = self.fp
        # What ``begin`` uses of a file.
        self.fp = _Head(source)  # type: ignore[assignment]
        try:
            super().begin()
        finally:
            if self.fp is not None:  # closed when the answer is no HTTP
                self.fp = source


@functools.cache
def tls_context(authorities: str | None = None) -> ssl.SSLContext:
    """One context for all connections that trust the same: making one reads root certificates.

    ``authorities`` is a file, or a directory as c_rehash leaves it; by default certifi's roots.
    """
    path = Path(authorities) if authorities else _certifi()
    if path is None:
        return ssl.create_default_context()
    if path.is_dir():
        return ssl.create_default_context(capath=str(path))
    return ssl.create_default_context(cafile=str(path))


def _certifi() -> Path | None:
    """The directory that the build makes of certifi's roots, else its single file; or None.

    Looked up without importing certifi, which would import importlib.resources.
    """
    spec = importlib.util.find_spec("certifi")
    if spec is None or spec.origin is None:
        return None
    folder = Path(spec.origin).parent
    hashed = folder / "hashed"
    return hashed if hashed.is_dir() else folder / "cacert.pem"
