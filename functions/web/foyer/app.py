"""The Lambda function: builds everything while the container starts, then answers events."""

from __future__ import annotations

import functools
import os
from typing import TYPE_CHECKING, Any

import requests

from . import http_api, routes
from .cognito.http import Upstream
from .cognito.pool import client_and_verifier
from .container import Container, start
from .language import DEFAULT
from .pages import Brand, PagesByLanguage
from .services import Services
from .sessions.attempt import AttemptCookies
from .sessions.keepers import entry_rules_for, visitors_for
from .sessions.refresh import Refresh
from .sessions.sign_in import SignIn
from .settings import Settings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aws_lambda_powertools.utilities.typing import LambdaContext

    from .aws.secret_store import SecretStore
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


def build(settings: Settings, container: Container, *, http: requests.Session) -> App:
    upstream = Upstream(http, container.clocks.monotonic)
    scope, table = _scope_and_routes(settings, upstream)
    secrets, log, clocks = container.secrets, container.log, container.clocks
    client, verifier = client_and_verifier(
        settings,
        upstream,
        secrets,
        scope=" ".join((scope, *settings.access_token_scopes)),
        resource=settings.access_token_resource,
        passes_access_token=settings.pass_access_token,
        now=clocks.now,
    )
    style = container.cookie.style
    entry = entry_rules_for(settings)
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
        visitors=visitors_for(
            settings,
            container,
            Refresh(client=client, verifier=verifier, entry=entry, log=log, clocks=clocks),
        ),
        sign_in=SignIn(client=client, verifier=verifier, entry=entry, log=log, clocks=clocks),
        attempts=AttemptCookies(style),
        pages=pages,
        allows_sign_up=settings.allows_sign_up,
        has_account_page=settings.user_api_url is not None,
        home=settings.app_home or "/",
        proxy=_proxy(settings, secrets),
        style=style,
        log=log,
        counters=container.counters,
        clocks=clocks,
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


def __getattr__(name: str) -> Any:
    """Build ``handler`` when Lambda looks it up, which is part of init (PEP 562).

    So importing this module builds nothing.
    """
    if name != "handler":
        raise AttributeError(name)
    build_app = functools.partial(build, http=requests.Session())
    handler = globals()["handler"] = start(os.environ, Settings.from_environ, build_app)
    return handler
