"""The account page: /account. One function per route; members.py decides who may use them.

https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pools-api.html
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from .. import flash, forms, logout
from ..errors import BadGateway, Refused, WeakPassword
from ..http_api import redirect
from ..route import Needs, Route
from . import authenticator
from .members import members_only, record_change, record_refusal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..http_api import Request, Response
    from ..services import Services
    from .members import Account, Member, MemberHandle

_MAX_PASSWORD = 256  # Cognito's own limit
_MAX_CHARACTERS = 2048  # of an attribute, and of anything else that is typed

_MISSING = {"current": "current_password_missing", "new": "new_password_missing"}

# Texts for the user API's refusals; for the password form with the field that they belong to.
_NAME_REFUSED = {
    "attribute_not_writable": "name_not_writable",
    "invalid_parameter": "name_unusable",
    "limit_exceeded": "too_many_attempts",
}
_PASSWORD_REFUSED = {
    "not_authorized": ("current", "password_wrong"),
    "limit_exceeded": ("current", "too_many_attempts"),
    "invalid_password": ("new", "password_weak"),
    "invalid_parameter": ("new", "password_unusable"),
    "password_used_before": ("new", "password_used_before"),
}


def overview(services: Services, request: Request, member: Member) -> Response:
    """What Cognito knows about the visitor, and what can be changed."""
    user = member.api.user(member.token, deadline=member.deadline)
    if user.attributes.get("sub") != member.session.subject:
        raise BadGateway("user_api_other_subject")
    key, gone = flash.take(request.cookies, style=services.style)
    return member.pages.overview(
        user,
        notice=key,
        has_password=not member.is_federated,
        sessions=services.visitors.listed(request.cookies, member.session.subject),
        cookies=gone,
    )


def name_page(_services: Services, _request: Request, member: Member) -> Response:
    return member.pages.name(str(member.claims.get("name", "")))


def change_name(services: Services, request: Request, member: Member) -> Response:
    name = forms.read(request, name=_MAX_CHARACTERS)["name"].strip()
    if not name:
        return member.pages.name(name, problem="name_missing")
    try:
        member.api.change_name(member.token, name, deadline=member.deadline)
    except Refused as error:
        record_refusal(services, member, "name", error)
        if error.error not in _NAME_REFUSED:
            raise
        return member.pages.name(name, problem=_NAME_REFUSED[error.error])
    return _done(services, member, "name", "name_was_changed")


def password_page(_services: Services, _request: Request, member: Member) -> Response:
    return member.pages.password(member.password_rules)


def change_password(services: Services, request: Request, member: Member) -> Response:
    """Cognito checks the current password and the rules for the new one."""
    form = forms.read(request, current=_MAX_CHARACTERS, new=_MAX_CHARACTERS)
    missing = {field: _MISSING[field] for field in form if not form[field]}
    if missing:
        return member.pages.password(member.password_rules, missing)
    if len(form["new"]) > _MAX_PASSWORD:
        return member.pages.password(member.password_rules, {"new": "password_unusable"})
    try:
        member.api.change_password(
            member.token,
            previous=form["current"],
            proposed=form["new"],
            deadline=member.deadline,
        )
    except Refused as error:
        record_refusal(services, member, "password", error)
        if error.error not in _PASSWORD_REFUSED:
            raise
        field, key = _PASSWORD_REFUSED[error.error]
        broken = error.rules if isinstance(error, WeakPassword) else ()
        return member.pages.password(member.password_rules, {field: key}, broken=broken)
    return _done(services, member, "password", "password_was_changed")


def sign_out_devices(services: Services, request: Request, member: Member) -> Response:
    """Ends one of the sessions in the list, or all but this one (without a key)."""
    key = forms.read(request, session=_MAX_CHARACTERS)["session"]
    services.visitors.end_listed(request.cookies, member.session.subject, key or None)
    say = "device_was_signed_out" if key else "other_devices_were_signed_out"
    return _done(services, member, "devices_signed_out", say)


def everywhere_page(services: Services, _request: Request, member: Member) -> Response:
    return member.pages.everywhere(at_once=services.visitors.ends_at_once)


def sign_out_everywhere(services: Services, request: Request, member: Member) -> Response:
    """Ends every refresh token, then the session here and managed login's in this browser."""
    member.api.sign_out_everywhere(member.token, deadline=member.deadline)
    record_change(services, member, "signed_out_everywhere")
    late = "signed_out_everywhere"
    say = "signed_out_everywhere_at_once" if services.visitors.ends_at_once else late
    return logout.everywhere(services, request, member.session.subject, say=say, say_late=late)


def deletion_page(_services: Services, _request: Request, member: Member) -> Response:
    return member.pages.deletion()


def delete(services: Services, request: Request, member: Member) -> Response:
    """Asks for the user name or e-mail, to prevent accidental deletion."""
    typed = forms.read(request, username=_MAX_CHARACTERS)["username"].strip()
    names = (member.claims.get("cognito:username"), member.claims.get("email"))
    if not typed or typed.casefold() not in (str(each).casefold() for each in names if each):
        return member.pages.deletion(typed, problem="username_does_not_match")
    member.api.delete(member.token, deadline=member.deadline)
    record_change(services, member, "deleted")
    say = "account_was_deleted"
    return logout.everywhere(services, request, member.session.subject, say=say, say_late=say)


def _done(services: Services, member: Member, kind: str, say: str) -> Response:
    record_change(services, member, kind)
    return redirect("/account", status=303, cookies=(flash.leave(say, style=services.style),))


def routes(account: Account) -> Mapping[str, Route]:
    """The account page's part of the table."""

    def route(handle: MemberHandle, *, recently: bool = False, form_page: str = "") -> Route:
        return Route(
            members_only(account, handle),
            needs=Needs.RECENT_SIGN_IN if recently else Needs.SESSION,
            asks_cognito=True,
            is_account=True,
            form_page=form_page,
        )

    def form(handle: MemberHandle, *, recently: bool = False, form_page: str = "") -> Route:
        return replace(route(handle, recently=recently, form_page=form_page), own_page_only=True)

    return {
        "GET /account": route(overview),
        "GET /account/name": route(name_page),
        "POST /account/name": form(change_name),
        "GET /account/password": route(password_page),
        "POST /account/password": form(change_password),
        "GET /account/authenticator": route(authenticator.set_up_page, recently=True),
        "POST /account/authenticator": form(authenticator.begin, recently=True),
        "POST /account/authenticator/code": form(
            authenticator.finish, recently=True, form_page="/account/authenticator"
        ),
        "GET /account/authenticator/off": route(authenticator.turn_off_page, recently=True),
        "POST /account/authenticator/off": form(authenticator.turn_off, recently=True),
        "POST /account/devices": form(sign_out_devices, form_page="/account"),
        "GET /account/sign-out-everywhere": route(everywhere_page),
        "POST /account/sign-out-everywhere": form(sign_out_everywhere),
        "GET /account/delete": route(deletion_page, recently=True),
        "POST /account/delete": form(delete, recently=True),
    }
