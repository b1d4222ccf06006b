"""Settings name a wrong variable but never show its value."""

from __future__ import annotations

import pytest
from foyer_rotation.errors import ConfigurationError
from foyer_rotation.settings import Settings

ENVIRON = {
    "USER_POOL_ID": "eu-central-1_AbCdEfGhI",
    "COGNITO_DOMAIN_URL": "https://pool.auth.eu-central-1.amazoncognito.com/",
    "APP_URL": "https://app.example.com",
}


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


@pytest.mark.parametrize("name", ENVIRON)
@pytest.mark.parametrize("value", ["", "  ", None])
def test_a_missing_variable_is_named(name: str, value: str | None) -> None:
    environ = {key: each for key, each in ENVIRON.items() if key != name}
    if value is not None:
        environ[name] = value
    with pytest.raises(ConfigurationError, match=f"{name} is not set"):
        Settings.from_environ(environ)


@pytest.mark.parametrize("name", ["COGNITO_DOMAIN_URL", "COGNITO_BACKCHANNEL_URL", "APP_URL"])
@pytest.mark.parametrize(
    "value",
    [
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
    ],
)
def test_a_wrong_origin_is_named_and_not_shown(name: str, value: str) -> None:
    with pytest.raises(ConfigurationError, match=name) as caught:
        Settings.from_environ({**ENVIRON, name: value})
    assert "shown" not in str(caught.value)


@pytest.mark.parametrize("value", ["AbCdEfGhI", "eu-central-1_", "eu central_1", "eu_ü", "a_b\n_c"])
def test_a_wrong_pool_id_is_named(value: str) -> None:
    with pytest.raises(ConfigurationError, match="USER_POOL_ID"):
        Settings.from_environ({**ENVIRON, "USER_POOL_ID": value})
