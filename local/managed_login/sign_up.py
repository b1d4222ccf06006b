"""/signup."""

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
from local.managed_login.language import Say
from local.managed_login.pages import Field, username_field
from local.managed_login.passwords import password_fields, password_problems
from local.managed_login.pool import Attribute, Client, Pool
from local.managed_login.site import Site, see_other
from local.managed_login.triggers import TriggerRefused
from local.managed_login.visits import ConfirmEmail

_INPUT_TYPES = {"email": "email", "phone_number": "tel", "website": "url"}


def sign_up_page(site: Site, incoming: Incoming) -> Response:
    """GET /signup."""
    request = site.authorization(incoming)
    pool, client = _open_pool(site, request)
    return _show_sign_up(site, incoming, request, pool=pool, client=client, problems={})


def sign_up(site: Site, incoming: Incoming) -> Response:
    """POST /signup."""
    request = site.authorization(incoming)
    pool, client = _open_pool(site, request)
    attributes = _given_attributes(incoming, pool, client)
    username = (
        attributes.get("email", "")
        if pool.is_email_the_username
        else pool.fold(incoming.form["username"])
    )
    problems = _problems(incoming, pool, client, username, attributes)
    is_confirmed = False
    if not problems:
        _make_room(site, incoming, username)
        try:
            is_confirmed = site.accounts.sign_up(
                username, incoming.form["password"], attributes, request.client_id
            )
        except TriggerRefused as refused:
            problems = {"": refused.message}
        except Rejected as rejected:
            problems = _refusal(rejected, pool, incoming.say)
    if problems:
        return _show_sign_up(site, incoming, request, pool=pool, client=client, problems=problems)
    if is_confirmed:
        return see_other(incoming.to("/login", notice="confirmed", login_hint=username))
    step = incoming.visit.begin(ConfirmEmail(username, signed_up_here=True))
    return see_other(incoming.to("/confirm", step=step))


def _make_room(site: Site, incoming: Incoming, username: str) -> None:
    """Let a visitor who just entered a wrong address sign up again in this browser."""
    user = site.directory.find(username)
    if user and user.status == "UNCONFIRMED" and incoming.visit.confirms(user.username):
        site.directory.delete(user.username)


def _open_pool(site: Site, request: AuthorizationRequest) -> tuple[Pool, Client]:
    pool = site.directory.pool()
    client = site.directory.client(request.client_id)
    if client is None or not pool.allows_sign_up:
        raise ErrorPage("invalid_request", "error_no_sign_up", 403)
    return pool, client


def _given_attributes(incoming: Incoming, pool: Pool, client: Client) -> dict[str, str]:
    """The attributes to store; empty optional ones are omitted."""
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
        found["username"] = problem_with_username(username, pool, incoming.say)
    for attribute in asked_at_sign_up(pool, client):
        found[attribute.name] = problem_with(
            attribute, attributes.get(attribute.name, ""), incoming.say
        )
    found |= password_problems(pool.policy, incoming)
    return {name: problem for name, problem in found.items() if problem}


def _refusal(rejected: Rejected, pool: Pool, say: Say) -> dict[str, str]:
    if rejected.code == "UsernameExistsException":
        if pool.is_email_the_username:
            return {"email": say("email_taken")}
        return {"username": say("username_taken")}
    if rejected.code == "InvalidPasswordException":
        return {"password": say("password_refused")}
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
        typed = incoming.typed("username", request.login_hint)
        problem = problems.get("username", "")
        # Next to the password, because password managers store both together.
        fields.append(username_field(incoming.say("username"), typed, problem, begins_group=True))
    fields += password_fields(pool.policy, incoming, "password", problems)
    return site.show_form("signup.html", incoming, request, fields, problem=problems.get("", ""))


def _attribute_field(attribute: Attribute, incoming: Incoming, problems: dict[str, str]) -> Field:
    return Field(
        attribute.name,
        label(attribute, incoming.say),
        "checkbox" if attribute.type == "Boolean" else _INPUT_TYPES.get(attribute.name, "text"),
        value=incoming.form[attribute.name],
        autocomplete=AUTOCOMPLETE.get(attribute.name, "off"),
        inputmode="numeric" if attribute.type == "Number" else "",
        hint=incoming.say("code_goes_here") if attribute.name == "email" else "",
        problem=problems.get(attribute.name, ""),
        is_required=is_demanded(attribute),
    )
