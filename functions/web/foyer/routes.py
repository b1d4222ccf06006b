"""One short function per route: understand the request, check it, do one thing, answer.

API Gateway has routed the request already, so this is a table and not a router.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from . import forms, http_api, language, notice, problems
from .http_api import Request, Response
from .login import callback, forget_attempt, login, signup
from .logout import sign_out, sign_out_page

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .parts import Foyer


def answer(foyer: Foyer, request: Request) -> Response:
    """The answer to any request; errors have become pages. A language asked for is kept."""
    response = _answer(foyer, request)
    asked = language.asked_for(request)
    if asked is None:
        return response
    kept = foyer.cookie_style.set(language.COOKIE, asked, max_age=language.COOKIE_SECONDS)
    return replace(response, cookies=(*response.cookies, kept))


def _answer(foyer: Foyer, request: Request) -> Response:
    route = foyer.routes.get(request.route_key)
    if route is None:
        return problems.not_found(foyer.pages_for(request), request)
    try:
        return route(foyer, request)
    except Exception as error:
        page = problems.answer(error, foyer.pages_for(request), request, foyer.log)
        if route not in _SIGN_IN:
            return page
        foyer.counters.count("SignInFailed", reason=problems.reason(error))
        return replace(page, cookies=forget_attempt(foyer, request))


def home(foyer: Foyer, request: Request) -> Response:
    """The landing page, or the welcome page of whoever is signed in."""
    visit = foyer.visitors.recognise(request.cookies)
    pages = foyer.pages_for(request)
    if visit.session is None:
        left, gone = notice.take(request.cookies, style=foyer.cookie_style)
        said = "session_ended" if visit.was_ended else left
        page = pages.landing(notice=pages.text[said] if said else None)
        return http_api.html(page, language=pages.language, cookies=(*visit.cookies, *gone))
    return http_api.html(
        pages.welcome(visit.session.claims, has_account_page=foyer.user_api is not None),
        language=pages.language,
        cookies=visit.cookies,
        more_headers=forms.ON_PAGE,
    )


def me(foyer: Foyer, request: Request) -> Response:
    """The session's claims as JSON, for single-page front ends."""
    visit = foyer.visitors.recognise(request.cookies)
    if visit.session is None:
        ended = "You were signed out. Please sign in again."
        detail = ended if visit.was_ended else "Nobody is signed in."
        return replace(problems.unauthorized(request, detail), cookies=visit.cookies)
    claims = {"sub": visit.session.subject, **visit.session.claims}
    return http_api.json_document(claims, cookies=visit.cookies)


def health(foyer: Foyer, request: Request) -> Response:  # noqa: ARG001 - touches nothing
    """The function runs; nothing else is looked at."""
    return Response(200, "ok", {"content-type": "text/plain; charset=utf-8"})


ROUTES: Mapping[str, Callable[[Foyer, Request], Response]] = {
    "GET /": home,
    "GET /login": login,
    "GET /signup": signup,
    "GET /callback": callback,
    "GET /logout": sign_out_page,
    "POST /logout": sign_out,
    "GET /me": me,
    "GET /healthz": health,
}
_SIGN_IN = (login, signup, callback)
