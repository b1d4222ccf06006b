"""/oauth2/authorize and /login."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from starlette.responses import RedirectResponse, Response

from local.managed_login.admission import admit
from local.managed_login.authorization import AuthorizationRequest
from local.managed_login.errors import Rejected, SentBack
from local.managed_login.incoming import Incoming
from local.managed_login.language import Say
from local.managed_login.pages import password_field, username_field
from local.managed_login.pool import Pool
from local.managed_login.site import Site, see_other
from local.managed_login.triggers import TriggerRefused
from local.managed_login.visits import (
    SESSION_COOKIE,
    SIGN_IN_SECONDS,
    ConfirmEmail,
    ResetPassword,
)


def authorize(site: Site, incoming: Incoming) -> Response:
    """GET /oauth2/authorize: redirects to the app with a code, or to the sign-in page."""
    request = site.authorization(incoming)
    response = _continue_session(site, incoming, request)
    if response:
        return response
    if "none" in request.prompts:
        raise SentBack("login_required", request.location(error="login_required"))
    return RedirectResponse(incoming.to("/login"), 302)


def sign_in_page(site: Site, incoming: Incoming) -> Response:
    """GET /login, reached from the authorize endpoint or by a direct link."""
    request = site.authorization(incoming)
    response = _continue_session(site, incoming, request)
    return response or _show_sign_in(site, incoming, request)


def sign_in(site: Site, incoming: Incoming) -> Response:
    """POST /login."""
    request = site.authorization(incoming)
    if site.form_age(incoming) > SIGN_IN_SECONDS:
        return _show_sign_in(site, incoming, request, incoming.say("page_was_open_too_long"))
    gaps = _gaps(incoming)
    if gaps:
        return _show_sign_in(site, incoming, request, gaps=gaps)
    pool = site.directory.pool()
    typed = pool.fold(incoming.form["username"])
    user = site.directory.find(typed)
    name = user.username if user else typed
    attempt = ("password", name)
    if site.attempts.is_locked(attempt):
        return _show_sign_in(site, incoming, request, incoming.say("password_attempts_exceeded"))
    try:
        way_on = admit(site, incoming, pool, name, incoming.form["password"])
    except Rejected as rejected:
        step = _step_for(rejected, incoming, name)
        if step:
            return see_other(step)
        problem = incoming.say("wrong_password")
        if isinstance(rejected, TriggerRefused):
            problem = rejected.message
        else:
            site.attempts.failed(attempt)
        return _show_sign_in(site, incoming, request, problem)
    site.attempts.succeeded(attempt)
    return way_on


def _gaps(incoming: Incoming) -> dict[str, str]:
    """The missing values, by field."""
    gaps = {}
    if not incoming.form["username"].strip():
        gaps["username"] = incoming.say("enter_username")
    if not incoming.form["password"]:
        gaps["password"] = incoming.say("enter_password")
    return gaps


def _step_for(rejected: Rejected, incoming: Incoming, username: str) -> str:
    """The next step for a user who cannot sign in yet; None if the password was wrong."""
    match rejected.code:
        case "UserNotConfirmedException":
            step = incoming.visit.begin(ConfirmEmail(username))
            return incoming.to("/confirm", step=step)
        case "PasswordResetRequiredException":
            step = incoming.visit.begin(ResetPassword(username))
            return incoming.to("/confirmforgotPassword", step=step, notice="must_reset")
        # The message for a disabled or unknown user is the same as for a wrong password.
        case "NotAuthorizedException" | "UserNotFoundException" | "UserLambdaValidationException":
            return ""
        case _:
            raise rejected


def _continue_session(
    site: Site, incoming: Incoming, request: AuthorizationRequest
) -> Response | None:
    """Redirect to the app if this browser has a session and no prompt is required."""
    session = site.session(incoming)
    if session is None or request.wants_sign_in_page:
        return None
    code = site.tokens.code(request, session.username, session.password)
    if code is None:  # disabled, deleted, or the password was changed
        site.sessions.drop(incoming.cookies[SESSION_COOKIE])
        return None
    return RedirectResponse(request.location(code=code), 302)


def _show_sign_in(
    site: Site,
    incoming: Incoming,
    request: AuthorizationRequest,
    problem: str = "",
    gaps: Mapping[str, str] = MappingProxyType({}),
) -> Response:
    pool = site.directory.pool()
    typed = incoming.typed("username", request.login_hint)
    return site.show_form(
        "login.html",
        incoming,
        request,
        [
            username_field(_username_label(pool, incoming.say), typed, gaps.get("username", "")),
            password_field(incoming.say("password"), gaps.get("password", "")),
        ],
        problem=problem,
        pool=pool,
    )


def _username_label(pool: Pool, say: Say) -> str:
    if pool.is_email_the_username:
        return say("attribute_email")
    return say("username_or_email") if pool.is_email_an_alias else say("username")
