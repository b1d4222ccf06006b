"""The values that must never be logged."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING

from tests.fake_cognito import User

if TYPE_CHECKING:
    from tests.flow.conftest import Stack

_NAMED = ("state", "nonce", "code", "code_verifier", "code_challenge", "refresh_token", "token")


def somebody() -> User:
    """A user whose data would be recognised in a log."""
    return User(
        username="canary-username",
        name="Cänary Näme-of-Visitor",
        email="canary+address@example.com",
        groups=["canary-group"],
        custom={"custom:about": "canary-custom-attribute"},
    )


def private_values(stack: Stack) -> set[str]:
    """Secrets, codes, tokens, cookies, and whatever is known about the user."""
    cognito, user = stack.cognito, stack.cognito.user
    # The sub is a random id, and says in the log who did what.
    values = {user.username, user.name, user.email, *user.groups, *user.custom.values()}
    values |= {*cognito.api.active.values(), *cognito.handed_out}
    values |= {value for name, value in stack.vault.fields.items() if name != "client_id"}
    for arrived in (each for endpoint in cognito.requests.values() for each in endpoint):
        sent = arrived.query | arrived.form
        values |= {sent[name] for name in _NAMED if name in sent}
        values |= {arrived.headers.get("Authorization", "").rpartition(" ")[2]}
    for browser in stack.browsers:
        values |= set(browser.received)
    return {value for value in values if len(value) > 8}  # shorter ones contain nothing


def found_in(written: str, values: set[str]) -> set[str]:
    """Those values of which a copy, its beginning or an encoding is in ``written``."""
    return {value for value in values if any(form in written for form in _forms(value))}


def _forms(value: str) -> set[str]:
    raw = value.encode()
    forms = {value, raw.decode("latin-1"), json.dumps(value)[1:-1], ascii(value)[1:-1]}
    forms |= {base64.b64encode(raw).decode().rstrip("="), raw.hex()}
    return forms | {form[:24] for form in forms if len(form) > 32}
