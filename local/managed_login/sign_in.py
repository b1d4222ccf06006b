"""/oauth2/authorize and /login."""

from __future__ import annotations

from starlette.responses import RedirectResponse, Response

from local.managed_login.admission import admit
from local.managed_login.authorization import AuthorizationRequest
from local.managed_login.errors import Rejected, SentBack
from local.managed_login.incoming import Incoming
from local.managed_login.pages import Field, username_field
from local.managed_login.site import Site, see_other
from local.managed_login.visits import (
    SESSION_COOKIE,
    SIGN_IN_SECONDS,
    ConfirmEmail,
    ResetPassword,
)

_WRONG = "Incorrect username or password."
_LOCKED = "Password attempts exceeded. Wait a little, then try again."
_STALE = "This page was open for more than five minutes. Please enter your password again."


def authorize(site: Site, incoming: Incoming) -> Response:
    """GET /oauth2/authorize: straight back with a code, or on to the sign-in page."""
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
    return response or _show_sign_in(site, incoming, request, username=request.login_hint)


def sign_in(site: Site, incoming: Incoming) -> Response:
    """POST /login."""
    request = site.authorization(incoming)
    username, password = incoming.form["username"].strip(), incoming.form["password"]
    if site.form_age(incoming) > SIGN_IN_SECONDS:
        return _show_sign_in(site, incoming, request, username=username, problem=_STALE)
    if not username or not password:
        return _show_sign_in(site, incoming, request, username=username, has_gaps=True)

    pool = site.directory.pool()
    user = site.directory.find(pool.fold(username))
    name = user.username if user else pool.fold(username)
    attempt = ("password", name)
    if site.attempts.is_locked(attempt):
        return _show_sign_in(site, incoming, request, username=username, problem=_LOCKED)
    try:
        response = admit(
            site, incoming, pool, name, password, wants_totp=incoming.form["totp"] == "on"
        )
    except Rejected as rejected:
        step = _step_for(rejected, incoming, name)
        if step:
            return see_other(step)
        site.attempts.failed(attempt)
        return _show_sign_in(site, incoming, request, username=username, problem=_WRONG)
    site.attempts.succeeded(attempt)
    return response


def _step_for(rejected: Rejected, incoming: Incoming, username: str) -> str:
    """Where a user goes who may not sign in yet; nowhere when the password was not right."""
    match rejected.code:
        case "UserNotConfirmedException":
            step = incoming.visit.begin(ConfirmEmail(username))
            return incoming.to("/confirm", step=step)
        case "PasswordResetRequiredException":
            step = incoming.visit.begin(ResetPassword(username))
            return incoming.to("/confirmforgotPassword", step=step, notice="must-reset")
        # A user who is disabled or does not exist gets the same words as a wrong password.
        case "NotAuthorizedException" | "UserNotFoundException":
            return ""
        case _:
            raise rejected


def _continue_session(
    site: Site, incoming: Incoming, request: AuthorizationRequest
) -> Response | None:
    """Straight back to the app, when managed login knows this browser and may stay silent."""
    session = site.session(incoming)
    if session is None or request.wants_sign_in_page:
        return None
    code = site.oauth_server.authorization_code(request, session.username, session.password)
    if code is None:  # disabled, deleted, or another password since
        site.sessions.drop(incoming.cookies[SESSION_COOKIE])
        return None
    return RedirectResponse(request.location(code=code), 302)


def _show_sign_in(
    site: Site,
    incoming: Incoming,
    request: AuthorizationRequest,
    *,
    username: str,
    problem: str = "",
    has_gaps: bool = False,
) -> Response:
    pool = site.directory.pool()
    label = "User name or e-mail address" if pool.is_email_an_alias else "User name"
    fields = [
        username_field(
            "E-mail address" if pool.is_email_the_username else label,
            username,
            "Enter your user name." if has_gaps and not username else "",
        ),
        Field(
            "password",
            "Password",
            "password",
            autocomplete="current-password",
            problem="Enter your password." if has_gaps else "",
        ),
    ]
    return site.show(
        "login.html",
        incoming,
        status=400 if problem or has_gaps else 200,
        redirects_to=request.redirect_uri,
        fields=fields,
        problem=problem,
        pool=pool,
        cancel=request.cancelled(),
    )
