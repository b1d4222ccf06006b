"""/forgotPassword and /confirmforgotPassword."""

from __future__ import annotations

from starlette.responses import Response

from local.managed_login.authorization import AuthorizationRequest
from local.managed_login.errors import ErrorPage, Rejected
from local.managed_login.incoming import Incoming
from local.managed_login.pages import code_field, username_field
from local.managed_login.pool import Pool
from local.managed_login.sign_in import over, password_fields, password_problems
from local.managed_login.sign_up import send_reset_code
from local.managed_login.site import Site, see_other
from local.managed_login.visits import ResetPassword

_WRONG_CODE = "That code is not right. Look at the newest mail, or have a new code sent."
_LOCKED = "Attempt limit exceeded. Wait a little, then try again."


def forgotten_page(site: Site, incoming: Incoming) -> Response:
    """GET /forgotPassword."""
    request = site.authorization(incoming)
    _recovering_pool(site)
    return _show_forgotten(site, incoming, request)


def send_code(site: Site, incoming: Incoming) -> Response:
    """POST /forgotPassword: the same answer whether or not there is such a user."""
    request = site.authorization(incoming)
    site.form_age(incoming)
    username = _recovering_pool(site).fold(incoming.form["username"])
    if not username:
        return _show_forgotten(site, incoming, request, "Enter your user name.")
    send_reset_code(site, username)
    step = incoming.visit.begin(ResetPassword(username))
    return see_other(incoming.to("/confirmforgotPassword", step=step))


def reset_page(site: Site, incoming: Incoming) -> Response:
    """GET /confirmforgotPassword."""
    request = site.authorization(incoming)
    pool = _recovering_pool(site)
    if incoming.visit.step(incoming.query["step"], ResetPassword) is None:
        return over(incoming)
    return _show_reset(site, incoming, request, pool, {})


def reset(site: Site, incoming: Incoming) -> Response:
    """POST /confirmforgotPassword."""
    request = site.authorization(incoming)
    site.form_age(incoming)
    pool = _recovering_pool(site)
    step = incoming.visit.step(incoming.query["step"], ResetPassword)
    if step is None:
        return over(incoming)
    attempt = ("reset", step.username)
    code = incoming.form["code"].strip()
    problems = password_problems(pool.policy, incoming)
    if not code:
        problems["code"] = "Enter the code from the mail."
    if site.attempts.is_locked(attempt):
        problems = {"code": _LOCKED}
    if not problems:
        try:
            site.directory.reset_password(step.username, code, incoming.form["password"])
        except Rejected:
            # Whatever the reason, also "no such user": the code is what was not right.
            site.attempts.failed(attempt)
            problems = {"code": _WRONG_CODE}
    if problems:
        return _show_reset(site, incoming, request, pool, problems)
    site.attempts.succeeded(attempt)
    incoming.visit.end(incoming.query["step"])
    incoming.visit.waits_for_mail_at = ""
    return see_other(incoming.to("/login", notice="reset"))


def _recovering_pool(site: Site) -> Pool:
    pool = site.directory.pool()
    if not pool.allows_recovery:
        raise ErrorPage("invalid_request", "Only administrators reset passwords here.", 403)
    return pool


def _show_forgotten(
    site: Site, incoming: Incoming, request: AuthorizationRequest, problem: str = ""
) -> Response:
    typed = incoming.form["username"] or request.login_hint
    return site.show(
        "forgot.html",
        incoming,
        status=400 if problem else 200,
        redirects_to=request.redirect_uri,
        fields=[username_field("User name or e-mail address", typed, problem)],
    )


def _show_reset(
    site: Site,
    incoming: Incoming,
    request: AuthorizationRequest,
    pool: Pool,
    problems: dict[str, str],
) -> Response:
    step = incoming.query["step"]
    incoming.visit.waits_for_mail_at = incoming.to("/confirmforgotPassword", step=step)
    return site.show(
        "reset.html",
        incoming,
        status=400 if problems else 200,
        redirects_to=request.redirect_uri,
        fields=[
            code_field("Code from the mail", problems.get("code", "")),
            *password_fields(pool.policy, problems),
        ],
        step=step,
    )
