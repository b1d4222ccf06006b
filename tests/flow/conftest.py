"""The complete handler, with a fake Cognito on loopback and moto for Secrets Manager."""

from __future__ import annotations

import io
import json
import secrets
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import boto3
import pytest
import requests
from aws_lambda_powertools import Logger
from botocore.config import Config
from foyer.app import App, build
from foyer.clocks import Clocks
from foyer.container import Container
from foyer.settings import CommonSettings, Settings
from moto import mock_aws

from tests.documents import documented
from tests.fake_cognito import FakeCognito
from tests.fake_dynamodb import FakeDynamoDb
from tests.flow.browser import Answer, Browser
from tests.vault import Boto3Vault

if TYPE_CHECKING:
    from foyer.aws.secret_store import Source
    from mypy_boto3_secretsmanager import SecretsManagerClient

ORIGIN = "https://app.example.com"
# As foyer.aws.secrets_manager tries.
_TWO_TRIES = Config(retries={"mode": "standard", "total_max_attempts": 2})
SECRET_ID = "foyer/test"


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
    clock: Clock
    environ: dict[str, str]
    secrets_manager: Any
    table: FakeDynamoDb | None = None  # where sessions are, if not in cookies
    source: Source | None = None  # where the function reads the secret, if not there
    log_stream: io.StringIO = field(default_factory=io.StringIO)

    def app(self, http: requests.Session | None = None, /, **environ: str) -> App:
        """A new container of the function."""
        environ = {**self.environ, **environ}
        settings = Settings.from_environ(environ)
        container = self.container(settings, environ, log_stream=self.log_stream)
        return build(settings, container, http=http or requests.Session())

    def container(
        self, settings: CommonSettings, environ: dict[str, str], *, log_stream: io.StringIO
    ) -> Container:
        """What a function is built from."""
        return Container.of(
            settings,
            environ,
            source=self.source or Boto3Vault(self.secrets_manager),
            # A logger is found by its service name and keeps its stream, so each has its own.
            log=Logger(service=uuid.uuid4().hex, stream=log_stream),
            clocks=Clocks(self.clock.monotonic, self.clock.now, self.clock.advance),
        )

    @property
    def sessions(self) -> FakeDynamoDb:
        assert self.table is not None, "this test needs sessions in a table"
        return self.table

    def browser(self, **environ: str) -> Browser:
        """A browser in front of a new container."""
        return Browser(self.app(**environ), environ.get("APP_URL", ORIGIN))

    def sign_in(self, browser: Browser, start: str = "/login") -> Answer:
        """Go through managed login; the answer is the callback's."""
        return browser.get(self.cognito.visit(browser.get(start).location))

    def put_secret(self, **fields: str) -> None:
        self.secrets_manager.put_secret_value(
            SecretId=SECRET_ID, SecretString=json.dumps(self.secret() | fields)
        )

    def secret(self) -> dict[str, str]:
        answer = self.secrets_manager.get_secret_value(SecretId=SECRET_ID)
        fields: dict[str, str] = json.loads(answer["SecretString"])
        return fields

    def log(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log_stream.getvalue().splitlines()]

    def logged(self, message: str) -> list[dict[str, Any]]:
        return [line for line in self.log() if line["message"] == message]

    def assert_documented(self) -> None:
        """docs/settings.md names every message and every reason that was logged."""
        log = self.log()
        messages = documented("Web messages") | documented("Rotation messages")
        assert {line["message"] for line in log} <= messages
        reasons = {line["reason"] for line in log if "reason" in line}
        assert reasons <= documented("Reasons")


@pytest.fixture(scope="package")
def secrets_manager() -> Iterator[SecretsManagerClient]:
    """One client for all tests, because creating one is slow."""
    with pytest.MonkeyPatch.context() as monkeypatch, mock_aws():
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            monkeypatch.setenv(name, "test")
        monkeypatch.setenv("AWS_REGION", "eu-central-1")
        monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
        yield boto3.client("secretsmanager", config=_TWO_TRIES)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Where sessions are kept: in cookies, unless a mark says otherwise."""
    mark = metafunc.definition.get_closest_marker("sessions")
    if mark is not None and "kept_in" in metafunc.fixturenames:
        metafunc.parametrize("kept_in", mark.args, indirect=True)


@pytest.fixture
def kept_in(request: pytest.FixtureRequest) -> str:
    return str(getattr(request, "param", "cookie"))


@pytest.fixture
def stack(secrets_manager: SecretsManagerClient, kept_in: str) -> Iterator[Stack]:
    redirect_uris = (f"{ORIGIN}/callback", "http://localhost:3000/callback")
    with ExitStack() as resources:
        cognito = resources.enter_context(FakeCognito(redirect_uris=redirect_uris))
        table = resources.enter_context(FakeDynamoDb()) if kept_in == "table" else None
        clock = Clock()
        cognito.clock = clock.now
        secrets_manager.create_secret(
            Name=SECRET_ID,
            SecretString=json.dumps(
                {
                    "client_id": cognito.client_id,
                    "client_secret": cognito.client_secret,
                    "session_key": secrets.token_urlsafe(48),
                }
            ),
        )
        environ = {
            "SECRET_ID": SECRET_ID,
            "COGNITO_DOMAIN_URL": cognito.domain_url,
            "COGNITO_ISSUER": cognito.issuer,
            "COGNITO_JWKS_URL": cognito.jwks_url,
            "SESSION_IDLE_SECONDS": "3600",  # so that the tests don't depend on the defaults
            "SESSION_MAX_SECONDS": "43200",
            **(table.environ if table else {}),
        }
        assert urlsplit(cognito.domain_url).hostname == "127.0.0.1"
        made = Stack(cognito, clock, environ, secrets_manager, table)
        yield made
        secrets_manager.delete_secret(SecretId=SECRET_ID, ForceDeleteWithoutRecovery=True)
        made.assert_documented()


@pytest.fixture
def browser(stack: Stack) -> Browser:
    return stack.browser()
