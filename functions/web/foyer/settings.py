"""Frozen settings from the environment: read once, in full, before the first request.

docs/settings.md describes each variable.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from . import variables
from .errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping


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
        idle = variables.seconds(environ, "SESSION_IDLE_SECONDS", default=3600, least=60)
        table = variables.session_table(environ)
        pass_access_token = variables.flag(environ, "PASS_ACCESS_TOKEN")
        if pass_access_token and not table:
            raise ConfigurationError("PASS_ACCESS_TOKEN needs SESSION_TABLE")
        return cls(
            secret_id=variables.required(environ, "SECRET_ID"),
            app_url=variables.app_url(environ),
            session_idle_seconds=idle,
            session_max_seconds=variables.seconds(
                environ, "SESSION_MAX_SECONDS", default=max(idle, 12 * 3600), least=idle
            ),
            session_table=table,
            session_groups=tuple(environ.get("SESSION_GROUPS", "").replace(",", " ").split()),
            pass_access_token=pass_access_token,
            allowed_email_domains=variables.email_domains(environ),
            allowed_groups=variables.allowed_groups(environ),
            log_level=variables.log_level(environ),
            metrics_namespace=variables.metric_word(environ, "METRICS_NAMESPACE", "Foyer"),
            stack_name=variables.metric_word(environ, "STACK_NAME", "foyer"),
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
        domain_url = variables.origin(environ, "COGNITO_DOMAIN_URL")
        issuer = variables.url(environ, "COGNITO_ISSUER")
        return cls(
            cognito_domain_url=domain_url,
            cognito_backchannel_url=variables.origin(
                environ, "COGNITO_BACKCHANNEL_URL", domain_url
            ),
            cognito_issuer=issuer,
            cognito_jwks_url=variables.url(
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
            user_api_url=variables.user_api_url(environ, cognito.cognito_issuer),
            password_rules=variables.password_rules(environ),
            access_token_scopes=variables.scopes(environ),
            access_token_resource=variables.resource(environ),
            allows_sign_up=variables.flag(environ, "SELF_SIGN_UP", default="true"),
            origin_verify_header=variables.header(environ, "ORIGIN_VERIFY_HEADER"),
            brand_name=variables.line(environ, "BRAND_NAME", "Foyer", at_most=60),
            brand_color=variables.brand_color(environ),
            brand_logo=variables.brand_logo(environ, "BRAND_LOGO"),
            brand_logo_dark=variables.brand_logo(environ, "BRAND_LOGO_DARK"),
            brand_logo_has_name=variables.flag(environ, "BRAND_LOGO_HAS_NAME"),
            brand_tagline=variables.line(environ, "BRAND_TAGLINE", at_most=140),
            app_home=variables.app_home(environ),
        )
