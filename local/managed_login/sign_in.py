"""/oauth2/authorize, /login and /changePassword."""

from __future__ import annotations

from starlette.responses import RedirectResponse, Response

from local.managed_login.authorization import AuthorizationRequest
from local.managed_login.errors import Rejected, SentBack
from local.managed_login.incoming import Incoming
from local.managed_login.pages import Field, username_field
from local.managed_login.pool import PasswordPolicy, Pool
from local.managed_login.site import Site, see_other
from local.managed_login.visits import (
    SESSION_COOKIE,
    SIGN_IN_SECONDS,
    AnswerTotp,
    ChooseNewPassword,
    ConfirmEmail,
    EnrolTotp,
    ResetPassword,
    Session,
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
    age = site.form_age(incoming)
    username, password = incoming.form["username"].strip(), incoming.form["password"]
    if age > SIGN_IN_SECONDS:
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
        response = proceed(
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


def proceed(
    site: Site, incoming: Incoming, pool: Pool, username: str, password: str, *, wants_totp: bool
) -> Response:
    """Check the password; then whatever Cognito asks next, or back to the app with a code."""
    outcome = site.directory.authenticate(username, password)
    if outcome.challenge == "NEW_PASSWORD_REQUIRED":
        step = incoming.visit.begin(ChooseNewPassword(username, wants_totp))
        return see_other(incoming.to("/changePassword", step=step))
    if outcome.challenge == "SOFTWARE_TOKEN_MFA":
        step = incoming.visit.begin(AnswerTotp(username, password))
        return see_other(incoming.to("/mfa", step=step))
    # MiniStack lets people without a second factor in even where the pool demands one.
    if pool.mfa == "ON" or (pool.mfa == "OPTIONAL" and wants_totp):
        secret = site.directory.new_totp_secret(outcome.access_token)
        enrol = EnrolTotp(username, password, outcome.access_token, secret)
        return see_other(incoming.to("/mfa/setup", step=incoming.visit.begin(enrol)))
    return complete(site, site.authorization(incoming), Session(username, password))


def complete(site: Site, request: AuthorizationRequest, session: Session) -> Response:
    """Every check has been passed: a session of managed login, a code for the app."""
    code = site.directory.authorization_code(request, session.username, session.password)
    if code is None:
        raise Rejected("NotAuthorizedException")
    response = see_other(request.location(code=code))
    site.start_session(response, session)
    return response


def new_password_page(site: Site, incoming: Incoming) -> Response:
    """GET /changePassword: the temporary password has served its purpose."""
    request = site.authorization(incoming)
    step = incoming.visit.step(incoming.query["step"], ChooseNewPassword)
    if step is None:
        return over(incoming)
    return _show_new_password(site, incoming, request, site.directory.pool().policy)


def change_password(site: Site, incoming: Incoming) -> Response:
    """POST /changePassword. MiniStack skips the policy here, so it is checked in front of it."""
    request = site.authorization(incoming)
    site.form_age(incoming)
    step = incoming.visit.step(incoming.query["step"], ChooseNewPassword)
    if step is None:
        return over(incoming)
    pool = site.directory.pool()
    problems = password_problems(pool.policy, incoming)
    if problems:
        return _show_new_password(site, incoming, request, pool.policy, problems)
    site.directory.choose_new_password(step.username, incoming.form["password"])
    incoming.visit.end(incoming.query["step"])
    return proceed(
        site,
        incoming,
        pool,
        step.username,
        incoming.form["password"],
        wants_totp=step.wants_totp,
    )


def password_problems(policy: PasswordPolicy, incoming: Incoming) -> dict[str, str]:
    """What is wrong with the new password and its repetition, by field."""
    password, repeated = incoming.form["password"], incoming.form["repeated"]
    broken = policy.broken(password)
    if not password:
        return {"password": "Enter a password."}
    if broken:
        return {"password": f"Still missing: {'; '.join(broken)}."}
    if password != repeated:
        return {"repeated": "The two passwords are not the same."}
    return {}


def password_fields(
    policy: PasswordPolicy, problems: dict[str, str], label: str = "New password"
) -> list[Field]:
    return [
        Field(
            "password",
            label,
            "password",
            autocomplete="new-password",
            rules=policy.rules(),
            problem=problems.get("password", ""),
        ),
        Field(
            "repeated",
            f"{label} again",
            "password",
            autocomplete="new-password",
            problem=problems.get("repeated", ""),
        ),
    ]


def over(incoming: Incoming) -> Response:
    """The step expired, was finished, or belongs to another browser: sign in anew."""
    notice = "late" if incoming.path in ("/mfa", "/mfa/setup", "/changePassword") else "over"
    return see_other(incoming.to("/login", notice=notice))


def _continue_session(
    site: Site, incoming: Incoming, request: AuthorizationRequest
) -> Response | None:
    """Straight back to the app, when managed login knows this browser and may stay silent."""
    session = site.session(incoming)
    if session is None or request.wants_sign_in_page:
        return None
    code = site.directory.authorization_code(request, session.username, session.password)
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


def _show_new_password(
    site: Site,
    incoming: Incoming,
    request: AuthorizationRequest,
    policy: PasswordPolicy,
    problems: dict[str, str] | None = None,
) -> Response:
    return site.show(
        "new_password.html",
        incoming,
        status=400 if problems else 200,
        redirects_to=request.redirect_uri,
        fields=password_fields(policy, problems or {}),
        step=incoming.query["step"],
    )
