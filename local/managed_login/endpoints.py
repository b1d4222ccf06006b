"""From a request to an answer: pages for people, JSON for apps, and errors as either of them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from local.managed_login.errors import ErrorPage, OAuthError, Rejected, SentBack, StepOver
from local.managed_login.incoming import Incoming, Parameters, read_form
from local.managed_login.site import Site, see_other
from local.managed_login.visits import VISIT_COOKIE, Shelf, Visit

Handler = Callable[[Site, Incoming], Response]
Endpoint = Callable[[Request], Awaitable[Response]]
ErrorHandler = Callable[[Request, Exception], Response]


def page_endpoint(site: Site, visits: Shelf[Visit], handlers: dict[str, Handler]) -> Endpoint:
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
                secure=site.is_secure,
            )
        return response

    return endpoint


def _answer(site: Site, handlers: dict[str, Handler], method: str, incoming: Incoming) -> Response:
    if method == "POST":
        site.form_age(incoming)  # here, so that no handler can forget to look where a form is from
    try:
        return _handler(handlers, method)(site, incoming)
    except StepOver as over:
        return see_other(incoming.to("/login", notice=over.notice))
    except SentBack as error:
        return RedirectResponse(error.location, 302)
    except Rejected as rejected:
        explanation = f"The user pool refused this ({rejected.code})."
        return _error_page(site, ErrorPage("server_error", explanation, 502))


def back_channel_endpoint(site: Site, handlers: dict[str, Handler]) -> Endpoint:
    """An endpoint for apps: JSON in every case, nothing remembered."""

    async def endpoint(request: Request) -> Response:
        try:
            incoming = await _read(request, Visit(site.clock))
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
    """/error, which shows the error that its query names."""

    async def endpoint(request: Request) -> Response:
        explanation = "An error was encountered with the requested page."
        return _error_page(site, ErrorPage(request.query_params.get("error", ""), explanation))

    return endpoint


def missing_handler(site: Site) -> ErrorHandler:
    def handler(_: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 500
        return _error_page(site, ErrorPage("not_found", "There is no such page.", status))

    return handler


def unreachable_handler(site: Site) -> ErrorHandler:
    """No answer from the user pool at all: MiniStack hangs, or has just ended."""

    def handler(_: Request, __: Exception) -> Response:
        explanation = "The local user pool does not answer. Wait a moment, then reload the page."
        return _error_page(site, ErrorPage("temporarily_unavailable", explanation, 503))

    return handler


def _handler(handlers: dict[str, Handler], method: str) -> Handler:
    return handlers["GET" if method == "HEAD" else method]


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
