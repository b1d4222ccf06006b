"""The authorizers: who is signed in, for functions behind API Gateway (docs/guard.md).

API Gateway asks one of them before it calls a function (payload format 2.0, simple responses):
https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-lambda-authorizer.html

With sessions in cookies, both import neither requests nor pages, and make no call while the secret
is cached. With sessions in a table, they make one call to it, and check sessions with Cognito.
"""

from __future__ import annotations

import functools
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import quote

from . import forms, http_api, stack_trace
from .container import Container, start
from .errors import RequestFailed
from .return_to import own_path
from .sessions.cookie_keeper import CookieKeeper
from .settings import CommonSettings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aws_lambda_powertools.utilities.typing import LambdaContext

    from .http_api import Request
    from .sessions.session import Session
    from .sessions.visitors import Visitors

_SAFE_METHODS = ("GET", "HEAD", "OPTIONS")  # RFC 9110 §9.2.1; they change nothing


class GuardFailed(Exception):
    """Nobody can say who is signed in. API Gateway answers 500; the log has the reason."""


@dataclass(frozen=True)
class Finding:
    """Who sent a request. Only without a session, ``refused`` is the reason."""

    session: Session | None
    refused: str = ""


class Guard:
    """Finds out who sent a request. With sessions in a table, there are ``visitors``."""

    def __init__(
        self, settings: CommonSettings, container: Container, visitors: Visitors | None
    ) -> None:
        self._app_url = settings.app_url
        self._passes_access_token = settings.pass_access_token
        self._visitors = visitors
        self._cookie = container.cookie
        self._log = container.log
        self._counters = container.counters
        self._now = container.clocks.now
        self._reader = CookieKeeper(self._cookie, container.secrets, log=self._log, now=self._now)

    def look(self, event: Mapping[str, Any], context: LambdaContext) -> tuple[Request, Finding]:
        """Raise GuardFailed when the secret is unavailable, and for anything unexpected."""
        try:
            if self._visitors is not None:  # they log; a session in a cookie is only read
                self._mark_log(event, context)
            request = http_api.understand(event, app_url=self._app_url)
            finding = self._find(request)
        except Exception as error:
            self._fail(error, event, context)
        if finding.session is None:
            self._counters.count("GuardRefused", reason=finding.refused)
        else:
            self._counters.count("GuardAllowed")
        return request, finding

    def access_token(self, session: Session | None) -> dict[str, str]:
        """The session's access token, for the functions' context, if it is to be passed on."""
        if not self._passes_access_token:
            return {}
        return {"access_token": (session.access_token or "") if session else ""}

    def _find(self, request: Request) -> Finding:
        finding = self._recognise(request.cookies)
        session = finding.session
        if session is None:
            return finding
        # Sent by another site's page, with the visitor's cookies.
        if request.method not in _SAFE_METHODS and not forms.is_from_own_page(request):
            return Finding(None, "cross_site")
        if self._visitors is None and self._cookie.is_due(session, self._now()):
            return Finding(None, "check_due")
        return finding

    def _recognise(self, cookies: Mapping[str, str]) -> Finding:
        if self._visitors is None:
            reading = self._reader.read(cookies)
            return Finding(reading.session, str(reading.broken or "no_session"))
        visit = self._visitors.recognise(cookies)
        refused = "session_ended" if visit.was_ended else visit.unusable or "no_session"
        return Finding(visit.session, refused)

    def _mark_log(self, event: Mapping[str, Any], context: LambdaContext) -> None:
        """Give the lines that follow the ids of this request."""
        self._log.append_keys(
            correlation_id=event.get("requestContext", {}).get("requestId"),
            function_request_id=context.aws_request_id,
        )

    def _fail(self, error: Exception, event: Mapping[str, Any], context: LambdaContext) -> NoReturn:
        """``from None``: Lambda logs the exception, and a cause may quote what was sent."""
        reason = error.reason if isinstance(error, RequestFailed) else "unexpected_error"
        self._mark_log(event, context)
        if isinstance(error, RequestFailed):
            self._log.error("guard_failed", reason=reason, detail=error.detail)
        else:
            self._log.error(
                "unexpected_error", error=stack_trace.name(error), stack=stack_trace.stack(error)
            )
        self._counters.count("GuardFailed", reason=reason)
        raise GuardFailed(reason) from None


def signed_in(guard: Guard, event: Mapping[str, Any], context: LambdaContext) -> dict[str, Any]:
    """For APIs: API Gateway calls the function for signed-in visitors only."""
    _, finding = guard.look(event, context)
    if finding.session is None:
        return {"isAuthorized": False}
    about = {**described(finding.session), **guard.access_token(finding.session)}
    return {"isAuthorized": True, "context": about}


def visitor(guard: Guard, event: Mapping[str, Any], context: LambdaContext) -> dict[str, Any]:
    """For pages: the function is called for everybody, and learns where to send a browser."""
    request, finding = guard.look(event, context)
    if finding.session is not None:
        about = {**described(finding.session), "signed_in": True, "go": ""}
    else:
        about = {**_NOBODY, "signed_in": False, "go": _way(request, finding)}
    about |= guard.access_token(finding.session)
    return {"isAuthorized": True, "context": about}


def described(session: Session) -> dict[str, Any]:
    """What functions learn; every value has its type whatever the pool's claims are."""
    claims = session.claims
    groups = claims.get("cognito:groups")
    return {
        "sub": session.subject,
        "username": _text(claims.get("cognito:username")),
        "name": _text(claims.get("name")),
        "email": _text(claims.get("email")),
        "email_verified": claims.get("email_verified") is True,
        "groups": [each for each in groups if isinstance(each, str)]
        if isinstance(groups, list)
        else [],
        "claims": session.public,
        "signed_in_at": session.signed_in_at,
        "auth_time": session.auth_time,
    }


_NOBODY: Mapping[str, Any] = {
    "sub": "",
    "username": "",
    "name": "",
    "email": "",
    "email_verified": False,
    "groups": [],
    "claims": {},
    "signed_in_at": 0,
    "auth_time": 0,
}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _way(request: Request, finding: Finding) -> str:
    """Where to sign in, or to have the session checked, and come back from."""
    path = request.quoted_path
    path = f"{path}?{request.raw_query}" if request.raw_query else path
    start = "/renew" if finding.refused == "check_due" else "/login"
    return f"{start}?return_to={quote(own_path(path), safe='/')}"


def build(settings: CommonSettings, container: Container) -> Guard:
    """Raise ConfigurationError when a variable is missing or malformed."""
    visitors = None
    if settings.session_table:
        from .guard_table import visitors_for  # noqa: PLC0415 - imported only with a table

        visitors = visitors_for(settings, container)
    return Guard(settings, container, visitors)


_HANDLERS = {"handler": signed_in, "visitor_handler": visitor}


def __getattr__(name: str) -> Any:
    """Build a handler when Lambda looks it up, which is part of init (PEP 562)."""
    if name not in _HANDLERS:
        raise AttributeError(name)
    guard = start(os.environ, CommonSettings.from_environ, build)
    made = globals()[name] = functools.partial(_HANDLERS[name], guard)
    return made
