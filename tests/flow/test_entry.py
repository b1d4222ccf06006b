"""Who may enter: by the domain of a verified e-mail address, by group, at every check."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest

from tests.flow.conftest import Counted, Stack
from tests.flow.guards import Guards

WHEREVER_IT_IS_KEPT = pytest.mark.sessions("cookie", "table")
ACCESS_TOKEN = 900  # seconds
DOMAINS = {"ALLOWED_EMAIL_DOMAINS": "Example.COM, bücher.example, xn--mnchen-3ya.example"}
GROUPS = {"ALLOWED_GROUPS": "staff,admins"}


@pytest.fixture(autouse=True)
def _short_checks(stack: Stack) -> None:
    stack.cognito.access_token_seconds = ACCESS_TOKEN
    stack.cognito.refresh_token_rotation = True


def enters(stack: Stack, **environ: str) -> bool:
    browser = stack.browser(**environ)
    answer = stack.sign_in(browser)
    assert (answer.status, bool(browser.named("session"))) in ((303, True), (403, False))
    return answer.status == 303


def text_of(page: str) -> str:
    return html.unescape(re.sub(r"<[^>]+>", "", page.partition("<h1>")[2]))


# At the callback


@pytest.mark.parametrize(
    ("email", "is_allowed"),
    [
        ("visitor@EXAMPLE.com", True),
        ("visitor@xn--bcher-kva.example", True),
        ("visitor@münchen.example", True),
        ("visitor@other.example", False),
        ("visitor@sub.example.com", False),
        ("visitor@notexample.com", False),
        ("visitor@evil.example,visitor@example.com", False),
        ("", False),
    ],
)
def test_only_addresses_of_allowed_domains_enter(
    stack: Stack, email: str, is_allowed: bool
) -> None:
    stack.cognito.user.email = email
    assert enters(stack, **DOMAINS) is is_allowed
    assert stack.reasons() == ([] if is_allowed else ["entry_email_domain"])


@pytest.mark.parametrize("verified", [False, "false", None, 1, "True", ["true"]])
def test_an_address_that_is_not_verified_does_not_count(stack: Stack, verified: Any) -> None:
    stack.cognito.id_token_claims = {"email_verified": verified}
    page = stack.sign_in(stack.browser(**DOMAINS))
    assert page.status == 403
    assert "verified e-mail address" in text_of(page.body)
    assert stack.reasons() == ["entry_email_unverified"]


def test_an_address_that_only_userinfo_has_does_not_count(stack: Stack) -> None:
    stack.cognito.id_token_claims = {"email": None}
    assert not enters(stack, **DOMAINS)


@pytest.mark.parametrize(
    "claim", [None, [], ["Staff"], ["staff,admins"], "staff", ["staff", 1], {"staff": True}]
)
def test_a_user_in_none_of_them_does_not(stack: Stack, claim: Any) -> None:
    stack.cognito.id_token_claims = {"cognito:groups": claim}
    assert not enters(stack, **GROUPS)
    assert stack.reasons() == ["entry_group"]


def test_with_both_settings_both_must_hold(stack: Stack) -> None:
    user = stack.cognito.user
    for email, groups in (("a@example.com", []), ("a@other.example", ["staff"])):
        user.email, user.groups = email, groups
        assert not enters(stack, **DOMAINS, **GROUPS)
    user.email, user.groups = "a@example.com", ["customers", "admins"]
    assert enters(stack, **DOMAINS, **GROUPS)


def test_the_page_says_which_account_it_was(stack: Stack, counted: Counted) -> None:
    stack.cognito.user.email = "<b>ada</b>&co@other.example"
    browser = stack.browser(**DOMAINS)
    page = stack.sign_in(browser, "/login?return_to=/notes%3Fpage=2")
    assert page.status == 403
    assert "You used the account <b>ada</b>&co@other.example." in text_of(page.body)
    assert "<b>ada" not in page.body
    assert 'href="/login?return_to=/notes%3Fpage%3D2&amp;prompt=login"' in page.body
    assert 'href="/logout"' in page.body
    assert browser.cookies == {}, "no session, and the attempt is over"
    again = browser.get("/login?return_to=/notes%3Fpage%3D2&prompt=login")
    assert "prompt=login" in again.location
    stack.cognito.user.email = "ada@example.com"
    assert browser.get(stack.cognito.visit(again.location)).location == "/notes?page=2"
    (line,) = stack.logged("request_failed")
    assert (line["sub"], line["status"]) == (stack.cognito.user.sub, 403)
    assert "other.example" not in stack.log_stream.getvalue()
    assert counted("SignInFailed") == [("SignInFailed", "entry_email_domain")]


@pytest.mark.parametrize(
    ("without", "shown"), [("email", "visitor"), ("cognito:username", "test@example.com")]
)
def test_without_an_address_the_page_shows_the_name(stack: Stack, without: str, shown: str) -> None:
    stack.cognito.id_token_claims = {without: None}
    page = stack.sign_in(stack.browser(**GROUPS))
    assert re.search(rf"You used the account \S*{re.escape(shown)}\.", text_of(page.body))


def test_the_tokens_of_a_refused_user_are_revoked(stack: Stack) -> None:
    assert not enters(stack, **GROUPS)
    assert stack.cognito.calls("revoke") == 1
    assert stack.cognito.calls("userinfo") == 0
    revoked = stack.cognito.requests["revoke"][0].form["token"]
    assert revoked in stack.cognito.handed_out
    stack.cognito.fault("revoke", "http_500")
    assert not enters(stack, **GROUPS), "even if the revocation fails"
    assert stack.logged("revocation_failed")[0]["sub"] == stack.cognito.user.sub


# At each refresh


@WHEREVER_IT_IS_KEPT
def test_a_user_no_longer_allowed_is_signed_out(stack: Stack, counted: Counted) -> None:
    stack.cognito.user.groups = ["staff"]
    browser = stack.signed_in(**DOMAINS, **GROUPS)
    for _ in range(2):
        stack.clock.advance(ACCESS_TOKEN)
        assert browser.is_signed_in
    assert stack.cognito.calls("token") == 3
    stack.cognito.user.groups = []
    stack.clock.advance(ACCESS_TOKEN)
    assert not browser.is_signed_in
    assert browser.named("session") == {}
    assert stack.reasons("session_ended") == ["entry_group"]
    assert counted("SessionEnded") == [("SessionEnded", "entry_group")]
    assert stack.cognito.calls("revoke") == 1
    assert stack.sign_in(browser).status == 403


@WHEREVER_IT_IS_KEPT
def test_a_setting_made_later_ends_sessions_that_it_does_not_allow(stack: Stack) -> None:
    before = stack.signed_in()
    after = stack.copy_of(before, ALLOWED_EMAIL_DOMAINS="other.example")
    stack.clock.advance(ACCESS_TOKEN)
    assert "You were signed out" in after.get("/").body
    assert not after.is_signed_in


@WHEREVER_IT_IS_KEPT
def test_a_refresh_without_an_id_token_ends_a_limited_session(stack: Stack) -> None:
    browser = stack.signed_in(**DOMAINS)
    stack.cognito.token_answer = {"id_token": None}
    stack.clock.advance(ACCESS_TOKEN)
    assert not browser.is_signed_in
    assert stack.reasons("session_ended") == ["entry_unknown"]


@pytest.mark.sessions("table")
def test_the_guard_checks_it_too(stack: Stack, counted: Counted) -> None:
    stack.cognito.user.groups = ["staff"]
    browser = stack.signed_in(**GROUPS)
    guards = Guards(stack, **GROUPS)
    assert guards.lets_in(browser)
    stack.cognito.user.groups = ["customers"]
    stack.clock.advance(ACCESS_TOKEN)
    assert not guards.lets_in(browser)
    assert counted("GuardRefused") == [("GuardRefused", "session_ended")]
