"""Answers that arrive late, as browsers send requests side by side."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.fake_cognito import User
from tests.flow.browser import OWN_PAGE, Browser
from tests.flow.conftest import Stack

pytestmark = pytest.mark.sessions("cookie", "table")

# Seconds until a session is renewed, is refreshed, and ends; seven requests take less than that.
RENEWAL, REFRESH, IDLE = 40, 50, 400
PASSES = {"renew": RENEWAL, "refresh": REFRESH}


@pytest.fixture(autouse=True)
def _refresh(stack: Stack) -> None:
    stack.cognito.access_token_seconds = REFRESH


@pytest.fixture
def signed_in(stack: Stack) -> Browser:
    return stack.signed_in(SESSION_IDLE_SECONDS=str(IDLE))


Step = tuple[str, int, int]  # what is asked, and how many steps until the answer is made, arrives
IN, OUT = ("sign in", 0, 0), ("sign out", 0, 0)
STEPS = st.tuples(
    st.sampled_from(["use", "renew", "refresh", "sign in", "sign out"]),
    st.integers(0, 4),
    st.integers(0, 4),
)


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(STEPS, max_size=7))
@example([IN, ("renew", 0, 2), OUT])
@example([IN, ("refresh", 0, 2), OUT])
@example([IN, ("renew", 0, 2), IN])
@example([IN, ("refresh", 0, 2), IN])
@example([IN, ("sign in", 0, 2), OUT])
@example([IN, ("sign in", 0, 2), IN])
@example([IN, ("sign out", 0, 2), IN])
def test_in_any_order_the_latest_sign_in_or_sign_out_counts(
    stack: Stack, steps: list[Step]
) -> None:
    browser = stack.browser(SESSION_IDLE_SECONDS=str(IDLE))
    moments = sorted(
        moment
        for number, (_, waits, travels) in enumerate(steps)
        for moment in (
            (number, "1 sent", number),
            (number + waits, "2 answered", number),
            (number + waits + travels, "3 arrived", number),
        )
    )
    requests, answers = {}, {}
    latest = (-1, "")  # when the latest sign-in or sign-out that arrived was made, and of whom
    for at, (_, moment, number) in enumerate(moments):
        what = steps[number][0]
        if moment == "1 sent":
            url, person = {"sign out": "/logout"}.get(what, "/me"), ""
            if what == "sign in":
                stack.cognito.user = User()
                url, person = stack.callback(browser), stack.cognito.user.sub
            method = "POST" if what == "sign out" else "GET"
            requests[number] = person, browser.event(method, url, OWN_PAGE)
        elif moment == "2 answered":
            stack.clock.advance(PASSES.get(what, 1))
            answers[number] = at, browser.answered(requests[number][1])
        else:
            made_at, answer = answers[number]
            browser.arrive(answer)
            if what in ("sign in", "sign out"):
                assert answer.status in (200, 303)
                latest = max(latest, (made_at, requests[number][0]))
    me = browser.get("/me")
    assert (me.json["sub"] if me.status == 200 else "") == latest[1]
    assert len(browser.named("session")) <= 1, "late answers leave nothing behind"


def test_a_late_notice_of_an_end_ends_no_newer_sign_in(stack: Stack, signed_in: Browser) -> None:
    stack.cognito.sign_out_everywhere()
    stack.clock.advance(REFRESH)
    late = signed_in.held("GET", "/")
    assert "You were signed out" in late.body
    stack.sign_in(signed_in)
    signed_in.arrive(late)
    assert signed_in.is_signed_in


def test_a_late_answer_restores_no_old_refresh_token(stack: Stack, signed_in: Browser) -> None:
    stack.cognito.refresh_token_rotation = True
    stack.clock.advance(REFRESH - 1)
    late = signed_in.held("GET", "/me")
    stack.clock.advance(1)
    signed_in.get("/me")
    signed_in.arrive(late)
    stack.clock.advance(REFRESH)
    assert signed_in.is_signed_in


@pytest.mark.sessions("cookie")
def test_a_refused_refresh_ends_no_other_tabs_session(stack: Stack, signed_in: Browser) -> None:
    stack.cognito.refresh_token_rotation = True
    stack.clock.advance(REFRESH)
    first = signed_in.held("GET", "/me")
    stack.clock.advance(1)
    late = signed_in.held("GET", "/me")
    assert (first.status, late.status) == (200, 401)
    signed_in.arrive(first)
    signed_in.arrive(late)
    assert signed_in.is_signed_in


@pytest.mark.parametrize("seconds", [RENEWAL, REFRESH])
def test_forty_answers_at_once_leave_one_cookie(
    stack: Stack, signed_in: Browser, seconds: int
) -> None:
    stack.clock.advance(seconds)
    for late in [signed_in.held("GET", "/me") for _ in range(40)]:
        signed_in.arrive(late)
    assert signed_in.is_signed_in
    assert len(signed_in.cookies) == 1
