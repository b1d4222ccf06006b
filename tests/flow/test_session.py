"""How long a session lasts, and what ends it."""

from __future__ import annotations

import pytest

from tests.flow.browser import Browser
from tests.flow.conftest import Stack

pytestmark = pytest.mark.sessions("cookie", "table")
LIMITS = {"SESSION_IDLE_SECONDS": "7200", "SESSION_MAX_SECONDS": "36000"}


@pytest.fixture
def signed_in(stack: Stack) -> Browser:
    return stack.signed_in(**LIMITS)


def test_me_shows_the_claims_as_json_or_is_a_401_problem(stack: Stack, browser: Browser) -> None:
    user = stack.cognito.user
    user.groups, user.custom = ["staff"], {"custom:plan": "gold"}
    answer = stack.signed_in().get("/me")
    assert answer.headers["content-type"] == "application/json"
    assert answer.json == {
        "sub": user.sub,
        "name": user.name,
        "email": user.email,
        "email_verified": True,
        "cognito:username": user.username,
        "cognito:groups": ["staff"],
        "custom:plan": "gold",
    }
    answer = browser.get("/me")
    assert (answer.status, answer.json["status"]) == (401, 401)
    assert answer.headers["content-type"] == "application/problem+json"


def test_an_idle_session_ends_even_without_cognito(stack: Stack, signed_in: Browser) -> None:
    stack.cognito.fault("token", "http_500")
    stack.clock.advance(7199)
    assert stack.copy_of(signed_in, **LIMITS).is_signed_in
    stack.clock.advance(7200 if stack.table else 1)
    assert not signed_in.is_signed_in
    assert signed_in.cookies == {}


def test_use_keeps_a_session_alive_until_its_absolute_end(stack: Stack, signed_in: Browser) -> None:
    for _ in range(9):
        stack.clock.advance(3900)
        assert signed_in.is_signed_in
    stack.clock.advance(899)
    assert signed_in.is_signed_in
    stack.clock.advance(1)
    assert not signed_in.is_signed_in


@pytest.mark.sessions("cookie")
def test_use_sets_a_new_cookie_only_now_and_then(stack: Stack, signed_in: Browser) -> None:
    stack.clock.advance(700)
    assert signed_in.get("/").cookies == ()
    stack.clock.advance(30)
    assert len(signed_in.get("/").cookies) == 1
    assert signed_in.get("/").cookies == ()


def test_lowered_limits_hold_for_sessions_that_exist(stack: Stack, signed_in: Browser) -> None:
    stack.clock.advance(61)
    assert not stack.copy_of(signed_in, SESSION_IDLE_SECONDS="60").is_signed_in


def test_cookies_of_localhost_are_refused_on_a_website(stack: Stack, browser: Browser) -> None:
    """A stack on a developer's machine that uses the same secret, as with `sam local`."""
    local = stack.browser(APP_URL="http://localhost:3000")
    callback = stack.callback(local)
    attempt = dict(local.cookies)
    local.get(callback)
    assert local.is_signed_in
    browser.cookies = {f"__Host-{name}": value for name, value in local.cookies.items()}
    assert not browser.is_signed_in
    browser.cookies = {f"__Host-{name}": value for name, value in attempt.items()}
    assert browser.get(callback.replace("http://localhost:3000", "")).status == 400
    assert stack.logged("attempt_not_usable")


# Refresh


def test_a_session_is_refreshed_with_its_access_token(stack: Stack) -> None:
    user = stack.cognito.user
    user.custom = {"custom:plan": "gold"}
    browser = stack.signed_in()
    user.name, user.custom = "Married Name", {}
    stack.advance_to_refresh(browser)
    page = browser.get("/")
    assert "Married Name" in page.body
    assert "custom:plan" not in browser.get("/me").json, "an attribute that is gone"
    calls = stack.cognito.upstream_calls
    assert browser.get("/").cookies == ()
    assert stack.cognito.upstream_calls == calls


def test_a_refresh_without_an_id_token_keeps_the_session(stack: Stack) -> None:
    """OIDC Core §12.2 allows it."""
    stack.cognito.refresh_token_rotation = True
    browser = stack.signed_in()
    claims = browser.get("/me").json
    stack.cognito.token_answer = {"id_token": None}
    for _ in range(3):
        stack.advance_to_refresh(browser)
        assert browser.get("/me").json == claims
    assert stack.cognito.calls("token") == 4
    stack.cognito.user.enabled = False
    stack.advance_to_refresh(browser)
    assert not browser.is_signed_in


def test_a_refresh_may_repeat_the_nonce_and_no_other(stack: Stack, signed_in: Browser) -> None:
    (authorize,) = stack.cognito.requests["authorize"]
    stack.cognito.id_token_claims = {"nonce": authorize.query["nonce"]}
    stack.advance_to_refresh(signed_in)
    assert signed_in.is_signed_in
    stack.cognito.id_token_claims = {"nonce": "another"}
    stack.advance_to_refresh(signed_in)
    assert not signed_in.is_signed_in
    assert stack.reasons("session_ended") == ["refresh_other_nonce"]


