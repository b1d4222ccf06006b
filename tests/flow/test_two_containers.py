"""Two containers of the function, as processes of their own, with one session in a table."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing

import pytest

from tests.fake_cognito import FakeCognito
from tests.fake_dynamodb import FakeDynamoDb
from tests.fake_secrets_manager import FakeSecretsManager
from tests.flow.browser import Browser
from tests.flow.test_snapshot import ORIGIN, Snapshot, put_secret


@pytest.fixture
def cognito() -> Iterator[FakeCognito]:
    with FakeCognito(redirect_uris=(f"{ORIGIN}/callback",)) as made:
        made.refresh_token_rotation = True  # and no grace: a token works once
        made.access_token_seconds = 1
        yield made


@pytest.fixture
def containers(cognito: FakeCognito) -> Iterator[list[Browser]]:
    """A browser in front of each."""
    with ExitStack() as resources:
        table = resources.enter_context(FakeDynamoDb())
        secrets_manager = resources.enter_context(FakeSecretsManager())
        put_secret(secrets_manager, cognito, session_key="k" * 64)
        environ = {
            **table.environ,
            "APP_URL": ORIGIN,
            "AWS_ENDPOINT_URL_SECRETS_MANAGER": secrets_manager.url,
            "SECRET_ID": "foyer/test",
            "COGNITO_DOMAIN_URL": cognito.domain_url,
            "COGNITO_ISSUER": cognito.issuer,
            "COGNITO_JWKS_URL": cognito.jwks_url,
        }
        snapshots = [resources.enter_context(closing(Snapshot(environ))) for _ in range(2)]
        yield [resources.enter_context(snapshot.restore()) for snapshot in snapshots]


def test_two_containers_that_refresh_at_once_use_a_refresh_token_once(
    cognito: FakeCognito, containers: list[Browser]
) -> None:
    first, second = containers
    first.get(cognito.visit(first.get("/login").location))
    second.cookies = dict(first.cookies)
    for _ in range(3):
        time.sleep(1.1)  # the access token's life
        cognito.fault("token", "late")  # a second late, so that both are at it
        with ThreadPoolExecutor() as pool:
            answers = list(pool.map(lambda browser: browser.get("/me"), containers))
        cognito.repair("token")
        assert [answer.status for answer in answers] == [200, 200]
    sent = [call.form.get("refresh_token") for call in cognito.requests["token"][1:]]
    assert len(sent) == len(set(sent)) >= 3, json.dumps(sent)
