"""Under SnapStart nothing unique, secret or connected passes from a snapshot to its restores."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.fake_cognito import FakeCognito
from tests.fake_secrets_manager import FakeSecretsManager
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

    def restore(self) -> Restored:
        return Restored(self)

    def send(self, line: str) -> str:
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


class Restored:
    """One environment; a handler while it lasts."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot

    def __enter__(self) -> Browser:
        return Browser(self._handle, ORIGIN)

    def __exit__(self, *_: object) -> None:
        assert self._snapshot.send("") == "done"

    def _handle(self, event: Mapping[str, Any], _context: object) -> dict[str, Any]:
        reply: dict[str, Any] = json.loads(self._snapshot.send(json.dumps(event)))
        return reply


@pytest.fixture
def cognito() -> Iterator[FakeCognito]:
    with FakeCognito(redirect_uris=(f"{ORIGIN}/callback",)) as made:
        yield made


@pytest.fixture
def secrets_manager(cognito: FakeCognito) -> Iterator[FakeSecretsManager]:
    with FakeSecretsManager() as made:
        put_secret(made, cognito, session_key="k" * 64)
        made.containers_credentials = {
            "AccessKeyId": "AKIDCONTAINER",
            "SecretAccessKey": "made-up",
            "Token": "of the container",
            "Expiration": "2999-01-01T00:00:00Z",
        }
        yield made


def put_secret(
    secrets_manager: FakeSecretsManager, cognito: FakeCognito, *, session_key: str
) -> None:
    fields = {"client_id": cognito.client_id, "client_secret": cognito.client_secret}
    secrets_manager.secret = json.dumps({**fields, "session_key": session_key})


@pytest.fixture
def snapshot(cognito: FakeCognito, secrets_manager: FakeSecretsManager) -> Iterator[Snapshot]:
    made = Snapshot(
        {
            "APP_URL": ORIGIN,
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{secrets_manager.url}/credentials",
            "AWS_ENDPOINT_URL": secrets_manager.url,
            "AWS_LAMBDA_INITIALIZATION_TYPE": "snap-start",
            "AWS_REGION": "eu-central-1",
            "COGNITO_DOMAIN_URL": cognito.domain_url,
            "COGNITO_ISSUER": cognito.issuer,
            "COGNITO_JWKS_URL": cognito.jwks_url,
            "SECRET_ID": "foyer/test",
        }
    )
    yield made
    made.close()


def test_a_snapshot_holds_no_secret_no_credentials_and_no_connection(
    snapshot: Snapshot, cognito: FakeCognito, secrets_manager: FakeSecretsManager
) -> None:
    assert (secrets_manager.requests, secrets_manager.authorizations) == ([], [])
    assert cognito.upstream_calls == 0
    with snapshot.restore() as browser:
        browser.get("/login")
    assert len(secrets_manager.requests) == 1


def test_two_restores_share_no_state_nonce_verifier_or_seal(snapshot: Snapshot) -> None:
    queries, cookies = [], []
    for _ in range(2):
        with snapshot.restore() as browser:
            location = browser.get("/login").location
            queries.append(parse_qs(urlsplit(location).query))
            cookies.append(next(iter(browser.named("attempt").values())))
    for name in ("state", "nonce", "code_challenge"):
        assert queries[0][name] != queries[1][name]
    # The same key seals both; the first 18 bytes are its name and the seal's own nonce.
    assert cookies[0][:8] == cookies[1][:8]
    assert cookies[0][8:24] != cookies[1][8:24]


def test_a_restore_reads_the_secret_as_it_is_then(
    snapshot: Snapshot, cognito: FakeCognito, secrets_manager: FakeSecretsManager
) -> None:
    with snapshot.restore() as first:
        first.get("/login")
    put_secret(secrets_manager, cognito, session_key="n" * 64)
    with snapshot.restore() as second:
        second.get("/login")
    (old,), (new,) = first.named("attempt").values(), second.named("attempt").values()
    assert old[:8] != new[:8], "sealed with another key"


def test_each_restore_signs_in_over_its_own_connections(
    snapshot: Snapshot, cognito: FakeCognito, secrets_manager: FakeSecretsManager
) -> None:
    for _ in range(2):
        with snapshot.restore() as browser:
            answer = browser.get(cognito.visit(browser.get("/login").location))
            assert (answer.status, answer.location) == (303, "/")
            assert "Test Visitor" in browser.get("/").body
    assert len(set(secrets_manager.connections)) == 2
    assert cognito.calls("jwks") == 2, "keys are fetched by each, none came with the snapshot"
