"""Who may see and change an account: its owner, by Cognito's word of this moment.

The session keeps no access token, so each request gets one by a refresh, which is also when Cognito
says that the account is disabled or gone.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from . import forms, problems
from .account_pages import AccountPages
from .errors import Refused
from .http_api import redirect
from .user_api import has_scope

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .http_api import Request, Response
    from .parts import Foyer
    from .session import Session
    from .user_api import UserApi
    from .visitors import Visit

# ASVS 7.5.1: what decides how one signs in is changed after full re-authentication only.
RECENT_SECONDS = 15 * 60

# For all calls of the user API that one request makes.
_API_SECONDS = 5

# The API's word that this sign-in is over, or was never good for it.
_SIGN_IN_AGAIN = (
    "not_authorized",
    "password_reset_required",
    "user_not_confirmed",
    "user_not_found",
)


@dataclass(frozen=True)
class Member:
    """Somebody signed in, and what it takes to look after their account in this request."""

    session: Session
    token: str = field(repr=False)
    claims: Mapping[str, Any] = field(repr=False)
    api: UserApi
    pages: AccountPages
    deadline: float

    @property
    def is_federated(self) -> bool:
        """Whether another provider signs this user in: there is no password here to change.

        A user of the pool's own who is linked to a provider has identities too, but not its name.
        """
        username = str(self.claims.get("cognito:username", "")).lower()
        identities = self.claims.get("identities")
        names = (
            str(each.get("providerName")) for each in identities or () if isinstance(each, dict)
        )
        return any(username.startswith(f"{name.lower()}_") for name in names)


if TYPE_CHECKING:
    Handle = Callable[[Foyer, Request, Member], Response]


def members_only(handle: Handle, *, recently: bool = False) -> Callable[[Foyer, Request], Response]:
    """A route for who is signed in; ``recently``: and gave the password or so not long ago."""

    def route(foyer: Foyer, request: Request) -> Response:
        if request.route_key.startswith("POST "):
            forms.require_own_page(request)
        visit = foyer.visitors.ask(request.cookies)
        try:
            response = _answer(foyer, request, visit, handle, recently=recently)
        except Exception as error:
            # Here rather than further out: a rotated refresh token must not be lost.
            response = problems.answer(error, foyer.pages_for(request), request, foyer.log)
        if foyer.session_cookie.clear() in response.cookies:
            return response
        return replace(response, cookies=(*visit.cookies, *response.cookies))

    return route


def _answer(
    foyer: Foyer, request: Request, visit: Visit, handle: Handle, *, recently: bool
) -> Response:
    pages = AccountPages(foyer.pages_for(request))
    if visit.session is None:
        status = 302 if request.route_key.startswith("GET ") else 303
        return redirect(_sign_in_path(request), status=status)
    if visit.postponed is not None:
        raise visit.postponed
    if foyer.user_api is None or visit.access is None or not has_scope(visit.access.token):
        return pages.sign_in_again("sign_in_again_anew", href=_sign_in_path(request))
    if recently and not _is_recent(visit, foyer.now()):
        href = f"{_sign_in_path(request)}&prompt=login"
        return pages.sign_in_again("sign_in_again_recently", href=href)
    member = Member(
        session=visit.session,
        token=visit.access.token,
        claims=visit.access.claims,
        api=foyer.user_api,
        pages=pages,
        deadline=foyer.clock() + _API_SECONDS,
    )
    try:
        return handle(foyer, request, member)
    except Refused as error:
        if error.error not in _SIGN_IN_AGAIN:
            raise
        foyer.log.info("account_refused", reason=error.reason)
        return pages.sign_in_again("sign_in_again_anew", href=_sign_in_path(request))


def _sign_in_path(request: Request) -> str:
    """To sign in and come back: to the page, or to the one that a form stood on."""
    return f"/login?return_to={request.route_key.partition(' ')[2].removesuffix('/code')}"


def _is_recent(visit: Visit, now: float) -> bool:
    """By ``auth_time`` (OIDC Core §2): managed login may have let the visitor in without asking.

    And by the sign-in here, in case the token's time is not what it should be.
    """
    authenticated_at = visit.access.claims.get("auth_time") if visit.access else None
    if type(authenticated_at) is not int or visit.session is None:  # bool is a kind of int
        return False
    return now - min(authenticated_at, visit.session.signed_in_at) <= RECENT_SECONDS


def changed(foyer: Foyer, kind: str) -> None:
    """Count a change and put it down, without saying whose account it was."""
    foyer.counters.count("AccountChanged", reason=kind)
    foyer.log.info("account_changed", kind=kind)
