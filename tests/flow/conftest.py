"""The complete handler, with a fake Cognito on loopback and the secret in memory."""

from __future__ import annotations

import io
import json
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
import requests
from aws_lambda_powertools import Logger
from foyer.app import App, build
from foyer.clocks import Clocks
from foyer.container import Container
from foyer.settings import CommonSettings, Settings

from tests.documents import documented
from tests.fake_cognito import SCOPES, FakeCognito
from tests.fake_cognito_api import SCOPE, FakeCognitoApi
from tests.fake_dynamodb import FakeDynamoDb
from tests.fake_secrets_manager import Vault
from tests.flow.browser import Answer, Browser
from tests.flow.private_values import found_in, private_values

if TYPE_CHECKING:
    from foyer.aws.secret_store import Source

ORIGIN = "https://app.example.com"
FOR_BOTH_FUNCTIONS = {
    "SECRET_ID": "foyer/test",
    "SESSION_IDLE_SECONDS": "3600",  # so that the tests don't depend on the defaults
    "SESSION_MAX_SECONDS": "43200",
}


@dataclass
class Clock:
    """A clock that tests advance."""

    epoch: float = field(default_factory=time.time)
    elapsed: float = 0.0

    def now(self) -> float:
        return self.epoch + self.elapsed

    def monotonic(self) -> float:
        return 1000.0 + self.elapsed

    def advance(self, seconds: float) -> None:
        self.elapsed += seconds


@dataclass
class Stack:
    """The function and everything around it."""

    cognito: FakeCognito
    vault: Vault
    table: FakeDynamoDb | None  # where sessions are, if not in cookies
    clock: Clock = field(default_factory=Clock)
    seconds_fast: float = 0.0  # the containers' clocks
    source: Source | None = None  # where the function reads the secret, if not in the vault
    log_stream: io.StringIO = field(default_factory=io.StringIO)
    browsers: list[Browser] = field(default_factory=list)

    @property
    def environ(self) -> dict[str, str]:
        table = self.table.environ if self.table else {}
        return {**FOR_BOTH_FUNCTIONS, **self.cognito.environ, **table}

    def app(self, http: requests.Session | None = None, /, **environ: str) -> App:
        """A new container of the function."""
        environ = {**self.environ, **environ}
        settings = Settings.from_environ(environ)
        container = self.container(settings, environ)
        return build(settings, container, http=http or requests.Session())

    def container(self, settings: CommonSettings, environ: dict[str, str]) -> Container:
        """What a function is built from."""
        return Container.of(
            settings,
            environ,
            source=self.source or self.vault,
            # A logger is found by its service name and keeps its stream, so each has its own.
            log=Logger(service=uuid.uuid4().hex, stream=self.log_stream),
            clocks=Clocks(self.clock.monotonic, self._now, self.clock.advance),
        )

    def _now(self) -> float:
        return self.clock.now() + self.seconds_fast

    @property
    def sessions(self) -> FakeDynamoDb:
        assert self.table is not None, "this test needs sessions in a table"
        return self.table

    def browser(self, **environ: str) -> Browser:
        """A browser in front of a new container."""
        made = Browser(self.app(**environ), environ.get("APP_URL", ORIGIN))
        self.browsers.append(made)
        return made

    def copy_of(self, browser: Browser, **environ: str) -> Browser:
        """Another browser, in front of another container, with the same cookies."""
        copy = self.browser(**environ)
        copy.cookies = dict(browser.cookies)
        return copy

    def callback(self, browser: Browser, start: str = "/login", *, error: str | None = None) -> str:
        """Go to managed login; the URL that it leads back to."""
        return self.cognito.visit(browser.get(start).location, error=error)

    def sign_in(self, browser: Browser, start: str = "/login") -> Answer:
        """Go through managed login; the answer is the callback's."""
        return browser.get(self.callback(browser, start))

    def signed_in(self, **environ: str) -> Browser:
        browser = self.browser(**environ)
        self.sign_in(browser)
        return browser

    def advance_to_refresh(self, *browsers: Browser) -> None:
        """The access token's life passes; the browsers were not idle."""
        self.clock.advance(self.cognito.access_token_seconds - 1)
        for browser in browsers:
            assert browser.is_signed_in
        self.clock.advance(1)

    def log(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log_stream.getvalue().splitlines()]

    def logged(self, message: str) -> list[dict[str, Any]]:
        return [line for line in self.log() if line["message"] == message]

    def reasons(self, message: str = "request_failed") -> list[str]:
        return [line["reason"] for line in self.logged(message)]

    def assert_documented(self) -> None:
        """docs/settings.md names every message and every reason that was logged."""
        log = self.log()
        messages = documented("Web messages") | documented("Rotation messages")
        assert {line["message"] for line in log} <= messages
        reasons = {line["reason"] for line in log if "reason" in line}
        assert reasons <= documented("Reasons")


@dataclass(kw_only=True)
class Owner(Browser):
    """The browser of an account's owner, in front of an app that has an account page."""

    stack: Stack

    @property
    def api(self) -> FakeCognitoApi:
        return self.stack.cognito.api

    @property
    def sub(self) -> str:
        return self.stack.cognito.user.sub

    def has_changed(self, kind: str) -> bool:
        lines = self.stack.logged("account_changed")
        return [(line["kind"], line.get("sub")) for line in lines] == [(kind, self.sub)]


def environment(stack: Stack) -> dict[str, str]:
    api = stack.cognito.user_api_url
    return {"ACCOUNT_PAGE": "true", "AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER": api}


def owner(stack: Stack, **environ: str) -> Owner:
    stack.cognito.scopes = (*SCOPES, SCOPE)
    made = Owner(stack.app(**environment(stack) | environ), ORIGIN, stack=stack)
    stack.browsers.append(made)
    stack.sign_in(made)
    return made


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Where sessions are kept: in cookies, unless a mark says otherwise."""
    mark = metafunc.definition.get_closest_marker("sessions")
    if mark is not None and "kept_in" in metafunc.fixturenames:
        metafunc.parametrize("kept_in", mark.args, indirect=True)


@pytest.fixture
def kept_in(request: pytest.FixtureRequest) -> str:
    return str(getattr(request, "param", "cookie"))


@pytest.fixture
def stack(kept_in: str) -> Iterator[Stack]:
    redirect_uris = (f"{ORIGIN}/callback", "http://localhost:3000/callback")
    with ExitStack() as resources:
        cognito = resources.enter_context(FakeCognito(redirect_uris=redirect_uris))
        table = resources.enter_context(FakeDynamoDb()) if kept_in == "table" else None
        made = Stack(cognito, Vault(**cognito.credentials), table)
        cognito.clock = made.clock.now
        if table is not None:
            table.clock = made.clock.now
        yield made
        made.assert_documented()
        assert found_in(made.log_stream.getvalue(), private_values(made)) == set()


@pytest.fixture
def browser(stack: Stack) -> Browser:
    return stack.browser()


@pytest.fixture
def signed_in(stack: Stack) -> Browser:
    return stack.signed_in()


@pytest.fixture
def ada(stack: Stack) -> Owner:
    return owner(stack)


Counted = Callable[[str], list[tuple[str, str | None]]]


@pytest.fixture
def counted(capsys: pytest.CaptureFixture[str]) -> Counted:
    """The metrics that begin like this and came since it was last asked, with their reasons."""

    def read(beginning: str) -> list[tuple[str, str | None]]:
        lines = map(json.loads, capsys.readouterr().out.splitlines())
        return [
            (each, line.get("reason"))
            for line in lines
            for each in line
            if each.startswith(beginning)
        ]

    return read
