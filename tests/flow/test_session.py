"""How long a session lasts, and what ends it."""

from __future__ import annotations

import pytest

from tests.flow.browser import Browser
from tests.flow.conftest import Stack

pytestmark = pytest.mark.sessions("cookie", "table")


@pytest.fixture
def signed_in(stack: Stack) -> Browser:
    browser = stack.browser(SESSION_IDLE_SECONDS="7200", SESSION_MAX_SECONDS="36000")
    stack.sign_in(browser)
    return browser


def is_signed_in(browser: Browser) -> bool:
    return browser.get("/me").status == 200


def test_me_shows_the_claims_as_json(stack: Stack, signed_in: Browser) -> None:
    answer = signed_in.get("/me")
    user = stack.cognito.user
    assert answer.headers["content-type"] == "application/json"
    assert answer.json == {
        "sub": user.sub,
        "name": user.name,
        "email": user.email,
        "email_verified": True,
        "cognito:username": user.username,
    }


def test_me_without_a_session_is_a_401_problem(browser: Browser) -> None:
    answer = browser.get("/me")
    assert answer.status == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json["status"] == 401


def test_groups_and_custom_attributes_reach_me(stack: Stack, browser: Browser) -> None:
    stack.cognito.user.groups = ["staff"]
    stack.cognito.user.custom = {"custom:plan": "gold"}
    stack.sign_in(browser)
    claims = browser.get("/me").json
    assert (claims["cognito:groups"], claims["custom:plan"]) == (["staff"], "gold")


def test_an_idle_session_ends(stack: Stack, signed_in: Browser) -> None:
    stack.clock.advance(7201)
    assert not is_signed_in(signed_in)
    assert signed_in.cookies == {}


def test_use_keeps_a_session_alive_until_its_absolute_end(stack: Stack, signed_in: Browser) -> None:
    for _ in range(9):
        stack.clock.advance(3900)
        assert is_signed_in(signed_in)
    stack.clock.advance(1000)
    assert not is_signed_in(signed_in)


@pytest.mark.sessions("cookie")
def test_activity_is_noted_only_when_it_is_worth_a_cookie(stack: Stack, signed_in: Browser) -> None:
    stack.clock.advance(700)
    assert signed_in.get("/").cookies == ()
    stack.clock.advance(30)
    assert len(signed_in.get("/").cookies) == 1
    assert signed_in.get("/").cookies == ()


def test_lowered_limits_hold_for_sessions_that_exist(stack: Stack, signed_in: Browser) -> None:
    stricter = stack.browser(SESSION_IDLE_SECONDS="60")
    stricter.cookies = signed_in.cookies
    stack.clock.advance(61)
    assert not is_signed_in(stricter)


@pytest.mark.parametrize("harm", ["half", "changed", "junk", "empty", "non_ascii"])
def test_a_cookie_that_is_no_good_means_signed_out(signed_in: Browser, harm: str) -> None:
    ((name, value),) = signed_in.cookies.items()
    middle = len(value) // 2
    other = "A" if value[middle] != "A" else "B"
    signed_in.cookies[name] = {
        "half": value[:middle],
        "changed": value[:middle] + other + value[middle + 1 :],
        "junk": "x" * 64,
        "empty": "",
        "non_ascii": "ü" * 64,
    }[harm]
    page = signed_in.get("/")
    assert page.status == 200
    assert "Create account" in page.body
    assert signed_in.cookies == {}


def test_a_refresh_without_an_id_token_keeps_the_session_and_the_rotated_token(
    stack: Stack,
) -> None:
    """OIDC Core §12.2 allows it."""
    stack.cognito.refresh_token_rotation = True
    browser = stack.browser()
    stack.sign_in(browser)
    claims = browser.get("/me").json
    stack.cognito.token_answer = {"id_token": None}
    for _ in range(3):
        stack.clock.advance(stack.cognito.access_token_seconds - 1)
        browser.get("/me")
        stack.clock.advance(1)
        assert browser.get("/me").json == claims
    assert stack.cognito.calls("token") == 4
    stack.cognito.user.enabled = False
    stack.clock.advance(stack.cognito.access_token_seconds - 1)
    browser.get("/me")
    stack.clock.advance(1)
    assert browser.get("/me").status == 401


