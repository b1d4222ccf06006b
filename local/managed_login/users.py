"""/users: who signed up, and the few things an administrator does to try the flows."""

from __future__ import annotations

import re
import secrets
import string

from starlette.responses import JSONResponse, Response

from local.managed_login.errors import ErrorPage
from local.managed_login.incoming import Incoming
from local.managed_login.pool import PasswordPolicy
from local.managed_login.site import Site, see_other

_GROUP = re.compile(r"[\w.@+-]{1,128}")  # narrower than Cognito's rule, which takes most signs


def users_page(site: Site, incoming: Incoming) -> Response:
    """GET /users."""
    return _show(site, incoming)


def users_json(site: Site, _: Incoming) -> Response:
    """GET /users.json: the same, for tests of an app."""
    return JSONResponse(
        [
            {
                "username": user.username,
                "status": user.status,
                "enabled": user.is_enabled,
                "attributes": dict(user.attributes),
                "groups": list(user.groups),
                "mfa": list(user.factors),
                "created": user.created.isoformat(),
            }
            for user in site.directory.users()
        ]
    )


def change_user(site: Site, incoming: Incoming) -> Response:
    """POST /users: disable, enable, require a new password of one user, or change groups."""
    user = site.directory.find(incoming.form["username"] or "-")
    if user is None:
        raise ErrorPage("invalid_request", "error_unspecified", 404)
    match incoming.form["action"]:
        case "disable":
            site.directory.set_enabled(user.username, False)
        case "enable":
            site.directory.set_enabled(user.username, True)
        case "require-new-password":
            password = temporary_password(site.directory.pool().policy)
            site.directory.require_new_password(user.username, password)
            return _show(site, incoming, username=user.username, password=password)
        case "add-to-group" if _GROUP.fullmatch(incoming.form["group"]):
            site.directory.add_to_group(user.username, incoming.form["group"])
        case "remove-from-group" if incoming.form["group"] in user.groups:
            site.directory.remove_from_group(user.username, incoming.form["group"])
        case _:
            raise ErrorPage("invalid_request", "error_unspecified")
    return see_other("/users")


def temporary_password(policy: PasswordPolicy) -> str:
    """A random password that satisfies every possible policy."""
    alphabet = string.ascii_letters + string.digits
    length = max(policy.minimum_length, 12)
    return "Aa1-" + "".join(secrets.choice(alphabet) for _ in range(length - 4))


def _show(site: Site, incoming: Incoming, username: str = "", password: str = "") -> Response:
    return site.show(
        "users.html",
        incoming,
        users=site.directory.users(),
        changed=username,
        temporary_password=password,
        groups=site.directory.groups(),
    )
