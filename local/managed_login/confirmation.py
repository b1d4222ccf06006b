"""/confirm and /resendcode: the code from the mail."""

from __future__ import annotations

from starlette.responses import Response

from local.managed_login.authorization import AuthorizationRequest
from local.managed_login.errors import Rejected, StepOver
from local.managed_login.incoming import Incoming
from local.managed_login.pages import code_field
from local.managed_login.recovery import send_reset_code, show_reset
from local.managed_login.site import Site, see_other
from local.managed_login.triggers import TriggerRefused
from local.managed_login.visits import ConfirmEmail, ResetPassword


def confirmation_page(site: Site, incoming: Incoming) -> Response:
    """GET /confirm."""
    request = site.authorization(incoming)
    site.step(incoming, ConfirmEmail)
    return _show_confirmation(site, incoming, request)


def confirm(site: Site, incoming: Incoming) -> Response:
    """POST /confirm."""
    request = site.authorization(incoming)
    step = site.step(incoming, ConfirmEmail)
    problem = _try_code(site, incoming, step.username, request.client_id)
    if problem:
        return _show_confirmation(site, incoming, request, problem)
    incoming.visit.end(incoming.query["step"])
    incoming.visit.waits_for_mail_at = ""
    hint = {} if incoming.query["login_hint"] else {"login_hint": step.username}
    return see_other(incoming.to("/login", notice="confirmed", **hint))


def _try_code(site: Site, incoming: Incoming, username: str, client_id: str) -> str:
    """The error message, or an empty string if the address is now confirmed."""
    attempt = ("confirm", username)
    if site.attempts.is_locked(attempt):
        return incoming.say("attempts_exceeded")
    if not incoming.code:
        return incoming.say("enter_mail_code")
    if _is_address_taken(site, username):
        return incoming.say("email_taken")
    try:
        site.accounts.confirm(username, incoming.code, client_id)
    except TriggerRefused as refused:  # after the confirmation, which stays
        return refused.message
    except Rejected as rejected:
        if rejected.code not in ("CodeMismatchException", "ExpiredCodeException"):
            raise StepOver("over") from rejected  # already confirmed, or deleted
        site.attempts.failed(attempt)
        return incoming.say("wrong_mail_code")
    site.attempts.succeeded(attempt)
    return ""


def resend_code(site: Site, incoming: Incoming) -> Response:
    """POST /resendcode, for a sign-up and for a forgotten password alike."""
    request = site.authorization(incoming)
    name = incoming.query["step"]
    signing_up = incoming.visit.step(name, ConfirmEmail)
    if signing_up:
        try:
            _resend_confirmation(site, signing_up.username, request.client_id)
        except TriggerRefused as refused:
            return _show_confirmation(site, incoming, request, refused.message)
        return see_other(incoming.to("/confirm", step=name, notice="sent"))
    resetting = site.step(incoming, ResetPassword)
    try:
        send_reset_code(site, resetting.username, request.client_id)
    except TriggerRefused as refused:
        problems = {"code": refused.message}
        return show_reset(site, incoming, request, site.directory.pool(), problems)
    return see_other(incoming.to("/confirmforgotPassword", step=name, notice="sent"))


def _resend_confirmation(site: Site, username: str, client_id: str) -> None:
    user = site.directory.find(username)
    if user and user.status == "UNCONFIRMED":
        site.accounts.resend_confirmation(user.username, client_id)


def _is_address_taken(site: Site, username: str) -> bool:
    """An alias belongs to one user; Cognito returns AliasExistsException at confirmation."""
    user = site.directory.find(username)
    email = user.attributes.get("email", "") if user else ""
    owner = site.directory.find(email) if email else None
    return owner is not None and user is not None and owner.username != user.username


def _show_confirmation(
    site: Site, incoming: Incoming, request: AuthorizationRequest, problem: str = ""
) -> Response:
    step = incoming.query["step"]
    incoming.visit.waits_for_mail_at = incoming.to("/confirm", step=step)
    fields = [code_field(incoming.say("mail_code"), problem)]
    user = site.directory.find(_username(incoming))
    address = masked(user.attributes.get("email", "") if user else "")
    return site.show_form("confirm.html", incoming, request, fields, address=address)


def _username(incoming: Incoming) -> str:
    step = incoming.visit.step(incoming.query["step"], ConfirmEmail)
    return step.username if step else ""


def masked(address: str) -> str:
    """As Cognito shows where a code went: ``a***@e***``."""
    name, _, domain = address.partition("@")
    return f"{name[:1]}***@{domain[:1]}***"
