"""No personal data and no secrets are logged.

tests/flow/test_faults.py looks for the same values after every fault.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from foyer import sealing
from foyer.aws.secret_store import SecretStore
from foyer.cognito.id_token import IdTokenVerifier
from foyer.cognito.oauth import AppClient
from foyer.pages import Pages
from foyer.sessions import visitors

from tests.authenticator import digits
from tests.fake_cognito_api import PASSWORD
from tests.flow.conftest import ORIGIN, Stack, owner
from tests.flow.private_values import found_in, private_values, somebody

CANARY = "canary-in-the-request"

# What a browser, a proxy or somebody curious may send along.
HEADERS = {
    "authorization": f"Bearer {CANARY}",
    "origin": f"https://{CANARY}.example",
    "referer": f"{ORIGIN}/?code={CANARY}",
    "user-agent": CANARY,
    "x-forwarded-for": CANARY,
    CANARY: "1",
}


@pytest.fixture
def written(
    stack: Stack, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> Callable[[], str]:
    """Everything that was written so far: our log, other libraries', standard output and error."""
    return lambda: "".join((*capsys.readouterr(), caplog.text, stack.log_stream.getvalue()))


# Method, URL, whether somebody is signed in; the status and the reason, if it is a failure.
Outcome = tuple[str, str, bool, int, str | None]
OUTCOMES: list[Outcome] = [
    ("GET", "/", False, 200, None),
    ("GET", "/", True, 200, None),
    ("GET", "/me", False, 401, None),
    ("GET", "/me", True, 200, None),
    ("GET", "/healthz", False, 200, None),
    ("GET", "/logout", True, 200, None),
    ("GET", f"/{CANARY}", False, 404, None),
    ("GET", f"/?{CANARY}={CANARY}", False, 200, None),
    ("GET", f"/login?return_to=/{CANARY}&login_hint={CANARY}&{CANARY}=1", False, 302, None),
    ("GET", f"/login?return_to=%0A{CANARY}&lang={CANARY}&{CANARY}=%FF", False, 302, None),
    ("GET", f"/callback?state={CANARY}&state=1", False, 400, "parameter_repeated"),
    ("GET", f"/callback?state=%0A{CANARY}", False, 400, "parameter_malformed"),
    ("GET", f"/callback?code={CANARY * 50}&state=%FF", False, 400, "parameter_malformed"),
    ("GET", f"/callback?x={CANARY * 500}", False, 400, "query_too_long"),
    ("GET", "/callback", False, 400, "callback_empty"),
    ("GET", f"/callback?code={CANARY}&state={CANARY}", False, 400, "attempt_unknown"),
    ("GET", f"/callback?code={CANARY}", False, 303, None),
    ("GET", f"/callback?code={CANARY}", True, 303, None),
    ("GET", f"/callback?code={CANARY}&state={CANARY}", True, 303, None),
    ("GET", f"/callback?error={CANARY}", False, 400, "authorize_error_unknown"),
    ("GET", f"/callback?error=access_denied&error_description={CANARY}", False, 303, None),
    ("GET", f"/callback?error=invalid_request&error_description=denied+{CANARY}", False, 403,
     "provider_declined"),
    ("GET", f"/callback?error=server_error&x={CANARY}", False, 502, "authorize_server_error"),
    ("POST", "/logout", True, 400, "cross_site_post"),
]  # fmt: skip


@pytest.mark.parametrize("outcome", OUTCOMES, ids=lambda outcome: f"{outcome[3]}-{outcome[4]}")
def test_no_request_leaves_a_trace_of_what_it_carried(
    stack: Stack, written: Callable[[], str], outcome: Outcome
) -> None:
    method, url, is_signed_in, status, reason = outcome
    stack.cognito.user = somebody()
    browser = stack.signed_in() if is_signed_in else stack.browser()
    browser.cookies["other-cookie"] = CANARY
    answer = browser.deliver(browser.event(method, url, HEADERS, f"field={CANARY}"))
    assert answer.status == status
    assert stack.reasons() == ([reason] if reason else [])
    for line in stack.logged("request_failed"):
        assert line["correlation_id"] in answer.body
    lines = written()
    assert CANARY not in lines
    assert found_in(lines, private_values(stack)) == set()


