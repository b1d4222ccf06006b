"""One short function per route: understand the request, check it, do one thing, answer.

API Gateway has routed the request already, so this is a table and not a router.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from . import http_api, problems
from .attempt import Attempt, AttemptCookies
from .errors import BadRequest, SealBroken, SignInError, Unavailable
from .http_api import Request, Response, redirect
from .return_to import MAX_CHARACTERS, own_path
from .sign_in import reported_error

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from aws_lambda_powertools import Logger

    from .cognito import Cognito
    from .cookies import CookieStyle
    from .counters import Counters
    from .pages import Pages
    from .secret_store import SecretStore
    from .session import SessionCookie
    from .sign_in import SignIn
    from .visitors import Visitors

SCOPE = "openid email profile"

# From the callback's arrival until Cognito's last answer. One more read of the secret may come on
# top; all of it has to end before the function is stopped (Timeout in template.yaml).
_SIGN_IN_SECONDS = 12

_RESTARTED = "foyer-restarted"
_RESTARTED_SECONDS = 300
_REVOKE_SECONDS = 2
_WAS_ENDED = "You were signed out. Please sign in again."

# With no-referrer, browsers that don't send Sec-Fetch-Site would send "Origin: null" with the
# form (Fetch standard, "append a request Origin header"), and could never sign out.
_HAS_A_FORM = {"referrer-policy": "same-origin"}


@dataclass(frozen=True)
class Foyer:
    """What the routes work with; made once per container."""

    cognito: Cognito
    secrets: SecretStore
    visitors: Visitors
    sign_in: SignIn
    pages: Pages
    cookie_style: CookieStyle
    session_cookie: SessionCookie
    attempts: AttemptCookies
    log: Logger
    counters: Counters
    clock: Callable[[], float]
    now: Callable[[], float]


def answer(foyer: Foyer, request: Request) -> Response:
    """The answer to any request; errors have become pages."""
    route = ROUTES.get(request.route_key)
    if route is None:
        return problems.not_found(foyer.pages, request)
    try:
        return route(foyer, request)
    except Exception as error:
        page = problems.answer(error, foyer.pages, request, foyer.log)
        if route not in _SIGN_IN:
            return page
        foyer.counters.count("SignInFailed", reason=problems.reason(error))
        return replace(page, cookies=_forget_attempt(foyer, request))


def home(foyer: Foyer, request: Request) -> Response:
    """The landing page, or the welcome page of whoever is signed in."""
    visit = foyer.visitors.recognise(request.cookies)
    if visit.session is None:
        notice = _WAS_ENDED if visit.was_ended else None
        return http_api.html(foyer.pages.landing(notice=notice), cookies=visit.cookies)
    page = foyer.pages.welcome(visit.session.claims)
    return http_api.html(page, cookies=visit.cookies, more_headers=_HAS_A_FORM)


def login(foyer: Foyer, request: Request) -> Response:
    """To managed login, to sign in."""
    return _start(foyer, request, "/oauth2/authorize")


def signup(foyer: Foyer, request: Request) -> Response:
    """To managed login, to create an account."""
    return _start(foyer, request, "/signup")


def _start(foyer: Foyer, request: Request, path: str) -> Response:
    query = request.query(return_to=MAX_CHARACTERS, lang=16, login_hint=256)
    credentials = foyer.secrets.credentials()
    keys, now = credentials.key_ring, foyer.now()
    attempt = Attempt.start(return_to=own_path(query.get("return_to", "/")), now=now)
    location = foyer.cognito.sign_in_url(
        path,
        client_id=credentials.client_id,
        redirect_uri=_redirect_uri(request),
        scope=SCOPE,
        state=attempt.state,
        nonce=attempt.nonce,
        code_challenge=attempt.code_challenge,
        lang=query.get("lang"),
        login_hint=query.get("login_hint"),
    )
    cookies = (
        *foyer.attempts.make_room(request.cookies, keys=keys, now=now),
        foyer.attempts.set(attempt, keys=keys),
    )
    foyer.counters.count("SignInStarted")
    return redirect(location, status=302, cookies=cookies)


def callback(foyer: Foyer, request: Request) -> Response:
    """Back from managed login: the code becomes a session, which is always a new one."""
    deadline = foyer.clock() + _SIGN_IN_SECONDS
    query = request.query(code=2048, state=256, error=64)
    if "state" not in query:
        return _callback_without_state(foyer, request, query)
    attempt = _attempt(foyer, request, query["state"])
    if attempt is None:
        if foyer.visitors.session_in(request.cookies):  # reloaded, or reached with Back
            return redirect("/", status=303)
        raise BadRequest("attempt_unknown")
    if "error" in query:
        raise reported_error(query["error"])
    if not query.get("code"):
        raise BadRequest("code_missing")
    session = foyer.sign_in.finish(
        query["code"], attempt, redirect_uri=_redirect_uri(request), deadline=deadline
    )
    cookies = (
        *foyer.visitors.remember(session).cookies,
        *foyer.attempts.clear(attempt.state, request.cookies),
        *_may_restart_again(foyer, request),
    )
    foyer.counters.count("SignInSucceeded")
    foyer.log.info("signed_in")
    return redirect(attempt.return_to, status=303, cookies=cookies)


def _attempt(foyer: Foyer, request: Request, state: str) -> Attempt | None:
    try:
        return foyer.secrets.use(
            lambda credentials: foyer.attempts.find(
                state, request.cookies, keys=credentials.key_ring, now=foyer.now()
            )
        )
    except SealBroken as error:
        foyer.log.info("attempt_not_usable", reason=str(error))
        return None


def _callback_without_state(foyer: Foyer, request: Request, query: dict[str, str]) -> Response:
    """Managed login opened by hand, or a sign-in begun at the identity provider.

    Such a code may be somebody else's (RFC 9700 §4.7.1, login CSRF), so it goes unused, and the
    browser begins again with a state: once, because whatever lost the state may lose it again.
    """
    if "error" in query:
        raise reported_error(query["error"])
    if not query.get("code"):
        raise BadRequest("callback_empty")
    if foyer.visitors.session_in(request.cookies):
        return redirect("/", status=303)
    if _has_restarted(foyer, request):
        raise BadRequest("state_missing")
    restarted = foyer.cookie_style.set(_RESTARTED, "1", max_age=_RESTARTED_SECONDS)
    return redirect("/login", status=303, cookies=(restarted,))


def _has_restarted(foyer: Foyer, request: Request) -> bool:
    return foyer.cookie_style.name(_RESTARTED) in request.cookies


def _may_restart_again(foyer: Foyer, request: Request) -> tuple[str, ...]:
    if not _has_restarted(foyer, request):
        return ()
    return (foyer.cookie_style.clear(_RESTARTED),)


def _forget_attempt(foyer: Foyer, request: Request) -> tuple[str, ...]:
    """An attempt that failed cannot be taken up again; other tabs' attempts and sessions stay."""
    if request.route_key != "GET /callback":
        return ()
    try:
        state = request.query(state=256).get("state", "")
    except BadRequest:
        return ()
    return foyer.attempts.clear(state, request.cookies)


