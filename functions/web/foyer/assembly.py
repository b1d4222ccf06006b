"""Puts the parts together: from an environment to something that answers events."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from . import http_api, routes
from .attempt import AttemptCookies
from .cognito import Cognito
from .cookies import CookieStyle
from .counters import Counters
from .errors import Unavailable
from .id_token import IdTokenVerifier
from .language import DEFAULT
from .pages import Brand, PagesByLanguage
from .parts import Foyer
from .secret_store import SecretStore
from .session import SessionCookie
from .settings import Settings
from .sign_in import SignIn
from .visitors import Visitors

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import requests
    from aws_lambda_powertools import Logger
    from aws_lambda_powertools.utilities.typing import LambdaContext

    from .secret_store import Source

_SCOPE = "openid email profile"


class App:
    """Answers API Gateway's events."""

    def __init__(self, foyer: Foyer, *, app_url: str | None, always: Mapping[str, str]) -> None:
        self._foyer = foyer
        self._app_url = app_url
        self._always = always
        self._is_cold = True

    def __call__(self, event: Mapping[str, Any], context: LambdaContext) -> dict[str, Any]:
        request = http_api.understand(event, app_url=self._app_url)
        self._note_beginning(request, context)
        response = routes.answer(self._foyer, request)
        return http_api.reply(response, always=self._always, without_body=http_api.is_head(event))

    def load_secret(self) -> None:
        """Read the secret ahead of the first request; failing is that request's affair.

        Sealing once is part of it: OpenSSL takes 2 ms to find a cipher for the first time, and in
        a request Lambda's throttle would make that 7 (docs/decisions/speed-ideas.md).
        """
        try:
            keys = self._foyer.secrets.credentials().key_ring
        except Unavailable as error:
            self._foyer.log.warning("secret_not_loaded", reason=error.reason, detail=error.detail)
        else:
            keys.seal(b"", purpose="warm-up", expires_at=0)

    def _note_beginning(self, request: http_api.Request, context: LambdaContext) -> None:
        self._foyer.log.append_keys(
            correlation_id=request.request_id,
            function_request_id=context.aws_request_id,
            cold_start=self._is_cold,
            route=request.route_key if request.route_key in self._foyer.routes else "unknown",
        )
        if self._is_cold:
            self._foyer.counters.count("ColdStart")
            self._is_cold = False


def build(
    environ: Mapping[str, str],
    *,
    http: requests.Session,
    secrets_manager: Source,
    log: Logger,
    clock: Callable[[], float] = time.monotonic,
    now: Callable[[], float] = time.time,
) -> App:
    """Put the parts together; raise ConfigurationError.

    ``clock`` gives monotonic seconds, ``now`` those since the epoch.
    """
    settings = Settings.from_environ(environ)
    log.setLevel(settings.log_level)
    secrets = SecretStore(secrets_manager, settings.secret_id, clock=clock, log=log)
    cognito = Cognito(
        domain_url=settings.cognito_domain_url,
        backchannel_url=settings.cognito_backchannel_url,
        jwks_url=settings.cognito_jwks_url,
        http=http,
        clock=clock,
    )
    verifier = IdTokenVerifier(
        issuer=settings.cognito_issuer,
        fetch_keys=lambda deadline: cognito.signing_keys(deadline=deadline),
        clock=now,
    )
    user_api, scope, table = None, _SCOPE, routes.ROUTES
    if settings.user_api_url is not None:
        from . import account  # noqa: PLC0415 - without an account page, no cold start pays for one
        from .user_api import SCOPE, UserApi  # noqa: PLC0415 - likewise

        user_api = UserApi(cognito.upstream, url=settings.user_api_url)
        scope, table = f"{_SCOPE} {SCOPE}", {**routes.ROUTES, **account.ROUTES}
    style = CookieStyle(secure=not (settings.app_url or "").startswith("http://"))
    session_cookie = SessionCookie(
        style, settings.session_idle_seconds, settings.session_max_seconds
    )
    counters = Counters(namespace=settings.metrics_namespace, stack_name=settings.stack_name)
    pages = PagesByLanguage(Brand(settings.brand_name, settings.brand_color, settings.brand_logo))
    foyer = Foyer(
        cognito=cognito,
        secrets=secrets,
        visitors=Visitors(
            cookie=session_cookie,
            cognito=cognito,
            verifier=verifier,
            secrets=secrets,
            log=log,
            counters=counters,
            clock=clock,
            now=now,
        ),
        sign_in=SignIn(
            cognito=cognito, verifier=verifier, secrets=secrets, log=log, clock=clock, now=now
        ),
        user_api=user_api,
        password_rules=settings.password_rules,
        scope=scope,
        routes=table,
        pages=pages,
        cookie_style=style,
        session_cookie=session_cookie,
        attempts=AttemptCookies(style),
        log=log,
        counters=counters,
        clock=clock,
        now=now,
    )
    always = http_api.security_headers(
        style_source=pages[DEFAULT].style_source, form_target=settings.cognito_domain_url
    )
    return App(foyer, app_url=settings.app_url, always=always)
