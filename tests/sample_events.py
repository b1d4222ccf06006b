"""The sample events and their expected outcomes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent.parent / "events"


@dataclass(frozen=True)
class Outcome:
    """``holds`` is contained in the location of a redirect, or in the body."""

    status: int
    holds: str

    def fits(self, reply: Mapping[str, Any]) -> bool:
        shown = reply["headers"].get("location", reply["body"])
        return reply["statusCode"] == self.status and self.holds in shown


# They contain no cookies, like the first request of a browser.
SAMPLES = {
    "home": Outcome(200, "Create account"),
    "login": Outcome(302, "/oauth2/authorize?response_type=code"),
    "signup": Outcome(302, "/signup?response_type=code"),
    "callback-access-denied": Outcome(303, "/"),
    "callback-stale-state": Outcome(400, "This sign-in cannot be completed"),
    "me": Outcome(401, "Nobody is signed in."),
    "logout-page": Outcome(200, 'method="post" action="/logout"'),
    "logout": Outcome(200, "/logout?client_id="),
    "account": Outcome(302, "/login?return_to=/account"),
    "account-name": Outcome(200, "/login?return_to=/account/name"),
    "account-name-page": Outcome(302, "/login?return_to=/account/name"),
    "account-password-page": Outcome(302, "/login?return_to=/account/password"),
    "account-password": Outcome(200, "/login?return_to=/account/password"),
    "account-authenticator-page": Outcome(302, "/login?return_to=/account/authenticator"),
    "account-authenticator": Outcome(200, "/login?return_to=/account/authenticator"),
    "account-authenticator-code": Outcome(200, "/login?return_to=/account"),
    "account-authenticator-off-page": Outcome(302, "/login?return_to=/account/authenticator/off"),
    "account-authenticator-off": Outcome(200, "/login?return_to=/account/authenticator/off"),
    "account-devices": Outcome(200, "/login?return_to=/account"),
    "account-everywhere-page": Outcome(302, "/login?return_to=/account/sign-out-everywhere"),
    "account-everywhere": Outcome(200, "/login?return_to=/account/sign-out-everywhere"),
    "account-delete-page": Outcome(302, "/login?return_to=/account/delete"),
    "account-delete": Outcome(200, "/login?return_to=/account/delete"),
    "logout-cross-site": Outcome(400, "reference"),
    "renew": Outcome(303, "/login?return_to=/notes"),
    "health": Outcome(200, "ok"),
    "not-found": Outcome(404, "Page not found"),
}

# Created with a running stack, for the demo user.
MINTED = {
    "callback": Outcome(303, "/"),
    "home-signed-in": Outcome(200, "Demo Visitor"),
    "me-signed-in": Outcome(200, "demo@example.com"),
    "logout-signed-in": Outcome(200, "/logout?client_id="),
}


# What API Gateway asks the guard about a request: `guard/nobody` shows no session. The minted one
# is the demo user's.
GUARD_NOBODY, GUARD_SIGNED_IN = "guard/nobody", "guard-signed-in"


def sample(name: str) -> dict[str, Any]:
    event: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text("utf-8"))
    return event