def test_a_refreshed_id_token_may_repeat_the_sign_ins_nonce_and_no_other(
    stack: Stack, signed_in: Browser
) -> None:
    (authorize,) = stack.cognito.requests["authorize"]
    stack.cognito.access_token_seconds = 300
    stack.cognito.id_token_claims = {"nonce": authorize.query["nonce"]}
    stack.clock.advance(3599)
    signed_in.get("/me")
    stack.clock.advance(1)
    assert signed_in.get("/me").status == 200
    stack.cognito.id_token_claims = {"nonce": "another"}
    stack.clock.advance(300)
    assert signed_in.get("/me").status == 401
    assert stack.logged("session_ended")[0]["reason"] == "refresh_other_nonce"


def test_without_expires_in_the_id_tokens_end_says_when_to_refresh(
    stack: Stack, browser: Browser
) -> None:
    """It is optional: RFC 6749 §5.1."""
    stack.cognito.token_answer = {"expires_in": None}
    stack.cognito.access_token_seconds = 600
    stack.sign_in(browser)
    stack.clock.advance(599)
    assert browser.get("/me").status == 200
    assert stack.cognito.calls("token") == 1
    stack.clock.advance(1)
    assert browser.get("/me").status == 200
    assert stack.cognito.calls("token") == 2
    stack.cognito.token_answer = {"expires_in": None, "id_token": None}
    stack.clock.advance(600)
    assert browser.get("/me").status == 200
    stack.clock.advance(300)
    assert browser.get("/me").status == 200
    assert stack.cognito.calls("token") == 4


def test_what_was_sealed_on_localhost_serves_nowhere_else(stack: Stack, browser: Browser) -> None:
    """A stack on a developer's machine that uses the same secret, as with `sam local`."""
    local = stack.browser(APP_URL="http://localhost:3000")
    callback = stack.cognito.visit(local.get("/login").location)
    attempt = dict(local.cookies)
    local.get(callback)
    assert local.get("/me").status == 200
    browser.cookies = {f"__Host-{name}": value for name, value in local.cookies.items()}
    assert browser.get("/me").status == 401
    browser.cookies = {f"__Host-{name}": value for name, value in attempt.items()}
    assert browser.get(callback.replace("http://localhost:3000", "")).status == 400
    assert stack.logged("attempt_not_usable")


def test_an_attempt_cannot_pass_for_a_session(browser: Browser) -> None:
    browser.get("/login")
    (sealed,) = browser.cookies.values()
    browser.cookies["__Host-foyer-session"] = sealed
    assert browser.get("/me").status == 401


def test_the_session_is_refreshed_after_the_access_tokens_life(
    stack: Stack, signed_in: Browser
) -> None:
    stack.cognito.user.name = "Married Name"
    stack.clock.advance(3601)
    assert "Married Name" in signed_in.get("/").body
    calls = stack.cognito.upstream_calls
    assert signed_in.get("/").cookies == ()
    assert stack.cognito.upstream_calls == calls


def test_attributes_that_are_gone_leave_the_session(stack: Stack, browser: Browser) -> None:
    stack.cognito.user.custom = {"custom:plan": "gold"}
    stack.sign_in(browser)
    stack.cognito.user.custom = {}
    stack.clock.advance(3599)
    assert "custom:plan" in browser.get("/me").json
    stack.clock.advance(1)
    assert "custom:plan" not in browser.get("/me").json


def test_rotated_refresh_tokens_are_kept(stack: Stack, signed_in: Browser) -> None:
    stack.cognito.refresh_token_rotation = True
    for _ in range(3):
        stack.clock.advance(3601)
        assert is_signed_in(signed_in)
    sent = [call.form.get("refresh_token") for call in stack.cognito.requests["token"][1:]]
    assert len(set(sent)) == 3


def test_two_tabs_may_refresh_at_once(stack: Stack, signed_in: Browser) -> None:
    stack.cognito.refresh_token_rotation = True
    stack.cognito.rotation_grace_seconds = 60
    stack.clock.advance(3601)
    as_sent_by_both = dict(signed_in.cookies)
    assert is_signed_in(signed_in)
    other_tab = stack.browser(SESSION_IDLE_SECONDS="7200", SESSION_MAX_SECONDS="36000")
    other_tab.cookies = as_sent_by_both
    assert is_signed_in(other_tab)
    stack.clock.advance(3601)
    assert is_signed_in(signed_in)
    assert is_signed_in(other_tab)


