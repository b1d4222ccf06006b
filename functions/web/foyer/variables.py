"""Reads single variables of the environment, and checks them.

Each function raises ConfigurationError, which names the variable and never shows its value. An
empty value counts as absent, because a template cannot easily leave a variable out.
"""

from __future__ import annotations

import base64
import re
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


def endpoint_variable(environ: Mapping[str, str], of_service: str) -> str | None:
    """The variable that holds a service's endpoint, of those that all AWS tools share; or None.

    https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html
    """
    if environ.get("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "").lower() == "true":
        return None
    return next((name for name in (of_service, "AWS_ENDPOINT_URL") if environ.get(name)), None)


def required(environ: Mapping[str, str], name: str) -> str:
    value = environ.get(name, "").strip()
    if not value:
        raise ConfigurationError(f"{name} is not set")
    return value


def _optional(environ: Mapping[str, str], name: str, default: str) -> str:
    return environ.get(name, "").strip() or default


def url(environ: Mapping[str, str], name: str, default: str = "") -> str:
    value = environ.get(name, "").strip() or default or required(environ, name)
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


def origin(environ: Mapping[str, str], name: str, default: str = "") -> str:
    value = url(environ, name, default).rstrip("/")
    if urlsplit(value).path:
        raise ConfigurationError(f"{name} must be an origin, without a path")
    return value


def app_url(environ: Mapping[str, str]) -> str | None:
    if not environ.get("APP_URL", "").strip():
        return None
    value = origin(environ, "APP_URL")
    parts = urlsplit(value)
    # Cookies without Secure are only for a browser and a server on the same machine.
    if parts.scheme == "http" and parts.hostname not in _LOOPBACK:
        raise ConfigurationError("APP_URL must begin with https:// (http:// for localhost only)")
    return value


def user_api_url(environ: Mapping[str, str], issuer: str) -> str | None:
    """Cognito's user API: from the environment, else at the issuer's host or its FIPS host."""
    if not flag(environ, "ACCOUNT_PAGE"):
        return None
    variable = endpoint_variable(environ, "AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER")
    if variable is not None:
        return origin(environ, variable)
    parts = urlsplit(issuer)
    # The newer form of the issuer has its own host; the API has not.
    host = parts.netloc.removeprefix("issuer-")
    if environ.get("AWS_USE_FIPS_ENDPOINT", "").lower() == "true":
        host = re.sub(r"^cognito-idp\.", "cognito-idp-fips.", host)
    return f"{parts.scheme}://{host}"


def header(environ: Mapping[str, str], name: str) -> str:
    value = _optional(environ, name, "").lower()
    if not re.fullmatch(r"(?:x-[a-z0-9-]{1,60})?", value):
        raise ConfigurationError(f"{name} must be a header name that begins with x-")
    return value


def password_rules(environ: Mapping[str, str]) -> Mapping[str, int]:
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


def seconds(environ: Mapping[str, str], name: str, *, default: int, least: int) -> int:
    value = _optional(environ, name, str(default))
    if not re.fullmatch(r"[0-9]{1,8}", value):
        raise ConfigurationError(f"{name} must be a whole number of seconds")
    if int(value) < least:
        raise ConfigurationError(f"{name} must be at least {least} seconds")
    return int(value)


def session_table(environ: Mapping[str, str]) -> str:
    value = _optional(environ, "SESSION_TABLE", "")
    if value and not re.fullmatch(r"[A-Za-z0-9_.-]{3,255}", value):
        raise ConfigurationError("SESSION_TABLE must be the name of a DynamoDB table")
    return value


def scopes(environ: Mapping[str, str]) -> tuple[str, ...]:
    names = _listed(environ, "ACCESS_TOKEN_SCOPES")
    # RFC 6749 §3.3, and Cognito's form of its resource servers' scopes.
    if not all(re.fullmatch(r"[!#-\[\]-~]+/[!#-\[\]-~]+", name) for name in names):
        raise ConfigurationError(
            "ACCESS_TOKEN_SCOPES must be scopes such as notes-api/read, separated by commas"
        )
    return tuple(names)


def resource(environ: Mapping[str, str]) -> str:
    value = _optional(environ, "ACCESS_TOKEN_RESOURCE", "")
    # Cognito also takes custom schemes, which no API on the web has.
    of_url = r"[!$-;=?-\[\]_a-z~]"  # no fragment (RFC 8707 §2)
    if value and not re.fullmatch(rf"https://{of_url}+|http://localhost([:/]{of_url}*)?", value):
        raise ConfigurationError(
            "ACCESS_TOKEN_RESOURCE must be a URL that begins with https:// or http://localhost"
        )
    return value


def email_domains(environ: Mapping[str, str]) -> frozenset[str]:
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


def allowed_groups(environ: Mapping[str, str]) -> frozenset[str]:
    names = _listed(environ, "ALLOWED_GROUPS")
    if any(re.search(r"\s", name) or not name for name in names):  # Cognito's have no spaces
        raise ConfigurationError("ALLOWED_GROUPS must be names of groups, separated by commas")
    return frozenset(names)


def _listed(environ: Mapping[str, str], name: str) -> list[str]:
    """The parts of a list with commas. A lone comma is a list too, of two empty parts."""
    value = environ.get(name, "").strip()
    return [part.strip() for part in value.split(",")] if value else []


def line(environ: Mapping[str, str], name: str, default: str = "", *, at_most: int) -> str:
    value = _optional(environ, name, default)
    if len(value) > at_most or not value.isprintable():
        raise ConfigurationError(f"{name} must be at most {at_most} printable characters")
    return value


def brand_color(environ: Mapping[str, str]) -> str:
    value = _optional(environ, "BRAND_COLOR", "#3d5a80").lower()
    if not re.fullmatch(r"#[0-9a-f]{6}", value):
        raise ConfigurationError("BRAND_COLOR must look like #3d5a80")
    return value


def brand_logo(environ: Mapping[str, str], name: str) -> str:
    value = _optional(environ, name, "")
    try:
        is_svg = not value or b"<svg" in base64.b64decode(value, validate=True)
    except ValueError:
        is_svg = False
    if len(value) > 2700 or not is_svg:
        raise ConfigurationError(f"{name} must be an SVG image in base64, 2,700 characters at most")
    return value


def app_home(environ: Mapping[str, str]) -> str:
    value = _optional(environ, "APP_HOME", "")
    if value and own_path(value) != value:
        raise ConfigurationError("APP_HOME must be a path of this app, such as /app")
    return value


def flag(environ: Mapping[str, str], name: str, default: str = "false") -> bool:
    value = _optional(environ, name, default).lower()
    if value not in ("true", "false"):
        raise ConfigurationError(f"{name} must be true or false")
    return value == "true"


def log_level(environ: Mapping[str, str]) -> str:
    value = _optional(environ, "LOG_LEVEL", "INFO").upper()
    if value not in _LOG_LEVELS:
        raise ConfigurationError(f"LOG_LEVEL must be one of {', '.join(_LOG_LEVELS)}")
    return value


def metric_word(environ: Mapping[str, str], name: str, default: str) -> str:
    value = _optional(environ, name, default)
    if not re.fullmatch(r"[A-Za-z0-9._/#-]{1,255}", value):
        raise ConfigurationError(f"{name} must be letters, digits and . - _ / # only")
    return value
