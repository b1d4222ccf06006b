"""The routes: one short function each, and the one place where an error becomes an answer.

API Gateway has routed the request already, so this is a table and not a router.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import quote

from . import fetch_metadata, flash, forms, http_api, language, login, logout, problems
from .errors import SignInAgain
from .http_api import Request, Response
from .return_to import MAX_CHARACTERS, own_path
from .route import Needs, Route
from .sessions.visitors import Visit

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .pages import Pages
    from .route import Handle, OnFailure
    from .services import Services

# Whatever decides how somebody signs in may be changed only this long after a sign-in (ASVS 7.5.1).
RECENT_SECONDS = 15 * 60

_NOBODY = Visit(None)


def answer(table: Mapping[str, Route], services: Services, request: Request) -> Response:
    """The answer to any request, in the visitor's language; errors have become answers too."""
    route, request = find(table, request)
    if route.is_json:  # read by programs
        return _answer(services, route, request)
    cookie = services.style.name(language.COOKIE)
    chosen = language.choose(request, kept=request.cookies.get(cookie))
    if chosen.language != request.language:
        request = replace(request, language=chosen.language)
    response = _answer(services, route, request)
    if not chosen.was_asked_for or not fetch_metadata.is_navigation(request):
        return response
    kept = services.style.line(language.COOKIE, chosen.language, max_age=language.COOKIE_SECONDS)
    return replace(response, cookies=(*response.cookies, kept))


def find(table: Mapping[str, Route], request: Request) -> tuple[Route, Request]:
    """The request's route. API Gateway has found it already, except for what comes by ``$default``.

    It sends HEAD there too, without path parameters.
    """
    key = request.route_key
    route = table.get(key) or _WITHOUT_EVENT.get(key)
    if route is not None:
        return route, request
    if request.method == "HEAD":
        for each, found in table.items():
            parameters = _match(each, key) if "{" in each else None
            if parameters is not None:
                return found, replace(request, path_parameters=parameters)
    return _NOT_FOUND, request


def _match(route_key: str, key: str) -> dict[str, str] | None:
    """The path parameters, if ``key`` is for this route: ``{id}`` one segment, ``{id+}`` more."""
    parts = re.split(r"\{(\w+)(\+?)\}", route_key)
    pattern = re.escape(parts[0])
    for name, plus, rest in zip(parts[1::3], parts[2::3], parts[3::3], strict=True):
        pattern += f"(?P<{name}>{'.+' if plus else '[^/]+'})" + re.escape(rest)
    found = re.fullmatch(pattern, key)
    return found.groupdict() if found else None


def _answer(services: Services, route: Route, request: Request) -> Response:
    visit = _NOBODY
    if route.navigation_only and not fetch_metadata.is_navigation(request):
        return _not_for_programs(request)
    try:
        if services.proxy is not None:
            services.proxy.require(request)
        if route.own_page_only:
            forms.require_own_page(request)
        if route.needs is not Needs.NOTHING:
            look = services.visitors.ask if route.asks_cognito else services.visitors.recognise
            visit = look(request.cookies)
        response = _admit(services, route, request, visit)
    except Exception as error:
        pages = services.pages[request.language]
        response = problems.answer(
            error, route, request, pages, services.log, session=visit.session
        )
        if route.on_failure:
            more = route.on_failure(services, request, problems.reason(error))
            response = replace(response, cookies=(*response.cookies, *more))
    # Also with an error: a refresh token that was replaced must not be lost.
    if response.ends_session:
        return response
    # A notice is shown once, to somebody who sees it.
    own = () if fetch_metadata.is_unseen(request) else response.cookies
    cookies = (*visit.cookies, *own)
    return response if cookies == response.cookies else replace(response, cookies=cookies)


def _admit(services: Services, route: Route, request: Request, visit: Visit) -> Response:
    if route.needs >= Needs.SESSION and visit.session is None:
        return _sign_in_first(route, request, visit, services.pages[request.language])
    if route.asks_cognito and visit.postponed is not None:
        raise visit.postponed
    now = services.clocks.now()
    if route.needs is Needs.RECENT_SIGN_IN and not visit.is_recent(RECENT_SECONDS, now):
        raise SignInAgain("sign_in_not_recent", with_password=True)
    return route.handle(services, request, visit)


def _not_for_programs(request: Request) -> Response:
    """A sign-in begins and ends where a visitor sees it; nothing is spent on other requests."""
    if request.method == "HEAD":
        return Response(200)
    return problems.unauthorized(request, was_ended=False)


