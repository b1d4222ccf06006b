"""The reasons of Secrets Manager's refusals. (tests/unit/test_aws_calls.py has the calls.)"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing

import pytest
from foyer.aws.secrets_manager import SecretsManager
from foyer.clocks import Clocks
from foyer.errors import Unavailable

from tests.fake_secrets_manager import FakeSecretsManager
from tests.ports import refusing_port
from tests.wire_faults import refusal


@pytest.fixture
def server() -> Iterator[FakeSecretsManager]:
    with FakeSecretsManager() as made:
        yield made


def read(url: str) -> str:
    environ = {
        "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI",
        "AWS_REGION": "eu-central-1",
        "AWS_ENDPOINT_URL_SECRETS_MANAGER": url,
    }
    with closing(SecretsManager(environ, Clocks(pause=lambda _: None))) as client:
        return client.secret_text("s")


def test_one_call_gives_the_secret(server: FakeSecretsManager) -> None:
    assert read(server.url) == "kept"
    (arrived,) = server.requests
    assert json.loads(arrived.body) == {"SecretId": "s"}
    assert arrived.headers["X-Amz-Target"] == "secretsmanager.GetSecretValue"


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
    with pytest.raises(Unavailable) as raised:
        read(server.url)
    assert raised.value.reason == reason
    assert status != 400 or raised.value.detail == code.rpartition("#")[2]
    assert len(server.requests) == tries


def test_a_refused_connection_is_unreachable() -> None:
    with refusing_port() as port, pytest.raises(Unavailable) as raised:
        read(f"http://127.0.0.1:{port}")
    assert raised.value.reason == "secret_unreachable"
    assert raised.value.detail == "ConnectionRefusedError"
