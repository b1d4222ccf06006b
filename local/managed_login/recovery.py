"""/forgotPassword and /confirmforgotPassword."""

from __future__ import annotations

from starlette.responses import Response

from local.managed_login.authorization import AuthorizationRequest
from local.managed_login.errors import ErrorPage, Rejected
from local.managed_login.incoming import Incoming
from local.managed_login.pages import code_field, username_field
from local.managed_login.passwords import password_fields, password_problems
from local.managed_login.pool import Pool
from local.managed_login.site import Site, see_other
from local.managed_login.triggers import TriggerRefused
from local.managed_login.visits import ResetPassword


def forgotten_page(site: Site, incoming: Incoming) -> Response:
    """GET /forgotPassword."""
    request = site.authorization(incoming)
    _recovering_pool(site)
    return _show_forgotten(site, incoming, request)


def send_code(site: Site, incoming: Incoming) -> Response:
    """POST /forgotPassword: the same response whether or not the user exists."""
    request = site.authorization(incoming)
    username = _recovering_pool(site).fold(incoming.form["username"])
    if not username:
        return _show_forgotten(site, incoming, request, incoming.say("enter_username"))
    try:
        send_reset_code(site, username, request.client_id)
    except TriggerRefused as refused:
        return _show_forgotten(site, incoming, request, refused.message)
    step = incoming.visit.begin(ResetPassword(username))
    return see_other(incoming.to("/confirmforgotPassword", step=step))


def reset_page(site: Site, incoming: Incoming) -> Response:
    """GET /confirmforgotPassword."""
    request = site.authorization(incoming)
    pool = _recovering_pool(site)
    site.step(incoming, ResetPassword)
    return show_reset(site, incoming, request, pool, {})


def reset(site: Site, incoming: Incoming) -> Response:
    """POST /confirmforgotPassword."""
    request = site.authorization(incoming)
    pool = _recovering_pool(site)
    step = site.step(incoming, ResetPassword)
    problems = _try_reset(site, incoming, pool, step.username, request.client_id)
    if problems:
        return show_reset(site, incoming, request, pool, problems)
    incoming.visit.end(incoming.query["step"])
    incoming.visit.waits_for_mail_at = ""
    hint = {} if incoming.query["login_hint"] else {"login_hint": step.username}
    return see_other(incoming.to("/login", notice="reset", **hint))


def _try_reset(
    site: Site, incoming: Incoming, pool: Pool, username: str, client_id: str
) -> dict[str, str]:
    """The problems by field; empty if the password was changed."""
    attempt = ("reset", username)
    if site.attempts.is_locked(attempt):
        return {"code": incoming.say("attempts_exceeded")}
    problems = password_problems(pool.policy, incoming)
    if not incoming.code:
        problems["code"] = incoming.say("enter_mail_code")
    if problems:
        return problems
    try:
        site.accounts.reset_password(username, incoming.code, incoming.form["password"], client_id)
    except TriggerRefused as refused:  # after the change, which stays
        return {"code": refused.message}
    except Rejected:
        # For every reason, even "no such user", the message is that the code is wrong.
        site.attempts.failed(attempt)
        return {"code": incoming.say("wrong_mail_code")}
    site.attempts.succeeded(attempt)
    return {}


def send_reset_code(site: Site, username: str, client_id: str) -> None:
    """Send a reset code if Cognito would, without telling whether it was sent.

    Only a confirmed user with a verified address gets one; the response is always the same
    (https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pool-managing-errors.html).
    Raises TriggerRefused.
    """
    user = site.directory.find(username)
    if user is None or not user.is_enabled or not user.is_email_verified:
        return
    if user.status in ("CONFIRMED", "RESET_REQUIRED"):
        site.accounts.send_reset_code(user.username, client_id)


def _recovering_pool(site: Site) -> Pool:
    pool = site.directory.pool()
    if not pool.allows_recovery:
        raise ErrorPage("invalid_request", "error_no_recovery", 403)
    return pool


def _show_forgotten(
    site: Site, incoming: Incoming, request: AuthorizationRequest, problem: str = ""
) -> Response:
    typed = incoming.typed("username", request.login_hint)
    fields = [username_field(incoming.say("username_or_email"), typed, problem)]
    return site.show_form("forgot.html", incoming, request, fields)


def show_reset(
    site: Site,
    incoming: Incoming,
    request: AuthorizationRequest,
    pool: Pool,
    problems: dict[str, str],
) -> Response:
    step = incoming.query["step"]
    incoming.visit.waits_for_mail_at = incoming.to("/confirmforgotPassword", step=step)
    fields = [
        code_field(incoming.say("mail_code"), problems.get("code", "")),
        *password_fields(pool.policy, incoming, "new_password", problems),
    ]
    return site.show_form("reset.html", incoming, request, fields)
