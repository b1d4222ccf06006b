"""A separate stack for each test: a secret, an app client, and the rotation function."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
from aws_lambda_powertools import Logger
from foyer_rotation.client_secrets import ClientSecrets
from foyer_rotation.rotation import Rotation
from foyer_rotation.token_endpoint import TokenEndpoint, one_request
from moto import mock_aws

from tests.fake_cognito import FakeCognito
from tests.rotating_secret import RotatingSecret

REGION = "eu-central-1"
SECRET_NAME = "foyer/test"


class Stack:
    """What ``sam deploy`` leaves behind, before the first rotation."""

    def __init__(self, cognito: FakeCognito) -> None:
        self.cognito = cognito
        self.at_first: dict[str, Any] = {
            "client_id": cognito.client_id,
            "client_secret": cognito.client_secret,
            "session_key": secrets.token_urlsafe(48),
            "owner": {"team": "left as it is"},
        }
        self.client = cognito.api
        self.client_secrets = cognito.api.connect()
        self.secret = RotatingSecret(self.at_first)
        self.slept: list[float] = []
        self.log = StringIO()
        self.rotation = Rotation(
            secrets_manager=self.secret.boto3_client,
            client_secrets=ClientSecrets(self.client_secrets, self.client.user_pool_id),
            token_endpoint=TokenEndpoint(
                cognito.domain_url, cognito.redirect_uris[0], one_request, self.slept.append
            ),
            log=Logger(service=f"rotation-{secrets.token_hex(4)}", stream=self.log),
        )

    def step(self, name: str, token: str) -> None:
        self.rotation.run(self.secret.event(name, token))

    def rotate(self, token: str | None = None) -> str:
        return self.secret.rotate(self.rotation.run, token)

    def signs_in_with(self, client_secret: object) -> bool:
        return client_secret in self.client.active.values()


@pytest.fixture
def stack(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stack]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.setenv(name, "made-up")
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    with FakeCognito() as cognito, mock_aws():
        yield Stack(cognito)
