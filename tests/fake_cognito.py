"""Cognito on loopback: real HTTP/1.1, real signatures, and faults on demand.

    with FakeCognito() as cognito:
        callback = cognito.visit(location)          # managed login, somebody signed in
        cognito.fault("userinfo", "hang")           # wire_faults.py has the kinds
        cognito.id_token_defect("wrong_nonce")      # fake_tokens.py has the names
        assert cognito.calls("token") == 1

Two origins, as in AWS: the pool's domain (``domain_url``) and the issuer's, which has the
key set (``jwks_url``). Tokens name a real-looking issuer, not the loopback one.
"""

from __future__ import annotations

import ssl
from collections import defaultdict
from threading import RLock
from types import TracebackType
from urllib.parse import parse_qsl, urlsplit

from tests.fake_endpoints import Endpoints, LoginErrorPage
from tests.fake_token_mint import User
from tests.wire_faults import WIRE_FAULTS, Fault, Line, Reply, bearer_error, oauth_error
from tests.wire_server import Arrived, WireServer

__all__ = ["FakeCognito", "User"]

_UPSTREAM = ("other", "token", "userinfo", "revoke", "jwks", "user_api")


class FakeCognito(Endpoints):
    """A pool with one client and one user, and a switch for each fault."""

    def __init__(
        self,
        *,
        redirect_uris: tuple[str, ...] = ("http://localhost:3000/callback",),
        logout_uris: tuple[str, ...] = ("http://localhost:3000/",),
        tls: ssl.SSLContext | None = None,
    ) -> None:
        super().__init__(redirect_uris, logout_uris)
        self.cookies: list[str] = []  # Set-Cookie values on every answer
        self.requests: defaultdict[str, list[Arrived]] = defaultdict(list)
        self._faults: dict[str, tuple[str, Fault | None]] = {}
        self._lock = RLock()
        self._domain = WireServer(self._answer, tls)
        self._issuer_origin = WireServer(self._answer, tls)
        self.domain_url = self._domain.url
        pool = self.issuer.rpartition("/")[2]
        self.user_api_url = self._issuer_origin.url
        self.jwks_url = f"{self._issuer_origin.url}/{pool}/.well-known/jwks.json"

    def __enter__(self) -> FakeCognito:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        self._domain.close()
        self._issuer_origin.close()

    # What a test looks at

    def calls(self, endpoint: str) -> int:
        return len(self.requests[endpoint])

    @property
    def upstream_calls(self) -> int:
        """Requests that the app itself made; the browser's are not counted."""
        return sum(map(self.calls, _UPSTREAM))

    def __repr__(self) -> str:
        """The received requests, for messages of failed assertions."""
        arrived = [
            f"{each.method} {each.path} by {each.headers.get('User-Agent')}"
            for name in _UPSTREAM
            for each in self.requests[name]
        ]
        return f"<FakeCognito, upstream calls: {', '.join(arrived) or 'none'}>"

    # What a test switches

    def fault(self, endpoint: str, kind: str | Fault) -> None:
        """From now on ``endpoint`` (token, userinfo, revoke, jwks, user_api) fails in this way.

        ``kind`` is ``refused``, a name in WIRE_FAULTS, any OAuth error code, or a fault of the
        test's own. With ``refused`` nobody listens any more; for userinfo this begins after
        the token answer, since both share an origin.
        """
        if not isinstance(kind, str):
            self._faults[endpoint] = ("own", kind)
            return
        if kind == "refused":
            self._faults[endpoint] = (kind, None)
            if endpoint != "userinfo":
                (self._issuer_origin if endpoint == "jwks" else self._domain).stop()
            return
        as_error = bearer_error if endpoint == "userinfo" else oauth_error
        self._faults[endpoint] = (kind, WIRE_FAULTS.get(kind) or as_error(kind))

    def repair(self, endpoint: str) -> None:
        """Ends the fault. What was stopped by ``refused`` stays stopped."""
        self._faults.pop(endpoint, None)

    def drop_connections(self) -> None:
        """Closes what clients keep alive, as servers do with idle connections."""
        self._domain.drop_connections()
        self._issuer_origin.drop_connections()

    # Managed login

    def visit(self, location: str, *, error: str | None = None) -> str:
        """The browser follows ``location``; returns the callback URL.

        The user signs in (or up) at once; with ``error``, the callback reports that error.
        """
        parts = urlsplit(location)
        if f"{parts.scheme}://{parts.netloc}" != self.domain_url:
            raise LoginErrorPage(f"not managed login: {location}")
        if parts.path not in {"/oauth2/authorize", "/signup", "/login"}:
            raise LoginErrorPage(f"no such page: {parts.path}")
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        self.requests["authorize"].append(Arrived("GET", parts.path, query, {}, b""))
        return self._authorize(query, error)

    # The wire

    def _answer(self, arrived: Arrived, line: Line) -> bool:
        name, endpoint = self.endpoint(arrived.method, arrived.path)
        with self._lock:
            self.requests[name].append(arrived)
            reply = endpoint(arrived)
        return self.send(name, reply, line)

    def send(self, endpoint: str, reply: Reply, line: Line) -> bool:
        """Sends the reply or applies its fault; returns whether the connection stays open."""
        kind, fault = self._faults.get(endpoint, ("", None))
        if fault is not None:
            fault(line, reply)
            return kind == "reset_if_reused" and not line.served_before
        userinfo_is_next = endpoint == "token" and "userinfo" in self._faults
        if userinfo_is_next and self._faults["userinfo"][0] == "refused":
            self._domain.stop_listening()
            line.send(reply.head(Connection="close") + reply.body)
            return False
        cookies = "".join(f"Set-Cookie: {cookie}\r\n" for cookie in self.cookies).encode()
        start, rest = reply.to_bytes().split(b"\r\n", 1)
        line.send(start + b"\r\n" + cookies + rest)
        return True