@pytest.mark.sessions("cookie", "table")
def test_a_whole_visit_leaves_no_trace_of_the_visitor(
    stack: Stack, written: Callable[[], str]
) -> None:
    stack.cognito.user = somebody()
    stack.cognito.refresh_token_rotation = True
    ada = owner(stack, LOG_LEVEL="DEBUG")
    stack.advance_to_refresh(ada)
    assert ada.is_signed_in
    assert ada.post("/logout").status == 200
    stack.sign_in(ada, "/signup?login_hint=canary%2Baddress@example.com")
    ada.get("/account")
    ada.submit("/account/name", name="Canary Newname")
    ada.submit("/account/password", current="canary-wrong-one", new="canary-new-password")
    ada.submit("/account/password", current=PASSWORD, new="canary-new-password")
    ada.submit("/account/authenticator")
    ada.get("/account/authenticator")
    ada.submit("/account/authenticator/code", code="999999999")
    ada.submit("/account/authenticator/code", code=digits(ada.api.pending_secret or ""))
    ada.submit("/account/delete", username="canary-somebody-else")
    ada.submit("/account/delete", username="canary-username")
    assert ada.api.is_deleted
    assert ada.api.secret is not None
    typed = {"Canary Newname", "canary-wrong-one", "canary-new-password", "canary-somebody-else"}
    values = private_values(stack) | typed | {PASSWORD, ada.api.secret}
    lines = written()
    assert found_in(lines, values) == set()
    assert lines.count('"ColdStart":[1.0]') == 1
    first, second, *account = [line["message"] for line in stack.log()]
    assert (first, second, account[0]) == ("signed_in", "signed_out", "signed_in")
    assert {*account[1:]} == {"account_changed", "account_refused"}


# Where a bug might break out, holding what the visitor sent.
PLACES: list[tuple[str, type[Any], str]] = [
    ("/login", SecretStore, "credentials"),
    ("/login", AppClient, "sign_in_url"),
    ("/login", sealing.KeyRing, "seal"),
    ("/callback", sealing.KeyRing, "open"),
    ("/callback", AppClient, "exchange_code"),
    ("/callback", IdTokenVerifier, "verify"),
    ("/callback", AppClient, "userinfo"),
    ("/callback", visitors.Visitors, "begin"),
    ("/", Pages, "welcome"),
    ("/me", sealing.KeyRing, "open"),
]


def quoting(values: set[str]) -> Callable[..., None]:
    def broken(*_: object, **__: object) -> None:
        try:
            raise ValueError(*values)
        except ValueError as cause:
            error = RuntimeError("; ".join(values))
            error.add_note("; ".join(values))
            raise error from cause

    return broken


@pytest.mark.parametrize("place", PLACES, ids=lambda place: f"{place[0]}-{place[2]}")
def test_an_unexpected_error_is_logged_without_the_values_it_quotes(
    stack: Stack,
    written: Callable[[], str],
    monkeypatch: pytest.MonkeyPatch,
    place: tuple[str, type[Any], str],
) -> None:
    path, owner, name = place
    stack.cognito.user = somebody()
    browser = stack.signed_in()
    callback = stack.callback(browser)
    values = private_values(stack)
    written()
    monkeypatch.setattr(owner, name, quoting(values))

    answer = browser.get(callback if path == "/callback" else path)

    assert answer.status == 500
    (line,) = stack.logged("unexpected_error")
    assert line["error"] == "builtins.RuntimeError"
    assert line["stack"][-1].endswith(" broken"), "its place"
    assert line["correlation_id"] in (answer.json["reference"] if path == "/me" else answer.body)
    lines = written()
    assert found_in(lines, values) == set()
    assert found_in(answer.body, values) == set()
    counted = '"reason":"unexpected_error","SignInFailed":[1.0]' in lines
    assert counted == (path in {"/login", "/callback"})
