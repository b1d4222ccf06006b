"""Settings: what is required, what is the default, and what stops the function."""

from __future__ import annotations

import pytest
from foyer.errors import ConfigurationError
from foyer.settings import Settings

from tests.aws_endpoints import botocores, regions

ISSUER = "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_Example"
ENVIRON = {
    "SECRET_ID": "foyer/test",
    "COGNITO_DOMAIN_URL": "https://foyer.auth.eu-central-1.amazoncognito.com",
    "COGNITO_ISSUER": ISSUER,
}


def settings(**more: str) -> Settings:
    return Settings.from_environ(ENVIRON | more)


def test_the_defaults_follow_from_what_is_required() -> None:
    made = settings()
    assert made.cognito_backchannel_url == ENVIRON["COGNITO_DOMAIN_URL"]
    assert made.cognito_jwks_url == f"{ISSUER}/.well-known/jwks.json"
    assert made.app_url is None
    assert made.session_idle_seconds <= made.session_max_seconds
    assert (made.brand_name, made.brand_logo) == ("Foyer", "")
    names = ["COGNITO_BACKCHANNEL_URL", "COGNITO_JWKS_URL", "APP_URL", "BRAND_NAME", "LOG_LEVEL"]
    assert settings(**dict.fromkeys(names, "")) == made, "an empty value counts as absent"


def test_what_is_set_is_used_in_one_form() -> None:
    made = settings(
        COGNITO_BACKCHANNEL_URL="http://host.docker.internal:4566/",
        APP_URL="http://localhost:3000/",
        SESSION_IDLE_SECONDS="600",
        SESSION_MAX_SECONDS="600",
        BRAND_NAME="Müller & Söhne",
        BRAND_COLOR="#FFCC00",
        BRAND_LOGO="PHN2Zy8+",
        LOG_LEVEL="debug",
    )
    assert made.cognito_backchannel_url == "http://host.docker.internal:4566"
    assert made.app_url == "http://localhost:3000"
    assert (made.session_idle_seconds, made.session_max_seconds) == (600, 600)
    assert (made.brand_name, made.brand_logo) == ("Müller & Söhne", "PHN2Zy8+")
    assert (made.brand_color, made.log_level) == ("#ffcc00", "DEBUG")


@pytest.mark.parametrize("name", ENVIRON)
def test_a_missing_variable_is_named(name: str) -> None:
    others = {other: text for other, text in ENVIRON.items() if other != name}
    for environ in (others, others | {name: ""}, others | {name: "  "}):
        with pytest.raises(ConfigurationError, match=f"^{name} is not set$"):
            Settings.from_environ(environ)


MALFORMED = {
    "COGNITO_DOMAIN_URL": ["foyer.auth.example.com", "http://foyer.auth.example.com",
                           "https://auth.example.com/login",
                           "https://auth.example.com; script-src *",
                           "https://auth.example.com:99999", "https://[broken"],
    "COGNITO_BACKCHANNEL_URL": ["ftp://auth.example.com", "https://user:hunter2@auth.example.com"],
    "COGNITO_ISSUER": ["https://", f"{ISSUER}?x=hunter2"],
    "COGNITO_JWKS_URL": ["file:///etc/passwd"],
    "APP_URL": ["http://app.example.com", "http://host.docker.internal:3000",
                "https://app.example.com/prod", "https://app.example.com#x"],
    "SESSION_IDLE_SECONDS": ["one hour", "-5", "59", "١٢٣٤"],
    "SESSION_MAX_SECONDS": ["61"],
    "BRAND_NAME": ["x" * 61, "a\nb"],
    "BRAND_COLOR": ["red", "#fff}</style>"],
    "BRAND_LOGO": ["<svg/>", 'PHN2Zy8+">', "PHN2Zy8", "PHBuZy8+", "PHN2Zy8+" * 338],
    "LOG_LEVEL": ["LOUD"],
    "METRICS_NAMESPACE": ["a b"],
    "ACCOUNT_PAGE": ["yes"],
    "PASSWORD_RULES": ["symbol 12", "12 letters", "123", "12, number"],
    "ACCESS_TOKEN_SCOPES": ["photos", "notes-api/read notes-api/write", "notes-api/read,,",
                            "aws.cognito.signin.user.admin"],
    "ACCESS_TOKEN_RESOURCE": ["notes-api", "https://?#", "https://notes.example/#api",
                              "http://notes.example", "http://localhost.evil.example"],
    "ALLOWED_EMAIL_DOMAINS": ["ada@example.com", "*.example.com", "example.com;example.org",
                              "example.com,,example.org", ",,", "intranet"],
    "ALLOWED_GROUPS": ["staff admins", ",,"],
}  # fmt: skip


