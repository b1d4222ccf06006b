"""Containers as processes of their own: restored from a snapshot by SnapStart, or side by side.

Nothing unique, secret or connected passes from a snapshot to its restores.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.fake_cognito import FakeCognito
from tests.fake_dynamodb import FakeDynamoDb
from tests.fake_secrets_manager import FakeSecretsManager, Vault
from tests.flow.browser import Browser

ORIGIN = "https://app.example.com"
ROOT = Path(__file__).parents[2]
SAID = "restored: "


class Snapshot:
    """A function whose init is over; ``restore`` gives an environment of its own, one at a time."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.flow.restored"],
            cwd=ROOT,
            env={**environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'functions/web'}"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._said() == "ready"

    def close(self) -> None:
        with self._process:
            assert self._process.stdin is not None
            self._process.stdin.close()

    @contextmanager
    def restore(self) -> Iterator[Browser]:
        """A browser in front of one environment, while it lasts."""
        yield Browser(self._handle, ORIGIN)
        assert self._send("") == "done"

    def _handle(self, event: Mapping[str, Any], _context: object) -> dict[str, Any]:
        reply: dict[str, Any] = json.loads(self._send(json.dumps(event)))
        return reply

    def _send(self, line: str) -> str:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()
        return self._said()

    def _said(self) -> str:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line.startswith(SAID):
                return line.removeprefix(SAID).strip()
        raise AssertionError("the function died")


@pytest.fixture
def cognito() -> Iterator[FakeCognito]:
    with FakeCognito(redirect_uris=(f"{ORIGIN}/callback",)) as made:
        yield made


@pytest.fixture
def vault(cognito: FakeCognito) -> Vault:
    return Vault(**cognito.credentials)


@pytest.fixture
def secrets_manager(vault: Vault) -> Iterator[FakeSecretsManager]:
    with FakeSecretsManager(vault) as made:
        made.containers_credentials = {
            "AccessKeyId": "AKIDCONTAINER",
            "SecretAccessKey": "made-up",
            "Token": "of the container",
            "Expiration": "2999-01-01T00:00:00Z",
        }
        yield made


@pytest.fixture
def snapshot(cognito: FakeCognito, secrets_manager: FakeSecretsManager) -> Iterator[Snapshot]:
    environ = {
        **cognito.environ,
        "APP_URL": ORIGIN,
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{secrets_manager.url}/credentials",
        "AWS_ENDPOINT_URL": secrets_manager.url,
        "AWS_LAMBDA_INITIALIZATION_TYPE": "snap-start",
        "AWS_REGION": "eu-central-1",
        "SECRET_ID": "foyer/test",
    }
    with closing(Snapshot(environ)) as made:
        yield made


def test_a_snapshot_holds_no_secret_no_credentials_and_no_connection(
    snapshot: Snapshot, cognito: FakeCognito, secrets_manager: FakeSecretsManager
) -> None:
    assert (secrets_manager.requests, secrets_manager.authorizations) == ([], [])
    assert cognito.upstream_calls == 0
    for number in (1, 2):
        with snapshot.restore() as browser:
            answer = browser.get(cognito.visit(browser.get("/login").location))
            assert (answer.status, answer.location) == (303, "/")
            assert "Test Visitor" in browser.get("/").body
        assert len(set(secrets_manager.connections)) == number
        assert cognito.calls("jwks") == number, "each restore fetches the keys"


def test_two_restores_share_nothing_random_or_secret(snapshot: Snapshot, vault: Vault) -> None:
    queries: list[dict[str, str]] = []
    cookies: list[str] = []
    for _ in range(3):
        with snapshot.restore() as browser:
            queries.append(browser.get("/login").query)
            cookies += browser.named("attempt").values()
        if len(cookies) == 2:
            vault.rotate_session_key()
    for name in ("state", "nonce", "code_challenge"):
        assert queries[0][name] != queries[1][name]
    # The same key seals both; the first 18 bytes are its name and the seal's own nonce.
    assert cookies[0][:8] == cookies[1][:8]
    assert cookies[0][8:24] != cookies[1][8:24]
    assert cookies[1][:8] != cookies[2][:8], "sealed with the new key"


def test_two_containers_that_refresh_at_once_use_a_refresh_token_once(
    cognito: FakeCognito, secrets_manager: FakeSecretsManager
) -> None:
    """With sessions in a table."""
    cognito.refresh_token_rotation = True  # and no grace: a token works once
    cognito.access_token_seconds = 1
    with ExitStack() as resources:
        table = resources.enter_context(FakeDynamoDb())
        environ = {**secrets_manager.environ, **table.environ, **cognito.environ, "APP_URL": ORIGIN}
        snapshots = [resources.enter_context(closing(Snapshot(environ))) for _ in range(2)]
        first, second = (resources.enter_context(each.restore()) for each in snapshots)
        first.get(cognito.visit(first.get("/login").location))
        second.cookies = dict(first.cookies)
        for _ in range(3):
            time.sleep(1.1)  # the access token's life
            cognito.fault("token", "late")  # a second late, so that both are at it
            with ThreadPoolExecutor() as pool:
                seen = list(pool.map(lambda browser: browser.is_signed_in, (first, second)))
            cognito.repair("token")
            assert seen == [True, True]
    sent = [call.form.get("refresh_token") for call in cognito.requests["token"][1:]]
    assert len(sent) == len(set(sent)) >= 3, json.dumps(sent)