def test_users_who_are_signed_out_everywhere_see_a_message(
    stack: Stack, signed_in: Browser
) -> None:
    stack.cognito.sign_out_everywhere()
    stack.clock.advance(3601)
    page = signed_in.get("/")
    assert page.status == 200
    assert "You were signed out" in page.body
    assert signed_in.named("session") == {}
    assert "You were signed out" not in signed_in.get("/").body


def test_me_says_it_with_a_401(stack: Stack, signed_in: Browser) -> None:
    stack.cognito.user.enabled = False
    stack.clock.advance(3601)
    answer = signed_in.get("/me")
    assert answer.status == 401
    assert "You were signed out" in answer.json["detail"]
    assert signed_in.named("session") == {}


def test_cognito_out_of_order_does_not_stretch_the_idle_time(
    stack: Stack, signed_in: Browser
) -> None:
    stack.cognito.fault("token", "http_500")
    stack.clock.advance(7200)
    assert not is_signed_in(signed_in)


def test_a_rotated_token_is_kept_even_when_the_keys_cannot_be_had(stack: Stack) -> None:
    cognito = stack.cognito
    cognito.refresh_token_rotation = True
    browser = stack.browser()
    stack.sign_in(browser)
    new_container = stack.browser()
    new_container.cookies = browser.cookies
    stack.clock.advance(3599)
    assert is_signed_in(browser)
    cognito.fault("jwks", "http_500")
    stack.clock.advance(1)
    assert is_signed_in(new_container)
    cognito.repair("jwks")
    stack.clock.advance(30)
    assert is_signed_in(new_container)
    assert stack.logged("session_ended") == []
    assert cognito.calls("token") == 3


def test_a_refresh_for_another_user_ends_the_session(stack: Stack, signed_in: Browser) -> None:
    stack.cognito.id_token_claims = {"sub": "somebody-else"}
    stack.clock.advance(3601)
    assert not is_signed_in(signed_in)
    assert stack.logged("session_ended")[0]["reason"] == "refresh_other_subject"


@pytest.mark.parametrize("claim", ["iss", "aud"])
def test_a_refresh_for_another_issuer_or_audience_ends_the_session(
    stack: Stack, signed_in: Browser, claim: str
) -> None:
    stack.cognito.id_token_claims = {claim: "https://elsewhere.example"}
    stack.clock.advance(3601)
    assert not is_signed_in(signed_in)


@pytest.mark.sessions("cookie")
def test_a_session_too_large_for_a_cookie_leaves_out_the_least_needed(
    stack: Stack, browser: Browser
) -> None:
    stack.cognito.user.custom = {"custom:about": "x" * 1500, "custom:zoo": "z" * 1500}
    stack.sign_in(browser)
    claims = browser.get("/me").json
    assert claims["email"] == stack.cognito.user.email
    assert "custom:zoo" not in claims
    assert claims.get("left_out") == ["custom:zoo"]
    assert stack.logged("session_too_large")[0]["left_out"][0] == "custom:zoo"
    stack.clock.advance(3599)
    browser.get("/")
    stack.clock.advance(2)
    calls = stack.cognito.calls("token")
    assert is_signed_in(browser)
    assert stack.cognito.calls("token") == calls + 1, "the refresh token was kept"


@pytest.mark.sessions("cookie")
def test_without_a_refresh_token_the_session_still_serves(stack: Stack, browser: Browser) -> None:
    stack.cognito.token_answer = {"refresh_token": "r" * 4000}
    stack.sign_in(browser)
    assert stack.logged("session_too_large")[0]["left_out"][-1] == "refresh_token"
    stack.clock.advance(3599)
    assert is_signed_in(browser)
    stack.clock.advance(3599)
    assert is_signed_in(browser)
    assert stack.cognito.calls("token") == 1


@pytest.mark.sessions("cookie")
def test_of_many_groups_a_cookie_keeps_those_that_the_app_asks_for(stack: Stack) -> None:
    stack.cognito.user.groups = [f"a-group-with-a-long-name-{number:03}" for number in range(120)]
    everything = stack.browser()
    stack.sign_in(everything)
    assert everything.get("/me").json["left_out"] == ["cognito:groups"], "and nothing else"
    wanted = stack.browser(SESSION_GROUPS="staff, a-group-with-a-long-name-117")
    stack.sign_in(wanted)
    assert wanted.get("/me").json["cognito:groups"] == ["a-group-with-a-long-name-117"]
    assert "left_out" not in wanted.get("/me").json
