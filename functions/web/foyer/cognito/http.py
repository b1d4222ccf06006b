"""HTTP with limits on time and size, for a server that may be slow, cut off or hostile.

Everything here fails with ``{endpoint}_…`` reasons: timeout, unreachable, redirected,
throttled, answer_encoded, answer_cut_short, answer_too_large.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from http.cookiejar import DefaultCookiePolicy
from typing import TYPE_CHECKING, Any

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from ..errors import BadGateway, GatewayTimeout, Unavailable
from ..transport import AnswerInTime, HeadTooLarge, tls_context

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

CONNECT_SECONDS = 2.0
TOTAL_SECONDS = 5.0
ANSWER_BYTES = 64 * 1024
RETRY_AFTER_SECONDS = 5
MOST_RETRY_AFTER_SECONDS = 300


@dataclass(frozen=True)
class Answer:
    """A complete answer that was no redirect and no throttling."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


class Upstream:
    """Sets the session up: no proxies or netrc from the environment, no cookies, no retries.

    Cookies matter most: the session outlives a visitor, and would send their cookies with the
    next visitor's requests.
    """

    def __init__(self, http: requests.Session, clock: Callable[[], float]) -> None:
        http.trust_env = False
        http.cookies.set_policy(DefaultCookiePolicy(allowed_domains=()))
        self._adapter = _TotalTimeoutAdapter(http.verify)
        http.verify = True
        http.mount("https://", self._adapter)
        http.mount("http://", self._adapter)
        self._http = http
        self._clock = clock

    def get(
        self, endpoint: str, url: str, headers: Mapping[str, str], *, deadline: float
    ) -> Answer:
        return self._exchange(endpoint, "GET", url, headers, None, deadline=deadline)

    def post(
        self,
        endpoint: str,
        url: str,
        headers: Mapping[str, str],
        body: Mapping[str, str] | bytes,
        *,
        deadline: float,
    ) -> Answer:
        """Send once, on a new connection; ``body`` is a form unless it is bytes.

        A connection from an earlier invocation may have died while Lambda froze the container.
        That shows only after sending, and a code must not be sent twice. Every sign-in and
        refresh begins with a POST, so the calls after it reuse a live connection.
        """
        self._adapter.close()
        return self._exchange(endpoint, "POST", url, headers, body, deadline=deadline)

    def _exchange(
        self,
        endpoint: str,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: Mapping[str, str] | bytes | None,
        *,
        deadline: float,
    ) -> Answer:
        seconds = min(TOTAL_SECONDS, deadline - self._clock())
        if seconds <= 0:
            raise GatewayTimeout(f"{endpoint}_timeout", "no time left to ask")
        try:
            response = self._http.request(
                method,
                url,
                headers={"Accept": "application/json", "Accept-Encoding": "identity", **headers},
                data=body,
                # types-requests does not know that urllib3's own kind is taken
                timeout=urllib3.Timeout(connect=CONNECT_SECONDS, total=seconds),  # type: ignore[arg-type]
                allow_redirects=False,
                stream=True,
            )
        # `from None`: the cause may quote a header with a secret or a token in it.
        except requests.Timeout:
            raise GatewayTimeout(f"{endpoint}_timeout") from None
        except HeadTooLarge:
            raise BadGateway(f"{endpoint}_answer_too_large", "headers") from None
        except requests.RequestException as error:
            raise BadGateway(f"{endpoint}_unreachable", type(error).__name__) from None
        with response:
            _refuse_early(endpoint, response)
            return Answer(response.status_code, response.headers, _read(endpoint, response))


def _refuse_early(endpoint: str, response: requests.Response) -> None:
    if 300 <= response.status_code < 400:
        raise BadGateway(f"{endpoint}_redirected", f"HTTP {response.status_code}")
    if response.status_code == 429:
        retry_after = _retry_after(response.headers.get("Retry-After", ""))
        raise Unavailable(f"{endpoint}_throttled", retry_after=retry_after)
    if response.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise BadGateway(f"{endpoint}_answer_encoded", "identity was asked for")


def _retry_after(value: str) -> int:
    """Seconds, within reason; dates (RFC 9110 §10.2.3) are not parsed."""
    if not (value.isascii() and value.isdigit() and len(value) < 10):
        return RETRY_AFTER_SECONDS
    return min(max(int(value), 1), MOST_RETRY_AFTER_SECONDS)


def _read(endpoint: str, response: requests.Response) -> bytes:
    body = b""
    try:
        while piece := response.raw.read(ANSWER_BYTES + 1 - len(body), decode_content=False):
            body += piece
            if len(body) > ANSWER_BYTES:
                raise BadGateway(f"{endpoint}_answer_too_large", f"over {ANSWER_BYTES} bytes")
    except urllib3.exceptions.TimeoutError:
        raise GatewayTimeout(f"{endpoint}_timeout", "in the middle of the answer") from None
    except urllib3.exceptions.HTTPError as error:
        raise BadGateway(f"{endpoint}_answer_cut_short", type(error).__name__) from None
    return body


# requests and urllib3 with the one TLS context, and answers within the time limit.


class _Connection(HTTPConnection):
    response_class = AnswerInTime


class _TlsConnection(HTTPSConnection):
    response_class = AnswerInTime


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _TlsConnection


class _TotalTimeoutAdapter(HTTPAdapter):
    """One TLS context for all connections: by default each one reads the CA file again."""

    def __init__(self, verify: bool | str | None) -> None:
        """``verify`` may name authorities, as with requests; False is not honoured."""
        self._tls = tls_context(verify if isinstance(verify, str) else None)
        super().__init__()

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, ssl_context=self._tls, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _TlsPool}

    def cert_verify(self, conn: Any, url: Any, verify: Any, cert: Any) -> None:
        """The context already has the authorities."""
