"""Accepts only this machine's own host names (DNS rebinding), and redirects to one origin."""

from __future__ import annotations

from collections.abc import Collection

from starlette.responses import PlainTextResponse, RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from local.browsers import LOOPBACK, hostname


class OwnHosts:
    """ASGI middleware.

    With ``origin``, pages opened at a loopback address are redirected there, because cookies and
    the registered callback URL belong to that origin.
    """

    def __init__(self, app: ASGIApp, hosts: Collection[str], origin: str | None = None) -> None:
        self._app = app
        self._hosts = hosts
        self._origin = origin

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        app = self._app
        if scope["type"] == "http":
            app = self._answer_to(scope) or app
        await app(scope, receive, send)

    def _answer_to(self, scope: Scope) -> ASGIApp | None:
        host = hostname(scope["headers"])
        if host not in self._hosts:
            return PlainTextResponse("This server does not answer to this host name.\n", 421)
        if self._origin and host in LOOPBACK and scope["method"] in ("GET", "HEAD"):
            query = f"?{scope['query_string'].decode('latin-1')}" if scope["query_string"] else ""
            path = scope["raw_path"].decode("latin-1")
            # Without RedirectResponse's quoting, so that the path stays unchanged.
            return _Redirect(self._origin + path + query)
        return None


class _Redirect(RedirectResponse):
    def __init__(self, location: str) -> None:
        super().__init__("", 307)
        self.headers["location"] = location
        self.headers["cache-control"] = "no-store"
