"""Turns requests into responses: pages for visitors, JSON for apps, and errors as either."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from local.managed_login.errors import ErrorPage, OAuthError, Rejected, SentBack, StepOver
from local.managed_login.incoming import Incoming, Parameters, read_form
from local.managed_login.language import (
    ENGLISH,
    LANGUAGE_COOKIE,
    LANGUAGE_SECONDS,
    Language,
    choose,
    find,
)
from local.managed_login.site import Site, see_other
from local.managed_login.visits import VISIT_COOKIE, Shelf, Visit

Handler = Callable[[Site, Incoming], Response]
Endpoint = Callable[[Request], Awaitable[Response]]
ErrorHandler = Callable[[Request, Exception], Response]


def page_endpoint(
    site: Site, visits: Shelf[Visit], handlers: dict[str, Handler], speaks: Language | None = None
) -> Endpoint:
    """An endpoint for visitors: it recognises the browser and returns errors as pages.

    Without ``speaks`` its language is the visitor's.
    """

    async def endpoint(request: Request) -> Response:
        visit = visits.get(request.cookies.get(VISIT_COOKIE, ""))
        is_new = visit is None
        visit = visit or Visit(site.clock)
        language = speaks or _language(request)
        try:
            incoming = await _read(request, visit, language)
            response = await run_in_threadpool(_answer, site, handlers, request.method, incoming)
        except ErrorPage as error:
            response = _error_page(site, error, language)
        if is_new:
            site.set_cookie(response, VISIT_COOKIE, visits.put(visit))
        if find(request.query_params.get("lang", "")):
            site.set_cookie(response, LANGUAGE_COOKIE, language.tag, LANGUAGE_SECONDS)
        return response

    return endpoint


def _answer(site: Site, handlers: dict[str, Handler], method: str, incoming: Incoming) -> Response:
    if method == "POST":
        site.form_age(incoming)  # checked here, so that no handler can forget it
    try:
        return _handler(handlers, method)(site, incoming)
    except StepOver as over:
        return see_other(incoming.to("/login", notice=over.notice))
    except SentBack as error:
        return RedirectResponse(error.location, 302)
    except Rejected as rejected:
        error_page = ErrorPage("server_error", "error_pool_refused", 502, code=rejected.code)
        return _error_page(site, error_page, incoming.language)


def back_channel_endpoint(site: Site, handlers: dict[str, Handler]) -> Endpoint:
    """An endpoint for apps: always JSON, no cookies."""

    async def endpoint(request: Request) -> Response:
        try:
            incoming = await _read(request, Visit(site.clock), ENGLISH)
            return await run_in_threadpool(_handler(handlers, request.method), site, incoming)
        except OAuthError as error:
            described = {"error_description": error.description} if error.description else {}
            return JSONResponse({"error": error.error, **described}, error.status)
        except ErrorPage as error:
            return JSONResponse({"error": error.error}, 400)
        except Rejected:
            return JSONResponse({"error": "invalid_request"}, 400)

    return endpoint


def error_endpoint(site: Site) -> Endpoint:
    """/error, which shows the error named in its query."""

    async def endpoint(request: Request) -> Response:
        error = ErrorPage(request.query_params.get("error", ""), "error_unspecified")
        return _error_page(site, error, _language(request))

    return endpoint


def missing_handler(site: Site) -> ErrorHandler:
    def handler(request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 500
        missing = ErrorPage("not_found", "error_page_missing", status)
        return _error_page(site, missing, _language(request))

    return handler


def unreachable_handler(site: Site) -> ErrorHandler:
    """The user pool does not answer: MiniStack hangs or has stopped."""

    def handler(request: Request, _: Exception) -> Response:
        error = ErrorPage("temporarily_unavailable", "error_pool_silent", 503)
        return _error_page(site, error, _language(request))

    return handler


def _handler(handlers: dict[str, Handler], method: str) -> Handler:
    return handlers["GET" if method == "HEAD" else method]


def _error_page(site: Site, error: ErrorPage, language: Language) -> Response:
    return site.pages.show(
        "error.html",
        language,
        status=error.status,
        error=error.error,
        explanation=language.say(error.explanation, **error.values),
    )


def _language(request: Request) -> Language:
    return choose(
        request.query_params.get("lang", ""),
        request.cookies.get(LANGUAGE_COOKIE, ""),
        request.headers.get("accept-language", ""),
    )


async def _read(request: Request, visit: Visit, language: Language) -> Incoming:
    return Incoming(
        path=request.url.path,
        query=Parameters.parse(request.url.query),
        form=await read_form(request) if request.method == "POST" else Parameters(),
        headers=request.headers,
        cookies=request.cookies,
        visit=visit,
        language=language,
    )
