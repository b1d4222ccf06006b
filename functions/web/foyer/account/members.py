"""Who may see and change an account: its owner, as Cognito confirms at each request.

The session keeps no access token, so each request gets one by a refresh. A disabled or deleted
account fails there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from ..cognito.user_api import has_scope
from ..errors import Refused, SignInAgain
from .pages import AccountPages

if TYPE_CHECKING:
    from ..cognito.user_api import UserApi
    from ..http_api import Request, Response
    from ..route import Handle
    from ..services import Services
    from ..sessions.session import Session
    from ..sessions.visitors import Visit

# For all calls of the user API in one request.
_API_SECONDS = 5

# The API's errors that mean: this sign-in is over, or has never been enough.
_SIGN_IN_AGAIN = (
    "not_authorized",
    "password_reset_required",
    "user_not_confirmed",
    "user_not_found",
)


@dataclass(frozen=True)
class Account:
    """What the account page needs; ``password_rules`` are minimums by name, empty if unknown."""

    api: UserApi
    password_rules: Mapping[str, int]


@dataclass(frozen=True)
class Member:
    """The signed-in owner of an account, and what this request may use to change it."""

    session: Session
    token: str = field(repr=False)
    claims: Mapping[str, Any] = field(repr=False)
    api: UserApi
    pages: AccountPages
    password_rules: Mapping[str, int]
    deadline: float

    @property
    def is_federated(self) -> bool:
        """Whether another provider signs this user in: there is no password here to change.

        A user of the pool who is linked to a provider has identities too, but not its name.
        """
        username = str(self.claims.get("cognito:username", "")).lower()
        identities = self.claims.get("identities")
        names = (
            str(each.get("providerName")) for each in identities or () if isinstance(each, dict)
        )
        return any(username.startswith(f"{name.lower()}_") for name in names)


MemberHandle: TypeAlias = "Callable[[Services, Request, Member], Response]"


def members_only(account: Account, handle: MemberHandle) -> Handle:
    """Give ``handle`` the member, or raise SignInAgain."""

    def answer(services: Services, request: Request, visit: Visit) -> Response:
        if visit.access is None or not has_scope(visit.access.token):
            raise SignInAgain("access_token_without_scope")
        member = Member(
            session=visit.signed_in,
            token=visit.access.token,
            claims=visit.access.claims,
            api=account.api,
            pages=AccountPages(
                services.pages[request.language],
                username=str(visit.access.claims.get("cognito:username", "")),
            ),
            password_rules=account.password_rules,
            deadline=services.clocks.monotonic() + _API_SECONDS,
        )
        try:
            return handle(services, request, member)
        except Refused as error:
            if error.error not in _SIGN_IN_AGAIN:
                raise
            raise SignInAgain(error.reason) from error

    return answer


def record_change(services: Services, member: Member, kind: str) -> None:
    """Count and log a change of the account."""
    services.counters.count("AccountChanged", reason=kind)
    services.log.info("account_changed", kind=kind, sub=member.session.subject)


def record_refusal(services: Services, member: Member, kind: str, error: Refused) -> None:
    """Log that Cognito refused such a change."""
    sub = member.session.subject
    services.log.info("account_refused", kind=kind, reason=error.reason, sub=sub)
