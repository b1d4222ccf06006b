"""The Starlette app: which path leads where, and how errors become answers."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from botocore.exceptions import BotoCoreError
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from urllib3.exceptions import HTTPError

from local.managed_login import (
    inbox,
    oauth,
    recovery,
    second_factor,
    sign_in,
    sign_out,
    sign_up,
    users,
)
from local.managed_login.attempts import Attempts
from local.managed_login.directory import Directory
from local.managed_login.errors import ErrorPage, OAuthError, Rejected, SentBack
from local.managed_login.incoming import Incoming, Parameters, read_form
from local.managed_login.pages import Pages
from local.managed_login.settings import ManagedLogin
from local.managed_login.site import Site
from local.managed_login.visits import (
    SESSION_SECONDS,
    VISIT_COOKIE,
    VISIT_SECONDS,
    Shelf,
    Visit,
)

Handler = Callable[[Site, Incoming], Response]
Endpoint = Callable[[Request], Awaitable[Response]]

PAGES: dict[str, dict[str, Handler]] = {
    "/oauth2/authorize": {"GET": sign_in.authorize},
    "/login": {"GET": sign_in.sign_in_page, "POST": sign_in.sign_in},
    "/signup": {"GET": sign_up.sign_up_page, "POST": sign_up.sign_up},
    "/confirm": {"GET": sign_up.confirmation_page, "POST": sign_up.confirm},
    "/resendcode": {"POST": sign_up.resend_code},
    "/forgotPassword": {"GET": recovery.forgotten_page, "POST": recovery.send_code},
    "/confirmforgotPassword": {"GET": recovery.reset_page, "POST": recovery.reset},
    "/changePassword": {"GET": sign_in.new_password_page, "POST": sign_in.change_password},
    "/mfa": {"GET": second_factor.challenge_page, "POST": second_factor.answer_challenge},
    "/mfa/setup": {"GET": second_factor.enrolment_page, "POST": second_factor.enrol},
    "/logout": {"GET": sign_out.sign_out},
    "/inbox": {"GET": inbox.inbox_page},
    "/users": {"GET": users.users_page, "POST": users.change_user},
}
BACK_CHANNEL: dict[str, dict[str, Handler]] = {
    "/oauth2/token": {"POST": oauth.token},
    "/oauth2/userInfo": {"GET": oauth.user_info},
    "/oauth2/revoke": {"POST": oauth.revoke},
}
# Anything else as Host would be a page elsewhere that had its name resolved to loopback. Docker's
# name for this machine is how a function in a container reaches the back channel.
_HOSTS = ("localhost", "127.0.0.1", "host.docker.internal")


def create_app(settings: ManagedLogin, clock: Callable[[], float] = time.time) -> Starlette:
    """The stand-in for managed login, with the inbox and the users page."""
    site = Site(
        settings=settings,
        directory=Directory(settings),
        pages=Pages(settings),
        sessions=Shelf(SESSION_SECONDS, 1000, clock),
        attempts=Attempts(clock),
        clock=clock,
    )
    visits: Shelf[Visit] = Shelf(VISIT_SECONDS, 1000, clock)
    routes = [Route("/error", _error_endpoint(site))]
    for path, handlers in PAGES.items():
        routes.append(Route(path, _page_endpoint(site, visits, handlers), methods=list(handlers)))
    for path, handlers in BACK_CHANNEL.items():
        routes.append(Route(path, _back_channel(site, handlers), methods=list(handlers)))
    host = urlsplit(settings.public_url).hostname or "localhost"
    return Starlette(
        routes=routes,
        middleware=[
            Middleware(TrustedHostMiddleware, allowed_hosts=[host, *_HOSTS], www_redirect=False),
            Middleware(SafeHeaders),
        ],
        exception_handlers={
            404: _error_handler(site),
            405: _error_handler(site),
            BotoCoreError: _unreachable_handler(site),
            HTTPError: _unreachable_handler(site),
        },
    )


def _page_endpoint(site: Site, visits: Shelf[Visit], handlers: dict[str, Handler]) -> Endpoint:
    """An endpoint for people: it knows the browser again and answers errors with pages."""

    async def endpoint(request: Request) -> Response:
        visit = visits.get(request.cookies.get(VISIT_COOKIE, ""))
        is_new = visit is None
        visit = visit or Visit(site.clock)
        try:
            incoming = await _read(request, visit)
            response = await run_in_threadpool(_answer, site, handlers, request.method, incoming)
        except ErrorPage as error:
            response = _error_page(site, error)
        if is_new:
            response.set_cookie(
                VISIT_COOKIE,
                visits.put(visit),
                httponly=True,
                samesite="lax",
                secure=site.settings.public_url.startswith("https:"),
            )
        return response

    return endpoint


def _answer(site: Site, handlers: dict[str, Handler], method: str, incoming: Incoming) -> Response:
    try:
        return handlers["GET" if method == "HEAD" else method](site, incoming)
    except SentBack as error:
        return RedirectResponse(error.location, 302)
    except Rejected as rejected:
        explanation = f"The user pool refused this ({rejected.code})."
        return _error_page(site, ErrorPage("server_error", explanation, 502))


def _back_channel(site: Site, handlers: dict[str, Handler]) -> Endpoint:
    """An endpoint for apps: JSON in every case, nothing remembered."""

    async def endpoint(request: Request) -> Response:
        try:
            incoming = await _read(request, Visit(site.clock))
            handler = handlers["GET" if request.method == "HEAD" else request.method]
            return await run_in_threadpool(handler, site, incoming)
        except OAuthError as error:
            described = {"error_description": error.description} if error.description else {}
            return JSONResponse({"error": error.error, **described}, error.status)
        except ErrorPage as error:
            return JSONResponse({"error": error.error}, 400)
        except Rejected:
            return JSONResponse({"error": "invalid_request"}, 400)

    return endpoint


def _error_endpoint(site: Site) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        explanation = "An error was encountered with the requested page."
        return _error_page(site, ErrorPage(request.query_params.get("error", ""), explanation))

    return endpoint


def _error_handler(site: Site) -> Callable[[Request, Exception], Response]:
    def handler(_: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 500
        return _error_page(site, ErrorPage("not_found", "There is no such page.", status))

    return handler


def _unreachable_handler(site: Site) -> Callable[[Request, Exception], Response]:
    """No answer from the user pool at all: MiniStack hangs, or has just ended."""

    def handler(_: Request, __: Exception) -> Response:
        explanation = "The local user pool does not answer. Wait a moment, then reload the page."
        return _error_page(site, ErrorPage("temporarily_unavailable", explanation, 503))

    return handler


def _error_page(site: Site, error: ErrorPage) -> Response:
    return site.pages.show(
        "error.html", status=error.status, error=error.error, explanation=error.explanation
    )


async def _read(request: Request, visit: Visit) -> Incoming:
    return Incoming(
        path=request.url.path,
        query=Parameters.parse(request.url.query),
        form=await read_form(request) if request.method == "POST" else Parameters(),
        headers=request.headers,
        cookies=request.cookies,
        visit=visit,
    )


class SafeHeaders:
    """Headers that every answer carries."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["Cache-Control"] = "no-store"
                headers["X-Content-Type-Options"] = "nosniff"
                headers["Referrer-Policy"] = "no-referrer"
                headers["Cross-Origin-Opener-Policy"] = "same-origin"
                headers["Cross-Origin-Resource-Policy"] = "same-origin"
            await send(message)

        await self._app(scope, receive, send_with_headers)
