"""The account page: /account. One function per route; account_access.py lets them in.

https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pools-api.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import authenticator, forms, logout, notice
from .account_access import changed, members_only
from .errors import BadGateway, Refused, WeakPassword
from .http_api import redirect

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .account_access import Member
    from .http_api import Request, Response
    from .parts import Foyer

_MAX_PASSWORD = 256  # Cognito's own limit
_MAX_CHARACTERS = 2048  # of an attribute, and of whatever else is typed

_MISSING = {"current": "current_password_missing", "new": "new_password_missing"}

# What visitors read for the user API's refusals, by the field that it stands beside.
_NAME_REFUSED = {"invalid_parameter": "name_unusable", "limit_exceeded": "too_many_attempts"}
_PASSWORD_REFUSED = {
    "not_authorized": ("current", "password_wrong"),
    "limit_exceeded": ("current", "too_many_attempts"),
    "invalid_password": ("new", "password_weak"),
    "invalid_parameter": ("new", "password_unusable"),
    "password_used_before": ("new", "password_used_before"),
}


def overview(foyer: Foyer, request: Request, member: Member) -> Response:
    """What Cognito knows about the visitor, and what can be changed."""
    user = member.api.user(member.token, deadline=member.deadline)
    if user.attributes.get("sub") != member.session.subject:
        raise BadGateway("user_api_other_subject")
    key, gone = notice.take(request.cookies, style=foyer.cookie_style)
    return member.pages.overview(
        user, notice=key, has_password=not member.is_federated, cookies=gone
    )


def name_page(foyer: Foyer, request: Request, member: Member) -> Response:  # noqa: ARG001 - a route
    return member.pages.name(str(member.claims.get("name", "")))


def change_name(foyer: Foyer, request: Request, member: Member) -> Response:
    name = forms.read(request, name=_MAX_CHARACTERS)["name"].strip()
    if not name:
        return member.pages.name(name, problem="name_missing")
    try:
        member.api.change_name(member.token, name, deadline=member.deadline)
    except Refused as error:
        foyer.log.info("account_refused", kind="name", reason=error.reason)
        if error.error not in _NAME_REFUSED:
            raise
        return member.pages.name(name, problem=_NAME_REFUSED[error.error])
    return _done(foyer, "name", "name_was_changed")


def password_page(foyer: Foyer, request: Request, member: Member) -> Response:  # noqa: ARG001 - a route
    return member.pages.password(foyer.password_rules)


def change_password(foyer: Foyer, request: Request, member: Member) -> Response:
    """Cognito asks for the current password and judges the new one."""
    form = forms.read(request, current=_MAX_CHARACTERS, new=_MAX_CHARACTERS)
    missing = {field: _MISSING[field] for field in form if not form[field]}
    if missing:
        return member.pages.password(foyer.password_rules, missing)
    if len(form["new"]) > _MAX_PASSWORD:
        return member.pages.password(foyer.password_rules, {"new": "password_unusable"})
    try:
        member.api.change_password(
            member.token,
            previous=form["current"],
            proposed=form["new"],
            deadline=member.deadline,
        )
    except Refused as error:
        foyer.log.info("account_refused", kind="password", reason=error.reason)
        if error.error not in _PASSWORD_REFUSED:
            raise
        field, key = _PASSWORD_REFUSED[error.error]
        broken = error.rules if isinstance(error, WeakPassword) else ()
        return member.pages.password(foyer.password_rules, {field: key}, broken=broken)
    return _done(foyer, "password", "password_was_changed")


def everywhere_page(foyer: Foyer, request: Request, member: Member) -> Response:  # noqa: ARG001 - a route
    return member.pages.everywhere()


def sign_out_everywhere(foyer: Foyer, request: Request, member: Member) -> Response:
    """Ends every refresh token, then the session here and managed login's in this browser."""
    member.api.sign_out_everywhere(member.token, deadline=member.deadline)
    changed(foyer, "signed_out_everywhere")
    return logout.leave(foyer, request, say="signed_out_everywhere")


def deletion_page(foyer: Foyer, request: Request, member: Member) -> Response:  # noqa: ARG001 - a route
    return member.pages.deletion()


def delete(foyer: Foyer, request: Request, member: Member) -> Response:
    """Only for who types whose account it is: no button pressed by mistake deletes one."""
    typed = forms.read(request, username=_MAX_CHARACTERS)["username"].strip()
    names = (member.claims.get("cognito:username"), member.claims.get("email"))
    if not typed or typed.casefold() not in (str(each).casefold() for each in names if each):
        return member.pages.deletion(typed, problem="username_does_not_match")
    member.api.delete(member.token, deadline=member.deadline)
    changed(foyer, "deleted")
    return logout.leave(foyer, request, say="account_was_deleted")


def _done(foyer: Foyer, kind: str, say: str) -> Response:
    changed(foyer, kind)
    return redirect("/account", status=303, cookies=(notice.leave(say, style=foyer.cookie_style),))


ROUTES: Mapping[str, Callable[[Foyer, Request], Response]] = {
    "GET /account": members_only(overview),
    "GET /account/name": members_only(name_page),
    "POST /account/name": members_only(change_name),
    "GET /account/password": members_only(password_page),
    "POST /account/password": members_only(change_password),
    "GET /account/authenticator": members_only(authenticator.set_up_page, recently=True),
    "POST /account/authenticator": members_only(authenticator.begin, recently=True),
    "POST /account/authenticator/code": members_only(authenticator.finish),
    "GET /account/authenticator/off": members_only(authenticator.turn_off_page, recently=True),
    "POST /account/authenticator/off": members_only(authenticator.turn_off, recently=True),
    "GET /account/sign-out-everywhere": members_only(everywhere_page),
    "POST /account/sign-out-everywhere": members_only(sign_out_everywhere),
    "GET /account/delete": members_only(deletion_page, recently=True),
    "POST /account/delete": members_only(delete, recently=True),
}
