"""/changePassword: replaces a temporary password with the user's own."""

from __future__ import annotations

from starlette.responses import Response

from local.managed_login.admission import admit
from local.managed_login.authorization import AuthorizationRequest
from local.managed_login.incoming import Incoming
from local.managed_login.passwords import password_fields, password_problems
from local.managed_login.pool import PasswordPolicy
from local.managed_login.site import Site
from local.managed_login.visits import ChooseNewPassword


def new_password_page(site: Site, incoming: Incoming) -> Response:
    """GET /changePassword."""
    request = site.authorization(incoming)
    site.step(incoming, ChooseNewPassword)
    return _show_new_password(site, incoming, request, site.directory.pool().policy)


def change(site: Site, incoming: Incoming) -> Response:
    """POST /changePassword. MiniStack does not check the policy here, so this does."""
    request = site.authorization(incoming)
    step = site.step(incoming, ChooseNewPassword)
    pool = site.directory.pool()
    problems = password_problems(pool.policy, incoming)
    if problems:
        return _show_new_password(site, incoming, request, pool.policy, problems)
    site.accounts.choose_new_password(step.username, incoming.form["password"])
    incoming.visit.end(incoming.query["step"])
    return admit(site, incoming, pool, step.username, incoming.form["password"])


def _show_new_password(
    site: Site,
    incoming: Incoming,
    request: AuthorizationRequest,
    policy: PasswordPolicy,
    problems: dict[str, str] | None = None,
) -> Response:
    fields = password_fields(policy, incoming, "new_password", problems or {})
    return site.show_form("new_password.html", incoming, request, fields)
