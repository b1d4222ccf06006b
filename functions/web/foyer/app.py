"""The Lambda function: builds everything while the container starts, then answers events."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any

import requests
from aws_lambda_powertools import Logger

from . import http_api, routes
from .aws.secret_store import SecretStore, load_ahead
from .aws.secrets_manager import SecretsManager
from .cognito.http import Upstream
from .cognito.id_token import IdTokenVerifier
from .cognito.oauth import AppClient
from .cookies import CookieStyle
from .counters import Counters
from .errors import ConfigurationError
from .language import DEFAULT
from .pages import Brand, PagesByLanguage
from .services import Services
from .sessions.attempt import AttemptCookies
from .sessions.keepers import keeper_for
from .sessions.refresh import Refresh
from .sessions.session import SessionCookie
from .sessions.sign_in import SignIn
from .sessions.visitors import Visitors
from .settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from aws_lambda_powertools.utilities.typing import LambdaContext

    from .aws.secret_store import Source
    from .proxy import Proxy
    from .route import Route

_SCOPE = "openid email profile"


class App:
    """Answers API Gateway's events."""

    def __init__(
        self,
        services: Services,
        table: Mapping[str, Route],
        *,
        app_url: str | None,
        always: Mapping[str, str],
    ) -> None:
        self._services = services
        self._table = table
        self._app_url = app_url
        self._always = always
        self._is_cold = True

    def __call__(self, event: Mapping[str, Any], context: LambdaContext) -> dict[str, Any]:
        request = http_api.understand(event, app_url=self._app_url)
        self._record_start(request, context)
        response = routes.answer(self._table, self._services, request)
        return http_api.reply(response, always=self._always, without_body=http_api.is_head(event))

    def load_secret(self) -> None:
        """Read the secret before the first request."""
        load_ahead(self._services.secrets, self._services.log)

    def _record_start(self, request: http_api.Request, context: LambdaContext) -> None:
        known = request.route_key in self._table
        self._services.log.append_keys(
            correlation_id=request.request_id,
            function_request_id=context.aws_request_id,
            cold_start=self._is_cold,
            route=request.route_key if known else "unknown",
        )
        if self._is_cold:
            self._services.counters.count("ColdStart")
            self._is_cold = False


def build(
    environ: Mapping[str, str],
    *,
    http: requests.Session,
    source: Source,
    log: Logger,
    clock: Callable[[], float] = time.monotonic,
    now: Callable[[], float] = time.time,
    pause: Callable[[float], None] = time.sleep,
) -> App:
    """Build the app from an environment; raise ConfigurationError.

    ``clock`` gives monotonic seconds, ``now`` seconds since the epoch; ``pause`` waits.
    """
    settings = Settings.from_environ(environ)
    log.setLevel(settings.log_level)
    upstream = Upstream(http, clock)
    secrets = SecretStore(source, settings.secret_id, clock=clock, log=log)
    scope, table = _scope_and_routes(settings, upstream)
    client = AppClient(
        upstream,
        secrets,
        domain_url=settings.cognito_domain_url,
        backchannel_url=settings.cognito_backchannel_url,
        jwks_url=settings.cognito_jwks_url,
        scope=scope,
    )
    verifier = IdTokenVerifier(
        issuer=settings.cognito_issuer,
        fetch_keys=lambda deadline: client.signing_keys(deadline=deadline),
        now=now,
    )
    style = CookieStyle.of_app(settings.app_url)
    cookie = SessionCookie(style, settings.session_idle_seconds, settings.session_max_seconds)
    counters = Counters(namespace=settings.metrics_namespace, stack_name=settings.stack_name)
    brand = Brand(
        settings.brand_name,
        settings.brand_color,
        settings.brand_logo,
        settings.brand_logo_dark,
        settings.brand_logo_has_name,
        settings.brand_tagline,
        settings.app_home,
    )
    pages = PagesByLanguage(brand, offers_sign_up=settings.allows_sign_up)
    services = Services(
        client=client,
        secrets=secrets,
        visitors=Visitors(
            cookie=cookie,
            keeper=keeper_for(
                settings,
                environ,
                cookie=cookie,
                secrets=secrets,
                log=log,
                counters=counters,
                clock=clock,
                now=now,
                pause=pause,
            ),
            refresh=Refresh(client=client, verifier=verifier, clock=clock, now=now),
            log=log,
            counters=counters,
            clock=clock,
            now=now,
            microseconds=lambda: time.time_ns() // 1000,
        ),
        sign_in=SignIn(client=client, verifier=verifier, log=log, clock=clock, now=now),
        attempts=AttemptCookies(style),
        pages=pages,
        allows_sign_up=settings.allows_sign_up,
        has_account_page=settings.user_api_url is not None,
        home=settings.app_home or "/",
        proxy=_proxy(settings, secrets),
        style=style,
        log=log,
        counters=counters,
        clock=clock,
        now=now,
    )
    always = http_api.security_headers(
        style_source=pages[DEFAULT].style_source, form_target=settings.cognito_domain_url
    )
    return App(services, table, app_url=settings.app_url, always=always)


def _proxy(settings: Settings, secrets: SecretStore) -> Proxy | None:
    if not settings.origin_verify_header:
        return None
    from .proxy import Proxy  # noqa: PLC0415 - only where a proxy is in front

    return Proxy(settings.origin_verify_header, secrets)


def _scope_and_routes(settings: Settings, upstream: Upstream) -> tuple[str, Mapping[str, Route]]:
    """What to ask managed login for, and the table: with the account page only if it is on."""
    if settings.user_api_url is None:
        return _SCOPE, routes.ROUTES
    from .account.members import Account  # noqa: PLC0415 - imported only when it is on
    from .account.routes import routes as account_routes  # noqa: PLC0415 - likewise
    from .cognito.user_api import SCOPE, UserApi  # noqa: PLC0415 - likewise

    account = Account(UserApi(upstream, url=settings.user_api_url), settings.password_rules)
    return f"{_SCOPE} {SCOPE}", {**routes.ROUTES, **account_routes(account)}


def start(environ: Mapping[str, str]) -> App:
    """Build the app; a mistake in the environment is logged and stops the function."""
    log = Logger(service=environ.get("STACK_NAME") or "foyer")
    try:
        source = SecretsManager(environ)
        app = build(environ, http=requests.Session(), source=source, log=log)
    except ConfigurationError as error:
        log.critical("configuration_error", detail=str(error))
        raise
    # A snapshot must hold no secret, and lives longer than any connection.
    if environ.get("AWS_LAMBDA_INITIALIZATION_TYPE") != "snap-start":
        app.load_secret()
    return app


def __getattr__(name: str) -> Any:
    """Build ``handler`` when Lambda looks it up, which is part of init (PEP 562).

    So importing this module builds nothing.
    """
    if name != "handler":
        raise AttributeError(name)
    handler = globals()["handler"] = start(os.environ)
    return handler
