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
from local.managed_login.pages import Field, username_field
from local.managed_login.passwords import password_fields, password_problems
from local.managed_login.pool import Attribute, Client, Pool
from local.managed_login.site import Site, see_other
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
    if not problems:
        try:
            site.accounts.sign_up(username, incoming.form["password"], attributes)
        except Rejected as rejected:
            problems = _refusal(rejected, pool)
    if problems:
        return _show_sign_up(site, incoming, request, pool=pool, client=client, problems=problems)
    step = incoming.visit.begin(ConfirmEmail(username))
    return see_other(incoming.to("/confirm", step=step))


def _open_pool(site: Site, request: AuthorizationRequest) -> tuple[Pool, Client]:
    pool = site.directory.pool()
    client = site.directory.client(request.client_id)
    if client is None or not pool.allows_sign_up:
        raise ErrorPage(
            "invalid_request", "Sign-up is not available: only administrators create users.", 403
        )
    return pool, client


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
