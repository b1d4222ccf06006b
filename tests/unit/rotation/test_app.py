"""The handler, built from the environment as Lambda builds it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from foyer_rotation import app
from foyer_rotation.errors import ConfigurationError, NotStaged
from foyer_rotation.settings import Settings

from tests.unit.rotation.conftest import REGION, Stack
from tests.unit.rotation.test_settings import ENVIRON


@pytest.fixture(autouse=True)
def _fresh_container() -> Iterator[None]:
    app._rotation.cache_clear()
    yield
    app._rotation.cache_clear()


def test_a_missing_setting_stops_the_first_event(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ENVIRON:
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(ConfigurationError, match="USER_POOL_ID"):
        app.handler({}, None)  # type: ignore[arg-type]


def test_an_event_reaches_secrets_manager_and_the_environment_is_read_once(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in ENVIRON.items():
        monkeypatch.setenv(name, value)
    event = stack.secret.event("createSecret", "unknown")
    for _ in range(2):
        with pytest.raises(NotStaged, match="no version with this ClientRequestToken"):
            app.handler(event, None)  # type: ignore[arg-type]
        monkeypatch.delenv("USER_POOL_ID", raising=False)


def test_every_aws_call_has_a_time_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    rotation = app.build(Settings.from_environ(ENVIRON))
    clients: list[Any] = [rotation.secrets_manager, rotation.client_secrets.client]
    for client in clients:
        assert client.meta.config.connect_timeout <= 5
        assert client.meta.config.read_timeout <= 10


def test_its_own_boto3_knows_the_client_secret_calls() -> None:
    model = boto3.client("cognito-idp", region_name=REGION).meta.service_model
    for operation in ("Add", "List", "Delete"):
        suffix = "Secrets" if operation == "List" else "Secret"
        assert model.operation_model(f"{operation}UserPoolClient{suffix}")
