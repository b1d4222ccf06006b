"""The authorizers, for tests that ask them about a browser's requests."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from foyer.guard import build, signed_in, visitor
from foyer.settings import CommonSettings

from tests.fake_secrets_manager import Vault
from tests.flow.browser import Browser, Context, Handler, event
from tests.flow.conftest import FOR_BOTH_FUNCTIONS, ORIGIN, Stack

DOMAIN = urlsplit(ORIGIN).netloc
REFUSED = {"isAuthorized": False}


@dataclass
class Guards:
    """New containers of both functions, and what they log."""

    stack: Stack
    vault: Vault | None = None
    environ: dict[str, str] = field(default_factory=dict)
    domain: str = DOMAIN
    log_stream: io.StringIO = field(default_factory=io.StringIO)

    def __post_init__(self) -> None:
        # With sessions in cookies, the guard does not even know where Cognito is.
        known = self.stack.environ if self.stack.table else FOR_BOTH_FUNCTIONS
        environ = {**known, **self.environ}
        settings = CommonSettings.from_environ(environ)
        stack = replace(self.stack, source=self.vault)
        guard = build(settings, stack.container(settings, environ, log_stream=self.log_stream))
        self.ask_signed_in: Handler = partial(signed_in, guard)
        self.ask_visitor: Handler = partial(visitor, guard)

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
        made = event(method, path, domain=self.domain, cookies=browser.cookies, headers=headers)
        made |= {"type": "REQUEST", "identitySource": None, "routeArn": "arn:aws:execute-api:x"}
        answer: dict[str, Any] = json.loads(json.dumps(handler(made, Context())))
        return answer

    def log(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log_stream.getvalue().splitlines()]


def counted(printed: str) -> list[tuple[str, str | None]]:
    """The guard's metrics, with their reasons."""
    lines = [json.loads(line) for line in printed.splitlines()]
    return [
        (name, line.get("reason")) for line in lines for name in line if name.startswith("Guard")
    ]
