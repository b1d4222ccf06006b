"""Frozen settings from the environment, read once (docs/settings.md describes each variable)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from .errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping

_LOOPBACK = {"localhost", "127.0.0.1", "::1"}


@dataclass(frozen=True)
class Settings:
    """Settings from the environment; origins have no path and no trailing slash."""

    user_pool_id: str
    backchannel_url: str
    callback_url: str

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> Settings:
        """Raise ConfigurationError, which names the first missing or malformed variable."""
        pool = _required(environ, "USER_POOL_ID")
        if not re.fullmatch(r"[\w-]{1,44}_[0-9a-zA-Z]{1,10}", pool, re.ASCII):
            raise ConfigurationError("USER_POOL_ID must have the form eu-west-1_AbCdEfGhI")
        domain_url = _origin(environ, "COGNITO_DOMAIN_URL")
        backchannel = environ.get("COGNITO_BACKCHANNEL_URL", "").strip()
        return cls(
            user_pool_id=pool,
            backchannel_url=(
                _origin(environ, "COGNITO_BACKCHANNEL_URL") if backchannel else domain_url
            ),
            callback_url=_origin(environ, "APP_URL") + "/callback",
        )


def _required(environ: Mapping[str, str], name: str) -> str:
    value = environ.get(name, "").strip()
    if not value:
        raise ConfigurationError(f"{name} is not set")
    return value


def _origin(environ: Mapping[str, str], name: str) -> str:
    value = _required(environ, name).rstrip("/")
    try:
        parts = urlsplit(value)
        is_origin = bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_origin = False
    if not is_origin or value != f"{parts.scheme}://{parts.netloc}" or "@" in parts.netloc:
        raise ConfigurationError(f"{name} must be an origin, such as https://example.com")
    # The client secret is sent to it: in clear text only on this machine.
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOOPBACK):
        raise ConfigurationError(f"{name} must begin with https:// (http:// for localhost only)")
    return value
