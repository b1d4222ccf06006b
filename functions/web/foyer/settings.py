"""Frozen settings from the environment: read once, in full, before the first request.

docs/settings.md describes each variable. An empty value counts as absent, because a template
cannot easily leave a variable out.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from .errors import ConfigurationError
from .return_to import own_path

if TYPE_CHECKING:
    from collections.abc import Mapping

# Names of this machine: plain HTTP is allowed, as Cognito allows it for callback URLs. A container
# of `sam local` calls its host by the last one.
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}
_THIS_MACHINE = {*_LOOPBACK, "host.docker.internal"}

_PASSWORD_KINDS = {"lowercase", "uppercase", "number", "symbol"}
_LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")


@dataclass(frozen=True)
class CommonSettings:
    """What the web function and the guard both need to know."""

    secret_id: str
    app_url: str | None
    session_idle_seconds: int
    session_max_seconds: int
    session_table: str  # "" keeps sessions in cookies
    session_groups: tuple[str, ...]  # those that a cookie keeps; empty means all
    pass_access_token: bool
    allowed_email_domains: frozenset[str]  # empty lets everybody in
    allowed_groups: frozenset[str]  # likewise
    log_level: str
    metrics_namespace: str
    stack_name: str

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> CommonSettings:
        """Raise ConfigurationError naming the first variable that is missing or malformed."""
        idle = _seconds(environ, "SESSION_IDLE_SECONDS", default=3600, least=60)
        table = _session_table(environ)
        pass_access_token = _flag(environ, "PASS_ACCESS_TOKEN")
        if pass_access_token and not table:
            raise ConfigurationError("PASS_ACCESS_TOKEN needs SESSION_TABLE")
        return cls(
            secret_id=_required(environ, "SECRET_ID"),
            app_url=_app_url(environ),
            session_idle_seconds=idle,
            session_max_seconds=_seconds(
                environ, "SESSION_MAX_SECONDS", default=max(idle, 12 * 3600), least=idle
            ),
            session_table=table,
            session_groups=tuple(environ.get("SESSION_GROUPS", "").replace(",", " ").split()),
            pass_access_token=pass_access_token,
            allowed_email_domains=_email_domains(environ),
            allowed_groups=_allowed_groups(environ),
            log_level=_log_level(environ),
            metrics_namespace=_metric_word(environ, "METRICS_NAMESPACE", "Foyer"),
            stack_name=_metric_word(environ, "STACK_NAME", "foyer"),
        )


@dataclass(frozen=True)
class CognitoSettings:
    """Where Cognito is. URLs called origins carry no path and no trailing slash."""

    cognito_domain_url: str
    cognito_backchannel_url: str
    cognito_issuer: str
    cognito_jwks_url: str

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> CognitoSettings:
        """Raise ConfigurationError naming the first variable that is missing or malformed."""
        domain_url = _origin(
            environ, "COGNITO_DOMAIN_URL", _required(environ, "COGNITO_DOMAIN_URL")
        )
        issuer = _url(environ, "COGNITO_ISSUER", _required(environ, "COGNITO_ISSUER"))
        return cls(
            cognito_domain_url=domain_url,
            cognito_backchannel_url=_origin(environ, "COGNITO_BACKCHANNEL_URL", domain_url),
            cognito_issuer=issuer,
            cognito_jwks_url=_url(
                environ, "COGNITO_JWKS_URL", f"{issuer.rstrip('/')}/.well-known/jwks.json"
            ),
        )


@dataclass(frozen=True)
class Settings(CommonSettings, CognitoSettings):
    """What the environment of the web function says."""

    user_api_url: str | None  # None leaves the account page out
    password_rules: Mapping[str, int]
    access_token_scopes: tuple[str, ...]  # of resource servers, beyond Foyer's own
    access_token_resource: str  # "" binds access tokens to no API
    allows_sign_up: bool
    origin_verify_header: str  # in lower case; empty checks nothing
    brand_name: str
    brand_color: str
    brand_logo: str
    brand_logo_dark: str
    brand_logo_has_name: bool
    brand_tagline: str
    app_home: str

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> Settings:
        """Raise ConfigurationError naming the first variable that is missing or malformed."""
        cognito = CognitoSettings.from_environ(environ)
        return cls(
            **vars(CommonSettings.from_environ(environ)),
            **vars(cognito),
            user_api_url=_user_api_url(environ, cognito.cognito_issuer),
            password_rules=_password_rules(environ),
            access_token_scopes=_scopes(environ),
            access_token_resource=_resource(environ),
            allows_sign_up=_flag(environ, "SELF_SIGN_UP", default="true"),
            origin_verify_header=_header(environ, "ORIGIN_VERIFY_HEADER"),
            brand_name=_line(environ, "BRAND_NAME", "Foyer", at_most=60),
            brand_color=_brand_color(environ),
            brand_logo=_brand_logo(environ, "BRAND_LOGO"),
            brand_logo_dark=_brand_logo(environ, "BRAND_LOGO_DARK"),
            brand_logo_has_name=_flag(environ, "BRAND_LOGO_HAS_NAME"),
            brand_tagline=_line(environ, "BRAND_TAGLINE", at_most=140),
            app_home=_app_home(environ),
        )


def endpoint_variable(environ: Mapping[str, str], of_service: str) -> str | None:
    """The variable that holds a service's endpoint, of those that all AWS tools share; or None.

    https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html
    """
    if environ.get("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "").lower() == "true":
        return None
    return next((name for name in (of_service, "AWS_ENDPOINT_URL") if environ.get(name)), None)


def _required(environ: Mapping[str, str], name: str) -> str:
    value = environ.get(name, "").strip()
    if not value:
        raise ConfigurationError(f"{name} is not set")
    return value


def _optional(environ: Mapping[str, str], name: str, default: str) -> str:
    return environ.get(name, "").strip() or default


def _url(environ: Mapping[str, str], name: str, default: str = "") -> str:
    value = environ.get(name, "").strip() or default or _required(environ, name)
    try:
        parts = urlsplit(value)
        port_is_valid = parts.port is None or parts.port > 0
    except ValueError:
        raise ConfigurationError(f"{name} is not a URL") from None
    if not parts.hostname or not port_is_valid or re.search(r"[^!-~]", value):
        raise ConfigurationError(f"{name} is not a URL")
    if parts.username is not None or parts.query or parts.fragment:
        raise ConfigurationError(f"{name} must not hold credentials, a query or a fragment")
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _THIS_MACHINE):
        raise ConfigurationError(f"{name} must begin with https:// (http:// for localhost only)")
    return value


def _origin(environ: Mapping[str, str], name: str, default: str = "") -> str:
    value = _url(environ, name, default).rstrip("/")
    if urlsplit(value).path:
        raise ConfigurationError(f"{name} must be an origin, without a path")
    return value


def _app_url(environ: Mapping[str, str]) -> str | None:
    if not environ.get("APP_URL", "").strip():
        return None
    value = _origin(environ, "APP_URL")
    parts = urlsplit(value)
    # Cookies without Secure are only for a browser and a server on the same machine.
    if parts.scheme == "http" and parts.hostname not in _LOOPBACK:
        raise ConfigurationError("APP_URL must begin with https:// (http:// for localhost only)")
    return value


def _user_api_url(environ: Mapping[str, str], issuer: str) -> str | None:
    """Cognito's user API: from the environment, else at the issuer's host or its FIPS host."""
    if not _flag(environ, "ACCOUNT_PAGE"):
        return None
    variable = endpoint_variable(environ, "AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER")
    if variable is not None:
        return _origin(environ, variable)
    parts = urlsplit(issuer)
    # The newer form of the issuer has its own host; the API has not.
    host = parts.netloc.removeprefix("issuer-")
    if environ.get("AWS_USE_FIPS_ENDPOINT", "").lower() == "true":
        host = re.sub(r"^cognito-idp\.", "cognito-idp-fips.", host)
    return f"{parts.scheme}://{host}"


def _header(environ: Mapping[str, str], name: str) -> str:
    value = _optional(environ, name, "").lower()
    if not re.fullmatch(r"(?:x-[a-z0-9-]{1,60})?", value):
        raise ConfigurationError(f"{name} must be a header name that begins with x-")
    return value


def _password_rules(environ: Mapping[str, str]) -> Mapping[str, int]:
    """Rules by name, with the minimum of each; empty if unknown."""
    words = environ.get("PASSWORD_RULES", "").split()
    if not words:
        return {}
    length, *kinds = words
    if not re.fullmatch(r"[0-9]{1,2}", length) or not set(kinds) <= _PASSWORD_KINDS:
        raise ConfigurationError(
            "PASSWORD_RULES must be a length and any of lowercase, uppercase, number, symbol"
        )
    return {"length": int(length), **dict.fromkeys(kinds, 1)}


def _seconds(environ: Mapping[str, str], name: str, *, default: int, least: int) -> int:
    value = _optional(environ, name, str(default))
    if not re.fullmatch(r"[0-9]{1,8}", value):
        raise ConfigurationError(f"{name} must be a whole number of seconds")
    if int(value) < least:
        raise ConfigurationError(f"{name} must be at least {least} seconds")
    return int(value)


def _session_table(environ: Mapping[str, str]) -> str:
    value = _optional(environ, "SESSION_TABLE", "")
    if value and not re.fullmatch(r"[A-Za-z0-9_.-]{3,255}", value):
        raise ConfigurationError("SESSION_TABLE must be the name of a DynamoDB table")
    return value


def _scopes(environ: Mapping[str, str]) -> tuple[str, ...]:
    names = _listed(environ, "ACCESS_TOKEN_SCOPES")
    # RFC 6749 §3.3, and Cognito's form of its resource servers' scopes.
    if not all(re.fullmatch(r"[!#-\[\]-~]+/[!#-\[\]-~]+", name) for name in names):
        raise ConfigurationError(
            "ACCESS_TOKEN_SCOPES must be scopes such as notes-api/read, separated by commas"
        )
    return tuple(names)


def _resource(environ: Mapping[str, str]) -> str:
    value = _optional(environ, "ACCESS_TOKEN_RESOURCE", "")
    # Cognito also takes custom schemes, which no API on the web has.
    of_url = r"[!$-;=?-\[\]_a-z~]"  # no fragment (RFC 8707 §2)
    if value and not re.fullmatch(rf"https://{of_url}+|http://localhost([:/]{of_url}*)?", value):
        raise ConfigurationError(
            "ACCESS_TOKEN_RESOURCE must be a URL that begins with https:// or http://localhost"
        )
    return value


def _email_domains(environ: Mapping[str, str]) -> frozenset[str]:
    names = _listed(environ, "ALLOWED_EMAIL_DOMAINS")
    if not names:
        return frozenset()
    from .email_domain import ascii_form  # noqa: PLC0415 - imported only where entry is limited

    domains = frozenset(map(ascii_form, names))
    if "" in domains:
        raise ConfigurationError(
            "ALLOWED_EMAIL_DOMAINS must be domains such as example.com, separated by commas"
        )
    return domains


def _allowed_groups(environ: Mapping[str, str]) -> frozenset[str]:
    names = _listed(environ, "ALLOWED_GROUPS")
    if any(re.search(r"\s", name) or not name for name in names):  # Cognito's have no spaces
        raise ConfigurationError("ALLOWED_GROUPS must be names of groups, separated by commas")
    return frozenset(names)


def _listed(environ: Mapping[str, str], name: str) -> list[str]:
    """The parts of a list with commas. A lone comma is a list too, of two empty parts."""
    value = environ.get(name, "").strip()
    return [part.strip() for part in value.split(",")] if value else []


def _line(environ: Mapping[str, str], name: str, default: str = "", *, at_most: int) -> str:
    value = _optional(environ, name, default)
    if len(value) > at_most or not value.isprintable():
        raise ConfigurationError(f"{name} must be at most {at_most} printable characters")
    return value


def _brand_color(environ: Mapping[str, str]) -> str:
    value = _optional(environ, "BRAND_COLOR", "#3d5a80").lower()
    if not re.fullmatch(r"#[0-9a-f]{6}", value):
        raise ConfigurationError("BRAND_COLOR must look like #3d5a80")
    return value


def _brand_logo(environ: Mapping[str, str], name: str) -> str:
    value = _optional(environ, name, "")
    try:
        is_svg = not value or b"<svg" in base64.b64decode(value, validate=True)
    except ValueError:
        is_svg = False
    if len(value) > 2700 or not is_svg:
        raise ConfigurationError(f"{name} must be an SVG image in base64, 2,700 characters at most")
    return value


def _app_home(environ: Mapping[str, str]) -> str:
    value = _optional(environ, "APP_HOME", "")
    if value and own_path(value) != value:
        raise ConfigurationError("APP_HOME must be a path of this app, such as /app")
    return value


def _flag(environ: Mapping[str, str], name: str, default: str = "false") -> bool:
    value = _optional(environ, name, default).lower()
    if value not in ("true", "false"):
        raise ConfigurationError(f"{name} must be true or false")
    return value == "true"


def _log_level(environ: Mapping[str, str]) -> str:
    value = _optional(environ, "LOG_LEVEL", "INFO").upper()
    if value not in _LOG_LEVELS:
        raise ConfigurationError(f"LOG_LEVEL must be one of {', '.join(_LOG_LEVELS)}")
    return value


def _metric_word(environ: Mapping[str, str], name: str, default: str) -> str:
    value = _optional(environ, name, default)
    if not re.fullmatch(r"[A-Za-z0-9._/#-]{1,255}", value):
        raise ConfigurationError(f"{name} must be letters, digits and . - _ / # only")
    return value
