"""/signup, /confirm and /resendcode."""

from __future__ import annotations

from starlette.responses import Response

from local.managed_login.attributes import (
    AUTOCOMPLETE,
    asked_at_sign_up,
    is_demanded,
    label,
    problem_with,
    problem_with_username,
)
from local.managed_login.authorization import AuthorizationRequest
from local.managed_login.errors import ErrorPage, Rejected
from local.managed_login.incoming import Incoming
from local.managed_login.pages import Field, code_field, username_field
from local.managed_login.pool import Attribute, Client, Pool
from local.managed_login.sign_in import over, password_fields, password_problems
from local.managed_login.site import Site, see_other
from local.managed_login.visits import ConfirmEmail, ResetPassword

_INPUT_TYPES = {"email": "email", "phone_number": "tel", "website": "url"}
_WRONG_CODE = "That code is not right. Look at the newest mail, or have a new code sent."
_LOCKED = "Attempt limit exceeded. Wait a little, then try again."


def sign_up_page(site: Site, incoming: Incoming) -> Response:
    """GET /signup."""
    request = site.authorization(incoming)
    pool, client = _open_pool(site, request)
    return _show_sign_up(site, incoming, request, pool=pool, client=client, problems={})


def sign_up(site: Site, incoming: Incoming) -> Response:
    """POST /signup."""
    request = site.authorization(incoming)
    site.form_age(incoming)
    pool, client = _open_pool(site, request)
    attributes = _given_attributes(incoming, pool, client)
    username = (
        attributes.get("email", "")
        if pool.is_email_the_username
        else pool.fold(incoming.form["username"])
    )
    problems = _problems(incoming, pool, client, username, attributes)
    if not problems:
        try:
            site.directory.sign_up(username, incoming.form["password"], attributes)
        except Rejected as rejected:
            problems = _refusal(rejected, pool)
    if problems:
        return _show_sign_up(site, incoming, request, pool=pool, client=client, problems=problems)
    step = incoming.visit.begin(ConfirmEmail(username))
    return see_other(incoming.to("/confirm", step=step))


def confirmation_page(site: Site, incoming: Incoming) -> Response:
    """GET /confirm."""
    request = site.authorization(incoming)
    if incoming.visit.step(incoming.query["step"], ConfirmEmail) is None:
        return over(incoming)
    return _show_confirmation(site, incoming, request)


def confirm(site: Site, incoming: Incoming) -> Response:
    """POST /confirm."""
    request = site.authorization(incoming)
    site.form_age(incoming)
    step = incoming.visit.step(incoming.query["step"], ConfirmEmail)
    if step is None:
        return over(incoming)
    attempt = ("confirm", step.username)
    code = incoming.form["code"].strip()
    problem = ""
    if site.attempts.is_locked(attempt):
        problem = _LOCKED
    elif not code:
        problem = "Enter the code from the mail."
    elif _is_address_taken(site, step.username):
        problem = "An account with this e-mail address exists already."
    else:
        try:
            site.directory.confirm(step.username, code)
        except Rejected as rejected:
            if rejected.code not in ("CodeMismatchException", "ExpiredCodeException"):
                return over(incoming)  # confirmed in the meantime, or gone
            site.attempts.failed(attempt)
            problem = _WRONG_CODE
    if problem:
        return _show_confirmation(site, incoming, request, problem)
    site.attempts.succeeded(attempt)
    incoming.visit.end(incoming.query["step"])
    incoming.visit.waits_for_mail_at = ""
    hint = {} if incoming.query["login_hint"] else {"login_hint": step.username}
    return see_other(incoming.to("/login", notice="confirmed", **hint))


def resend_code(site: Site, incoming: Incoming) -> Response:
    """POST /resendcode, for a sign-up and for a forgotten password alike."""
    site.authorization(incoming)
    site.form_age(incoming)
    name = incoming.query["step"]
    signing_up = incoming.visit.step(name, ConfirmEmail)
    if signing_up:
        _ignoring_refusals(site, signing_up)
        return see_other(incoming.to("/confirm", step=name, notice="sent"))
    resetting = incoming.visit.step(name, ResetPassword)
    if resetting:
        send_reset_code(site, resetting.username)
        return see_other(incoming.to("/confirmforgotPassword", step=name, notice="sent"))
    return over(incoming)


