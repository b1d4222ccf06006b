"""Answers that arrive late, as browsers send requests side by side.

tests/unit/test_late_answers.py tries any order; these are the cases that people meet.
"""

from __future__ import annotations

import pytest

from tests.flow.browser import Answer, Browser
from tests.flow.conftest import Stack

pytestmark = pytest.mark.sessions("cookie", "table")

RENEWAL, REFRESH = 1000, 3599  # seconds after sign-in


@pytest.fixture
def signed_in(stack: Stack, browser: Browser) -> Browser:
    stack.cognito.access_token_seconds = REFRESH
    stack.sign_in(browser)
    return browser


def held_sign_in(stack: Stack, browser: Browser) -> Answer:
    late = browser.held("GET", stack.cognito.visit(browser.get("/login").location))
    stack.clock.advance(0.001)  # whatever is answered now is newer
    return late


@pytest.mark.sessions("cookie")
@pytest.mark.parametrize("seconds", [RENEWAL, REFRESH])
def test_a_late_answer_does_not_undo_a_sign_out(
    stack: Stack, signed_in: Browser, seconds: int
) -> None:
    stack.clock.advance(seconds)
    late = signed_in.held("GET", "/me")
    assert len(late.cookies) >= 1
    signed_in.post("/logout")
    signed_in.arrive(late)
    assert signed_in.get("/me").status == 401
    assert signed_in.named("session") == {}


def test_a_late_sign_in_does_not_undo_a_sign_out(stack: Stack, signed_in: Browser) -> None:
    late = held_sign_in(stack, signed_in)
    signed_in.post("/logout")
    signed_in.arrive(late)
    assert signed_in.get("/me").status == 401


@pytest.mark.parametrize("seconds", [RENEWAL, REFRESH])
def test_a_late_answer_does_not_bring_the_person_before_back(
    stack: Stack, signed_in: Browser, seconds: int
) -> None:
    stack.clock.advance(seconds)
    late = signed_in.held("GET", "/me")
    stack.cognito.user.name = "Next Person"
    stack.sign_in(signed_in)
    signed_in.arrive(late)
    assert signed_in.get("/me").json["name"] == "Next Person"
    assert len(signed_in.named("session")) == 1


def test_a_late_sign_in_does_not_replace_a_newer_one(stack: Stack, browser: Browser) -> None:
    late = held_sign_in(stack, browser)
    stack.cognito.user.name = "Next Person"
    stack.sign_in(browser)
    browser.arrive(late)
    assert browser.get("/me").json["name"] == "Next Person"


def test_a_late_sign_out_leaves_a_newer_sign_in_alone(stack: Stack, signed_in: Browser) -> None:
    late = signed_in.held("POST", "/logout", **{"sec-fetch-site": "same-origin"})
    stack.sign_in(signed_in)
    signed_in.arrive(late)
    assert signed_in.get("/me").status == 200


def test_a_late_end_leaves_a_newer_sign_in_alone(stack: Stack, signed_in: Browser) -> None:
    stack.cognito.sign_out_everywhere()
    stack.clock.advance(REFRESH)
    late = signed_in.held("GET", "/")
    assert "You were signed out" in late.body
    stack.sign_in(signed_in)
    signed_in.arrive(late)
    assert signed_in.get("/me").status == 200


def test_a_late_answer_does_not_bring_back_a_refresh_token_that_was_replaced(
    stack: Stack, signed_in: Browser
) -> None:
    stack.cognito.refresh_token_rotation = True
    stack.clock.advance(REFRESH - 1)
    late = signed_in.held("GET", "/me")
    stack.clock.advance(1)
    signed_in.get("/me")
    signed_in.arrive(late)
    stack.clock.advance(REFRESH)
    assert signed_in.get("/me").status == 200


@pytest.mark.sessions("cookie")
def test_a_refused_refresh_leaves_alone_what_another_tab_got(
    stack: Stack, signed_in: Browser
) -> None:
    stack.cognito.refresh_token_rotation = True
    stack.clock.advance(REFRESH)
    first = signed_in.held("GET", "/me")
    stack.clock.advance(1)
    late = signed_in.held("GET", "/me")
    assert (first.status, late.status) == (200, 401)
    signed_in.arrive(first)
    signed_in.arrive(late)
    assert signed_in.get("/me").status == 200


@pytest.mark.parametrize("seconds", [RENEWAL, REFRESH])
def test_forty_parts_of_a_page_at_once_leave_one_cookie(
    stack: Stack, signed_in: Browser, seconds: int
) -> None:
    stack.clock.advance(seconds)
    for late in [signed_in.held("GET", "/me") for _ in range(40)]:
        signed_in.arrive(late)
    assert signed_in.get("/me").status == 200
    assert len(signed_in.cookies) == 1
