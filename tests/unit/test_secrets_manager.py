"""Secrets Manager's call, and the reasons of its refusals."""

from __future__ import annotations

import io
import json
import uuid
from collections.abc import Iterator, Mapping
from contextlib import closing
from typing import Any

import pytest
from aws_lambda_powertools import Logger
from foyer.aws.secret_store import SecretStore
from foyer.aws.secrets_manager import SecretsManager
from foyer.errors import Unavailable

from tests.fake_secrets_manager import FakeSecretsManager, refusal
from tests.ports import refusing_port

TARGET = "secretsmanager.GetSecretValue"


@pytest.fixture
def server() -> Iterator[FakeSecretsManager]:
    with FakeSecretsManager() as made:
        yield made


def environ(server: FakeSecretsManager, **more: str) -> dict[str, str]:
    return {
        "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI",
        "AWS_SESSION_TOKEN": "session",
        "AWS_REGION": "eu-central-1",
        "AWS_ENDPOINT_URL_SECRETS_MANAGER": server.url,
        **more,
    }


def read(environment: Mapping[str, str]) -> Any:
    with closing(SecretsManager(environment, pause=lambda _: None)) as client:
        return client.secret_text("s")


def test_one_call_gives_the_secret(server: FakeSecretsManager) -> None:
    assert read(environ(server)) == "kept"
    (arrived,) = server.requests
    headers = arrived.headers
    assert json.loads(arrived.body) == {"SecretId": "s"}
    assert headers["X-Amz-Target"] == TARGET
    assert headers["X-Amz-Security-Token"] == "session"


def reason_for(server: FakeSecretsManager, **more: str) -> tuple[str, str]:
    """Reason and detail with which a store gives up."""
    log = Logger(service=uuid.uuid4().hex, stream=io.StringIO())
    client = SecretsManager(environ(server, **more), pause=lambda _: None)
    with closing(client), pytest.raises(Unavailable) as raised:
        SecretStore(client, "s", clock=lambda: 0.0, log=log).credentials()
    return raised.value.reason, raised.value.detail


@pytest.mark.parametrize(
    ("code", "status", "reason", "tries"),
    [
        ("ThrottlingException", 400, "secret_throttled", 2),
        ("TooManyRequests", 429, "secret_throttled", 2),
        ("InternalServiceError", 500, "secret_refused", 2),
        ("AccessDeniedException", 400, "secret_denied", 1),
        ("DecryptionFailure", 400, "secret_denied", 1),
        ("ResourceNotFoundException", 400, "secret_not_found", 1),
        ("com.amazonaws.secretsmanager#ResourceNotFoundException", 400, "secret_not_found", 1),
        ("InvalidRequestException", 400, "secret_refused", 1),
    ],
)
def test_each_refusal_has_its_reason_and_what_passes_is_tried_once_more(
    server: FakeSecretsManager, code: str, status: int, reason: str, tries: int
) -> None:
    server.faults = [refusal(code, status)] * tries
    found, detail = reason_for(server)
    assert found == reason
    assert status != 400 or detail == code.rpartition("#")[2]
    assert len(server.requests) == tries
    if tries == 2:
        server.faults = [refusal(code, status)]
        assert read(environ(server)) == "kept"


def test_a_refused_connection_is_unreachable(server: FakeSecretsManager) -> None:
    with refusing_port() as port:
        url = f"http://127.0.0.1:{port}"
        found, detail = reason_for(server, AWS_ENDPOINT_URL_SECRETS_MANAGER=url)
    assert (found, detail) == ("secret_unreachable", "ConnectionRefusedError")