def send_reset_code(site: Site, username: str) -> None:
    """Send a reset code if Cognito would; say nothing about whether it did.

    Only a confirmed user with a verified address gets one; the answer is the same for all
    (https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pool-managing-errors.html).
    """
    user = site.directory.find(username)
    if user is None or not user.is_enabled or not user.is_email_verified:
        return
    if user.status in ("CONFIRMED", "RESET_REQUIRED"):
        site.directory.send_reset_code(user.username)


def _ignoring_refusals(site: Site, step: ConfirmEmail) -> None:
    user = site.directory.find(step.username)
    if user and user.status == "UNCONFIRMED":
        site.directory.resend_confirmation(user.username)


def _open_pool(site: Site, request: AuthorizationRequest) -> tuple[Pool, Client]:
    pool = site.directory.pool()
    client = site.directory.client(request.client_id)
    if client is None or not pool.allows_sign_up:
        raise ErrorPage(
            "invalid_request", "Sign-up is not available: only administrators create users.", 403
        )
    return pool, client


def _is_address_taken(site: Site, username: str) -> bool:
    """An alias belongs to one user: Cognito answers AliasExistsException at confirmation."""
    user = site.directory.find(username)
    email = user.attributes.get("email", "") if user else ""
    owner = site.directory.find(email) if email else None
    return owner is not None and user is not None and owner.username != user.username


def _given_attributes(incoming: Incoming, pool: Pool, client: Client) -> dict[str, str]:
    """The attributes as they will be stored; empty optional ones are left out."""
    given = {}
    for attribute in asked_at_sign_up(pool, client):
        value = incoming.form[attribute.name].strip()
        if attribute.name == "email":
            value = pool.fold(value)
        elif attribute.type == "Boolean":
            value = "true" if value else "false"
        if value:
            given[attribute.name] = value
    return given


def _problems(
    incoming: Incoming, pool: Pool, client: Client, username: str, attributes: dict[str, str]
) -> dict[str, str]:
    found = {}
    if not pool.is_email_the_username:
        found["username"] = problem_with_username(username, pool)
    for attribute in asked_at_sign_up(pool, client):
        found[attribute.name] = problem_with(attribute, attributes.get(attribute.name, ""))
    found |= password_problems(pool.policy, incoming)
    return {name: problem for name, problem in found.items() if problem}


def _refusal(rejected: Rejected, pool: Pool) -> dict[str, str]:
    if rejected.code == "UsernameExistsException":
        field = "email" if pool.is_email_the_username else "username"
        return {field: "This user name is taken." if field == "username" else "User exists."}
    if rejected.code == "InvalidPasswordException":
        return {"password": "The user pool does not accept this password."}
    raise rejected


def _show_sign_up(
    site: Site,
    incoming: Incoming,
    request: AuthorizationRequest,
    *,
    pool: Pool,
    client: Client,
    problems: dict[str, str],
) -> Response:
    fields = [
        _attribute_field(attribute, incoming, problems)
        for attribute in asked_at_sign_up(pool, client)
    ]
    if not pool.is_email_the_username:
        typed = incoming.form["username"] or request.login_hint
        fields.insert(0, username_field("User name", typed, problems.get("username", "")))
    return site.show(
        "signup.html",
        incoming,
        status=400 if problems else 200,
        redirects_to=request.redirect_uri,
        fields=fields + password_fields(pool.policy, problems, "Password"),
        cancel=request.cancelled(),
    )


def _attribute_field(attribute: Attribute, incoming: Incoming, problems: dict[str, str]) -> Field:
    hint = "A code is sent to this address." if attribute.name == "email" else ""
    return Field(
        attribute.name,
        label(attribute),
        "checkbox" if attribute.type == "Boolean" else _INPUT_TYPES.get(attribute.name, "text"),
        value=incoming.form[attribute.name],
        autocomplete=AUTOCOMPLETE.get(attribute.name, "off"),
        inputmode="numeric" if attribute.type == "Number" else "",
        hint=hint,
        problem=problems.get(attribute.name, ""),
        is_required=is_demanded(attribute),
    )


def _show_confirmation(
    site: Site, incoming: Incoming, request: AuthorizationRequest, problem: str = ""
) -> Response:
    step = incoming.query["step"]
    incoming.visit.waits_for_mail_at = incoming.to("/confirm", step=step)
    return site.show(
        "confirm.html",
        incoming,
        status=400 if problem else 200,
        redirects_to=request.redirect_uri,
        fields=[code_field("Code from the mail", problem)],
        step=step,
    )