def sign_out_page(foyer: Foyer, request: Request) -> Response:  # noqa: ARG001 - same for everyone
    """Asks; a GET changes nothing, so that a link or an image cannot sign anybody out."""
    return http_api.html(foyer.pages.sign_out(), more_headers=_HAS_A_FORM)


def sign_out(foyer: Foyer, request: Request) -> Response:
    """Ends the session here, its refresh token, and the session at managed login."""
    if not _is_from_our_own_page(request):
        raise BadRequest("cross_site_post")
    if foyer.session_cookie.is_in(request.cookies):
        foyer.counters.count("SignedOut")
        foyer.log.info("signed_out")
    try:
        location = _end_at_cognito(foyer, request)
    except Unavailable as error:
        incomplete = Unavailable("sign_out_incomplete", error.reason)
        page = problems.answer(incomplete, foyer.pages, request, foyer.log)
        return _signed_out_here(foyer, request, page)
    return _signed_out_here(foyer, request, redirect(location, status=303))


def _is_from_our_own_page(request: Request) -> bool:
    """Fetch metadata where the browser has it, else Origin; neither means no."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    return request.headers.get("origin") == request.app_url


def _signed_out_here(foyer: Foyer, request: Request, response: Response) -> Response:
    # Not "cookies": that would reach every site under the same registrable domain.
    headers = {**response.headers, "clear-site-data": '"cache", "storage"'}
    cookies = (foyer.session_cookie.clear(), *foyer.attempts.clear_all(request.cookies))
    return replace(response, headers=headers, cookies=cookies)


def _end_at_cognito(foyer: Foyer, request: Request) -> str:
    """Revoke the refresh token; return where managed login's own session ends."""
    session = foyer.visitors.session_in(request.cookies)
    if session is not None and session.refresh_token is not None:
        _revoke(foyer, session.refresh_token)
    return foyer.cognito.logout_url(
        client_id=foyer.secrets.credentials().client_id, logout_uri=f"{request.app_url}/"
    )


def _revoke(foyer: Foyer, refresh_token: str) -> None:
    """Best effort: signing out must not fail because Cognito is slow."""
    deadline = foyer.clock() + _REVOKE_SECONDS
    try:
        foyer.secrets.use(
            lambda credentials: foyer.cognito.revoke(
                client_id=credentials.client_id,
                client_secret=credentials.client_secret,
                refresh_token=refresh_token,
                deadline=deadline,
            )
        )
    except SignInError as error:
        foyer.log.warning("revocation_failed", reason=error.reason, detail=error.detail)


def me(foyer: Foyer, request: Request) -> Response:
    """The session's claims as JSON, for single-page front ends."""
    visit = foyer.visitors.recognise(request.cookies)
    if visit.session is None:
        detail = _WAS_ENDED if visit.was_ended else "Nobody is signed in."
        return replace(problems.unauthorized(request, detail), cookies=visit.cookies)
    claims = {"sub": visit.session.subject, **visit.session.claims}
    return http_api.json_document(claims, cookies=visit.cookies)


def health(foyer: Foyer, request: Request) -> Response:  # noqa: ARG001 - touches nothing
    """The function runs; nothing else is looked at."""
    return Response(200, "ok", {"content-type": "text/plain; charset=utf-8"})


def _redirect_uri(request: Request) -> str:
    return f"{request.app_url}/callback"


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
