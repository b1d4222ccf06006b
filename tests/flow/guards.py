"""The authorizers, for tests that ask them about a browser's requests."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from typing import Any

from foyer.guard import build, signed_in, visitor
from foyer.settings import CommonSettings

from tests.flow.browser import Browser, Context, Handler
from tests.flow.conftest import FOR_BOTH_FUNCTIONS, Stack

REFUSED = {"isAuthorized": False}


class Guards:
    """New containers of both functions; ``counted`` gives their metrics since it was last asked."""

    counted: Callable[[], list[tuple[str, str | None]]]

    def __init__(self, stack: Stack, domain: str = "app.example.com", **environ: str) -> None:
        # With sessions in cookies, the guard does not even know where Cognito is.
        environ = {**(stack.environ if stack.table else FOR_BOTH_FUNCTIONS), **environ}
        settings = CommonSettings.from_environ(environ)
        guard = build(settings, stack.container(settings, environ))
        self.ask_signed_in: Handler = partial(signed_in, guard)
        self.ask_visitor: Handler = partial(visitor, guard)
        self._domain = domain

    def signed_in(self, browser: Browser, method: str = "GET", **headers: str) -> dict[str, Any]:
        return self._ask(self.ask_signed_in, browser, method, "/api/orders", headers)

    def lets_in(self, browser: Browser) -> bool:
        answer = self.signed_in(browser)
        assert answer["isAuthorized"] or answer == REFUSED
        return bool(answer["isAuthorized"])

    def visitor(
        self, browser: Browser, method: str = "GET", path: str = "/shop", **headers: str
    ) -> dict[str, Any]:
        """What a page's function would learn; it is always called."""
        answer = self._ask(self.ask_visitor, browser, method, path, headers)
        assert answer["isAuthorized"] is True
        about: dict[str, Any] = answer["context"]
        return about

    def _ask(
        self, handler: Handler, browser: Browser, method: str, path: str, headers: dict[str, str]
    ) -> dict[str, Any]:
        made = browser.event(method, path, headers)
        made["requestContext"]["domainName"] = self._domain
        made |= {"type": "REQUEST", "identitySource": None, "routeArn": "arn:aws:execute-api:x"}
        answer: dict[str, Any] = json.loads(json.dumps(handler(made, Context())))
        return answer