CASES = [(name, value) for name, values in MALFORMED.items() for value in values]


@pytest.mark.parametrize(("name", "value"), CASES)
def test_a_malformed_variable_is_named_and_its_value_is_not_shown(name: str, value: str) -> None:
    with pytest.raises(ConfigurationError, match=f"^{name} ") as raised:
        settings(**{name: value})
    assert value not in str(raised.value)


def test_the_absolute_limit_is_never_below_the_idle_one() -> None:
    assert settings(SESSION_IDLE_SECONDS="90000").session_max_seconds == 90000
    with pytest.raises(ConfigurationError, match=r"^SESSION_MAX_SECONDS must be at least 7200"):
        settings(SESSION_IDLE_SECONDS="7200", SESSION_MAX_SECONDS="7199")


def test_rules_for_passwords_are_a_length_and_kinds_of_characters() -> None:
    assert settings().password_rules == {}
    rules = settings(PASSWORD_RULES="12 lowercase symbol").password_rules
    assert rules == {"length": 12, "lowercase": 1, "symbol": 1}


COGNITO = "https://cognito-idp.eu-central-1.amazonaws.com"
NEW_ISSUER = "https://issuer-cognito-idp.us-east-1.amazonaws.com/us-east-1_Ex"
ENDPOINT, ITS_ENDPOINT = "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER"
LOCAL, OTHER = "http://localhost:4566", "http://127.0.0.1:9229"


@pytest.mark.parametrize(
    ("more", "url"),
    [
        ({"ACCOUNT_PAGE": ""}, None),
        ({"ACCOUNT_PAGE": "false"}, None),
        ({}, COGNITO),
        ({"COGNITO_ISSUER": NEW_ISSUER}, "https://cognito-idp.us-east-1.amazonaws.com"),
        ({ENDPOINT: f"{LOCAL}/"}, LOCAL),
        ({ENDPOINT: LOCAL, ITS_ENDPOINT: OTHER}, OTHER),
        ({ENDPOINT: "http://a", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"}, COGNITO),
    ],
)
def test_the_user_api_is_where_aws_tools_would_look_for_it_if_there_is_an_account_page(
    more: dict[str, str], url: str | None
) -> None:
    assert settings(**{"ACCOUNT_PAGE": "true"} | more).user_api_url == url


@pytest.mark.parametrize("is_fips", [False, True])
def test_in_every_region_the_user_api_is_where_botocore_says(is_fips: bool) -> None:
    more = {"ACCOUNT_PAGE": "true", "AWS_USE_FIPS_ENDPOINT": str(is_fips)}
    for region, suffix in regions():
        issuer = f"https://cognito-idp.{region}.{suffix}/{region}_Example"
        made = settings(COGNITO_ISSUER=issuer, **more)
        assert made.user_api_url == botocores("cognito-idp", region, is_fips=is_fips)


def test_access_tokens_leave_the_machine_over_https_only() -> None:
    with pytest.raises(ConfigurationError, match="AWS_ENDPOINT_URL must begin with https://"):
        settings(ACCOUNT_PAGE="true", AWS_ENDPOINT_URL="http://aws.example")