def test_without_expires_in_the_id_tokens_end_says_when_to_refresh(stack: Stack) -> None:
    """It is optional: RFC 6749 §5.1."""
    stack.cognito.token_answer = {"expires_in": None}
    stack.cognito.access_token_seconds = 600
    browser = stack.signed_in()
    stack.advance_to_refresh(browser)
    assert stack.cognito.calls("token") == 1
    assert browser.is_signed_in
    assert stack.cognito.calls("token") == 2
    stack.cognito.token_answer = {"expires_in": None, "id_token": None}
    for seconds in (600, 300):
        stack.clock.advance(seconds)
        assert browser.is_signed_in
    assert stack.cognito.calls("token") == 4


def test_rotated_refresh_tokens_are_kept_in_each_tab(stack: Stack, signed_in: Browser) -> None:
    stack.cognito.refresh_token_rotation = True
    stack.cognito.rotation_grace_seconds = 60
    other_tab = stack.copy_of(signed_in, **LIMITS)
    for _ in range(3):
        stack.clock.advance(3601)
        assert signed_in.is_signed_in
        assert other_tab.is_signed_in


def test_a_rotated_token_is_kept_even_without_the_keys(stack: Stack, signed_in: Browser) -> None:
    cognito = stack.cognito
    cognito.refresh_token_rotation = True
    new_container = stack.copy_of(signed_in, **LIMITS)
    stack.advance_to_refresh(signed_in)
    cognito.fault("jwks", "http_500")
    assert new_container.is_signed_in
    cognito.repair("jwks")
    stack.clock.advance(30)
    assert new_container.is_signed_in
    assert stack.logged("session_ended") == []
    assert cognito.calls("token") == 3


def test_me_answers_401_for_a_session_that_ended(stack: Stack, signed_in: Browser) -> None:
    stack.cognito.user.enabled = False
    stack.clock.advance(3601)
    answer = signed_in.get("/me")
    assert answer.status == 401
    assert "You were signed out" in answer.json["detail"]
    assert signed_in.named("session") == {}
    assert "You were signed out" not in signed_in.get("/").body


@pytest.mark.parametrize(
    ("claim", "reason"),
    [
        ("sub", "refresh_other_subject"),
        ("iss", "id_token_wrong_issuer"),
        ("aud", "id_token_wrong_audience"),
    ],
)
def test_a_refresh_for_another_user_issuer_or_audience_ends_the_session(
    stack: Stack, signed_in: Browser, claim: str, reason: str
) -> None:
    stack.cognito.id_token_claims = {claim: "https://elsewhere.example"}
    stack.clock.advance(3601)
    assert not signed_in.is_signed_in
    assert stack.reasons("session_ended") == [reason]


# What does not fit into a cookie


@pytest.mark.sessions("cookie")
def test_a_session_too_large_for_a_cookie_leaves_out_the_least_needed(stack: Stack) -> None:
    stack.cognito.user.custom = {"custom:about": "x" * 1500, "custom:zoo": "z" * 1500}
    browser = stack.signed_in()
    claims = browser.get("/me").json
    assert claims["email"] == stack.cognito.user.email
    assert "custom:zoo" not in claims
    assert claims.get("left_out") == ["custom:zoo"]
    assert stack.logged("session_too_large")[0]["left_out"][0] == "custom:zoo"
    stack.advance_to_refresh(browser)
    assert browser.is_signed_in
    assert stack.cognito.calls("token") == 2, "the refresh token was kept"


@pytest.mark.sessions("cookie")
def test_without_a_refresh_token_the_session_still_serves(stack: Stack) -> None:
    stack.cognito.token_answer = {"refresh_token": "r" * 4000}
    browser = stack.signed_in()
    assert stack.logged("session_too_large")[0]["left_out"][-1] == "refresh_token"
    for _ in range(2):
        stack.clock.advance(3599)
        assert browser.is_signed_in
    assert stack.cognito.calls("token") == 1


@pytest.mark.sessions("cookie")
def test_of_many_groups_a_cookie_keeps_those_that_the_app_asks_for(stack: Stack) -> None:
    stack.cognito.user.groups = [f"a-group-with-a-long-name-{number:03}" for number in range(120)]
    claims = stack.signed_in().get("/me").json
    assert claims["left_out"] == ["cognito:groups"], "and nothing else"
    wanted = stack.signed_in(SESSION_GROUPS="staff, a-group-with-a-long-name-117")
    claims = wanted.get("/me").json
    assert claims["cognito:groups"] == ["a-group-with-a-long-name-117"]
    assert "left_out" not in claims
