"""HTTP with limits on time and size, to one AWS endpoint, without requests.

Connections are kept for the next call, because a TLS handshake takes longer than a call.
"""

from __future__ import annotations

import contextlib
import http.client
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ..errors import AwsUnreachable, ConfigurationError
from ..transport import AnswerInTime, tls_context

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..clocks import Clocks

CONNECT_SECONDS = 2.0
ANSWER_BYTES = 1024 * 1024  # what a DynamoDB query returns at most
# AWS closes idle connections after a while, and Lambda freezes containers between requests.
KEEP_SECONDS = 5.0


@dataclass(frozen=True)
class Answer:
    """A complete answer."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes = field(repr=False)


@dataclass(frozen=True)
class _Idle:
    connection: http.client.HTTPConnection
    until: float


class Connections:
    """Connections to one origin."""

    def __init__(self, url: str, *, authorities: str | None = None, clocks: Clocks) -> None:
        """Raise ConfigurationError if ``url`` is not an origin."""
        try:
            parts = urlsplit(url)
            self._port = parts.port
        except ValueError:
            raise ConfigurationError("an AWS endpoint is not a URL") from None
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username:
            raise ConfigurationError("an AWS endpoint is not a URL")
        self._is_https = parts.scheme == "https"
        self._host = parts.hostname
        host = f"[{self._host}]" if ":" in self._host else self._host
        is_usual = self._port in (None, 443 if self._is_https else 80)
        self.host = host if is_usual else f"{host}:{self._port}"  # the Host header, RFC 9110 §7.2
        self._authorities = authorities
        self._clocks = clocks
        self._idle: list[_Idle] = []

    def exchange(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str],
        body: bytes | None = None,
        *,
        deadline: float,
    ) -> Answer:
        """Send a request; raise AwsUnreachable when no complete answer comes until ``deadline``.

        A kept connection may have died unnoticed. The request is then sent again on a new one.
        """
        request = (method, path, headers, body)
        try:
            kept = self._kept()
            if kept is not None:
                with contextlib.suppress(ConnectionError):
                    return self._ask(kept, request, deadline)
            return self._ask(self._new(deadline), request, deadline)
        # `from None`: the cause may quote a header with a token in it.
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise AwsUnreachable(type(error).__name__) from None

    def close(self) -> None:
        """Close the kept connections."""
        while self._idle:
            self._idle.pop().connection.close()

    def _kept(self) -> http.client.HTTPConnection | None:
        while self._idle:
            idle = self._idle.pop()
            if self._clocks.monotonic() < idle.until:
                return idle.connection
            idle.connection.close()
        return None

    def _new(self, deadline: float) -> http.client.HTTPConnection:
        seconds = min(CONNECT_SECONDS, self._left(deadline))
        connection: http.client.HTTPConnection
        if self._is_https:
            context = tls_context(self._authorities)
            connection = http.client.HTTPSConnection(
                self._host, self._port, timeout=seconds, context=context
            )
        else:
            connection = http.client.HTTPConnection(self._host, self._port, timeout=seconds)
        connection.response_class = AnswerInTime
        return connection

    def _ask(
        self,
        connection: http.client.HTTPConnection,
        request: tuple[str, str, Mapping[str, str], bytes | None],
        deadline: float,
    ) -> Answer:
        method, path, headers, body = request
        try:
            if connection.sock is None:
                connection.connect()
            connection.sock.settimeout(self._left(deadline))
            connection.request(method, path, body, {"Host": self.host, **headers})
            response = connection.getresponse()
            answer = Answer(response.status, response.headers, _read(response))
        except BaseException:
            connection.close()
            raise
        if response.will_close:
            connection.close()
        else:
            self._idle.append(_Idle(connection, self._clocks.monotonic() + KEEP_SECONDS))
        return answer

    def _left(self, deadline: float) -> float:
        seconds = deadline - self._clocks.monotonic()
        if seconds <= 0:
            raise AwsUnreachable("no time left to ask")
        return seconds


def _read(response: http.client.HTTPResponse) -> bytes:
    body = response.read(ANSWER_BYTES + 1)
    if len(body) > ANSWER_BYTES:
        raise AwsUnreachable(f"over {ANSWER_BYTES} bytes")
    if response.length:
        raise AwsUnreachable("cut short")
    return body
