"""Sign-out, here and at managed login: /logout."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from . import flash, forms, http_api
from .errors import Unavailable
from .http_api import Request, Response
from .sessions.revocation import revoke

if TYPE_CHECKING:
    from .services import Services
    from .sessions.session import Session
    from .sessions.visitors import Visit

_REVOKE_SECONDS = 2

# Not "cookies": that would reach every site under the same registrable domain. Not "cache": none of
# our pages is in it, and clearing a large one takes Chromium seconds.
_CLEAR_SITE_DATA = {"clear-site-data": '"storage"'}


def sign_out_page(services: Services, request: Request, _visit: Visit) -> Response:
    """Asks; a GET changes nothing, so that a link or an image cannot sign anybody out."""
    pages = services.pages[request.language]
    return http_api.html(pages.sign_out(), language=pages.language, more_headers=forms.ON_PAGE)


def sign_out(services: Services, request: Request, _visit: Visit) -> Response:
    """Ends the session here, its refresh token, and the session at managed login."""
    session = None
    try:
        session = services.visitors.take(request.cookies)
        deadline = services.clocks.monotonic() + _REVOKE_SECONDS
        revoke(session, services.client, services.log, deadline=deadline)
        location = _logout_url(services, request)
    except Unavailable as error:
        raise Unavailable(
            "sign_out_incomplete",
            error.reason,
            headers=_CLEAR_SITE_DATA,
            cookies=_forget(services, request),
        ) from error
    finally:
        _record(services, request, session)
    return _leave(services, request, location, say="you_are_signed_out")


def _record(services: Services, request: Request, session: Session | None) -> None:
    """A session that cannot be opened does not say whose it is."""
    if services.visitors.has_cookie(request.cookies):
        services.counters.count("SignedOut")
        services.log.info("signed_out", sub=session.subject if session else None)


def everywhere(
    services: Services, request: Request, subject: str, *, say: str, say_late: str
) -> Response:
    """Like sign_out, when Cognito has already ended every refresh token of the user.

    While the table is unavailable, sessions there end at their next refresh (``say_late``).
    """
    try:
        services.visitors.end_all(subject)
    except Unavailable as error:
        say = say_late
        services.log.warning(
            "session_still_in_table", reason=error.reason, detail=error.detail, sub=subject
        )
    return _leave(services, request, _logout_url(services, request), say=say)


def _leave(services: Services, request: Request, location: str, *, say: str) -> Response:
    response = forms.lead_on(
        services.pages[request.language],
        "signing_out",
        location,
        cookies=(*_forget(services, request), flash.leave(say, style=services.style)),
        more_headers=_CLEAR_SITE_DATA,
    )
    return replace(response, ends_session=True)


def _forget(services: Services, request: Request) -> tuple[str, ...]:
    signed_out = services.visitors.sign_out(request.cookies)
    return (*signed_out, *services.attempts.forget_all(request.cookies))


def _logout_url(services: Services, request: Request) -> str:
    return services.client.logout_url(logout_uri=f"{request.app_url}/")