def _sign_in_first(route: Route, request: Request, visit: Visit, pages: Pages) -> Response:
    is_for_page = fetch_metadata.is_navigation(request) or request.method == "HEAD"
    if route.is_json or not is_for_page:
        return problems.unauthorized(request, was_ended=visit.was_ended)
    href = problems.sign_in_path(route, request)
    if request.method in ("GET", "HEAD"):
        return http_api.redirect(href, status=302)
    return forms.lead_on(pages, "sign_in_again", href)


def home(services: Services, request: Request, visit: Visit) -> Response:
    """The landing page, or the welcome page of a signed-in visitor."""
    pages = services.pages[request.language]
    left, gone = flash.take(request.cookies, style=services.style)
    notice = _notice(pages, visit, left)
    if visit.session is None:
        page = pages.landing(notice=notice)
        return http_api.html(page, language=pages.language, cookies=gone)
    refused = flash.forget_refusal(request.cookies, style=services.style)
    page = pages.welcome(
        visit.session.claims,
        has_account_page=services.has_account_page,
        offers_to_end_copies=services.has_account_page and bool(refused),
        is_local=not services.style.secure,
        notice=notice,
    )
    return http_api.html(
        page, language=pages.language, cookies=(*gone, *refused), more_headers=forms.ON_PAGE
    )


def _notice(pages: Pages, visit: Visit, left: str | None) -> str | None:
    if visit.was_ended and visit.was_refused:
        return pages.text["session_ended"] + " " + pages.text["session_may_be_copied"]
    said = "session_ended" if visit.was_ended else left
    return pages.text[said] if said else None


def renew(_services: Services, request: Request, visit: Visit) -> Response:
    """Back to where a guard sent this browser from, with the session checked and renewed."""
    query = request.query(return_to=MAX_CHARACTERS)
    path = own_path(query.get("return_to", "/"))
    if visit.session is None:
        path = f"/login?return_to={quote(path, safe='/')}"
    return http_api.redirect(path, status=303)


def me(_services: Services, _request: Request, visit: Visit) -> Response:
    """The session's claims as JSON, for single-page front ends."""
    return http_api.json_document(visit.signed_in.public)


def health(_services: Services, _request: Request, _visit: Visit) -> Response:
    """The function runs; nothing else is checked."""
    return Response(200, "ok", {"content-type": "text/plain; charset=utf-8"})


def _not_found(services: Services, request: Request, _visit: Visit) -> Response:
    """API Gateway's own routes make this rare, and its access log has it already."""
    return problems.not_found(request, services.pages[request.language])


_NOT_FOUND = Route(_not_found)


def _favicon(_services: Services, _request: Request, _visit: Visit) -> Response:
    """Pages have an icon of their own; browsers ask for this one after JSON, for example."""
    return Response(204, headers=_FOR_A_DAY)


def _robots(_services: Services, _request: Request, _visit: Visit) -> Response:
    """Nothing here is for search engines."""
    headers = {"content-type": "text/plain; charset=utf-8", **_FOR_A_DAY}
    return Response(200, "User-agent: *\nDisallow: /\n", headers)


def _change_password(services: Services, request: Request, visit: Visit) -> Response:
    """Where password managers send people (https://w3c.github.io/webappsec-change-password-url/)."""
    if not services.has_account_page:
        return _not_found(services, request, visit)
    return http_api.redirect("/account/password", status=302)


def _sign_in(handle: Handle, on_failure: OnFailure) -> Route:
    return Route(handle, navigation_only=True, is_sign_in=True, on_failure=on_failure)


_FOR_A_DAY = {"cache-control": "public, max-age=86400"}

# Paths without a route of their own at API Gateway; they come by $default.
_WITHOUT_EVENT: Mapping[str, Route] = {
    "GET /favicon.ico": Route(_favicon, is_json=True),  # no language, so no cookie: all may keep it
    "GET /robots.txt": Route(_robots, is_json=True),
    "GET /.well-known/change-password": Route(_change_password),
}

# Your own pages: add their functions below this line.

ROUTES: Mapping[str, Route] = {
    "GET /": Route(home, needs=Needs.VISITOR),
    "GET /login": _sign_in(login.login, login.count_failure),
    "GET /signup": _sign_in(login.signup, login.count_failure),
    "GET /callback": _sign_in(login.callback, login.forget_failed_attempt),
    "GET /logout": Route(logout.sign_out_page),
    "POST /logout": Route(logout.sign_out, own_page_only=True, is_sign_out=True),
    "GET /me": Route(me, needs=Needs.SESSION, is_json=True),
    "GET /renew": Route(renew, needs=Needs.VISITOR),
    "GET /healthz": Route(health),
    # Your own pages: add their routes below this line.
}
