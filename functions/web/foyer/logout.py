"""Out of here and out of managed login: /logout."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from . import forms, http_api, notice, problems
from .errors import SignInError, Unavailable
from .http_api import Request, Response, redirect

if TYPE_CHECKING:
    from .parts import Foyer

_REVOKE_SECONDS = 2


def sign_out_page(foyer: Foyer, request: Request) -> Response:
    """Asks; a GET changes nothing, so that a link or an image cannot sign anybody out."""
    pages = foyer.pages_for(request)
    return http_api.html(pages.sign_out(), language=pages.language, more_headers=forms.ON_PAGE)


def sign_out(foyer: Foyer, request: Request) -> Response:
    """Ends the session here, its refresh token, and the session at managed login."""
    forms.require_own_page(request)
    if foyer.session_cookie.is_in(request.cookies):
        foyer.counters.count("SignedOut")
        foyer.log.info("signed_out")
    try:
        location = _end_at_cognito(foyer, request)
    except Unavailable as error:
        incomplete = Unavailable("sign_out_incomplete", error.reason)
        page = problems.answer(incomplete, foyer.pages_for(request), request, foyer.log)
        return _signed_out_here(foyer, request, page)
    return _signed_out_here(foyer, request, redirect(location, status=303))


def leave(foyer: Foyer, request: Request, *, say: str) -> Response:
    """Out of here and of managed login, with a notice; Cognito has ended the refresh token."""
    away = _signed_out_here(foyer, request, redirect(_logout_url(foyer, request), status=303))
    line = notice.leave(say, style=foyer.cookie_style)
    return replace(away, cookies=(*away.cookies, line))


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
    return _logout_url(foyer, request)


def _logout_url(foyer: Foyer, request: Request) -> str:
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
