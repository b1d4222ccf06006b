"""The handler, built from the environment as Lambda builds it."""

from __future__ import annotations

from typing import Any

import pytest
from foyer_rotation import app
from foyer_rotation.errors import ConfigurationError, NotStaged
from foyer_rotation.settings import Settings

from tests.rotating_secret import Rotating

ENVIRON = {
    "USER_POOL_ID": "eu-central-1_AbCdEfGhI",
    "COGNITO_DOMAIN_URL": "https://pool.auth.eu-central-1.amazoncognito.com/",
    "APP_URL": "https://app.example.com",
}


def test_an_event_reaches_secrets_manager_in_time_and_the_environment_is_read_once(
    stack: Rotating, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ENVIRON:
        monkeypatch.delenv(name, raising=False)
    app._rotation.cache_clear()
    event: Any = stack.event("createSecret", "unknown")
    with pytest.raises(ConfigurationError, match="USER_POOL_ID is not set"):
        app.handler(event, None)  # type: ignore[arg-type]
    for name, value in ENVIRON.items():
        monkeypatch.setenv(name, value)
    for _ in range(2):
        with pytest.raises(NotStaged, match="no version with this ClientRequestToken"):
            app.handler(event, None)  # type: ignore[arg-type]
        monkeypatch.delenv("USER_POOL_ID", raising=False)

    rotation = app._rotation()
    clients: list[Any] = [rotation.secrets_manager, rotation.client_secrets.client]
    for client in clients:
        assert client.meta.config.connect_timeout <= 5
        assert client.meta.config.read_timeout <= 10


@pytest.mark.parametrize(
    ("channel", "url"),
    [
        ({}, ENVIRON["COGNITO_DOMAIN_URL"][:-1]),
        ({"COGNITO_BACKCHANNEL_URL": " "}, ENVIRON["COGNITO_DOMAIN_URL"][:-1]),
        ({"COGNITO_BACKCHANNEL_URL": "http://localhost:4566"}, "http://localhost:4566"),
    ],
)
def test_a_back_channel_replaces_the_domain(channel: dict[str, str], url: str) -> None:
    settings = Settings.from_environ(ENVIRON | channel)
    assert settings.backchannel_url == url
    assert settings.callback_url == "https://app.example.com/callback"


ORIGINS = ("COGNITO_DOMAIN_URL", "COGNITO_BACKCHANNEL_URL", "APP_URL")
NO_ORIGINS = (
    "http://shown.example",
    "ftp://shown.example",
    "shown.example",
    "https://shown.example/path",
    "https://shown.example?query",
    "https://user:shown@host.example",
    "https://",
    "https://shown.example:port",
    "https://[shown",
    "http://localhost.shown.example",
)
NO_POOLS = ("AbCdEfGhI", "eu-central-1_", "eu central_1", "eu_ü", "a_b\n_c")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *((name, value) for name in ENVIRON for value in ("", "  ")),
        *((name, value) for name in ORIGINS for value in NO_ORIGINS),
        *(("USER_POOL_ID", value) for value in NO_POOLS),
    ],
)
def test_a_wrong_setting_is_named_and_its_value_not_shown(name: str, value: str) -> None:
    with pytest.raises(ConfigurationError, match=name) as caught:
        Settings.from_environ({**ENVIRON, name: value})
    assert "shown" not in str(caught.value)
