"""Whatever goes wrong at Cognito while a session is refreshed postpones the refresh or ends it."""

from __future__ import annotations

import pytest

from tests.flow.conftest import Stack
from tests.flow.fault_scene import arrange
from tests.flow.faults import (
    AT_SIGHT,
    FATAL,
    JWKS_WIRE,
    KEY_SETS,
    ON_VERIFICATION,
    TOKEN_ERRORS,
    TOKEN_WIRE,
    Fault,
    refusal,
)

LONGEST_REFRESH = 6  # seconds

# Only Cognito's word, or an ID token that proves wrong, ends a session.
POSTPONING = [
    *TOKEN_WIRE,
    refusal("invalid_client"),
    *JWKS_WIRE,
    *KEY_SETS,
    *(fault for fault in ON_VERIFICATION if fault.reason == "id_token_unknown_key"),
]
ENDING = [
    *(refusal(error) for error in TOKEN_ERRORS if error != "invalid_client"),
    *AT_SIGHT,
    *(
        fault
        for fault in ON_VERIFICATION
        if fault.reason not in {"id_token_unknown_key", "id_token_wrong_nonce"}
    ),
]


def test_a_refreshed_token_is_judged_like_the_first_but_for_its_nonce() -> None:
    told_apart = {fault.name for fault in (*POSTPONING, *ENDING)}
    assert {fault.name for fault in FATAL} - told_apart == {
        "id_token:wrong_nonce",
        "id_token:missing_nonce",
        "userinfo:other_subject",
    }


@pytest.mark.parametrize("fault", POSTPONING, ids=str)
def test_a_fault_during_refresh_leaves_the_session_to_be_refreshed_later(
    stack: Stack, capsys: pytest.CaptureFixture[str], fault: Fault
) -> None:
    scene = arrange(stack, capsys, fault.hurried)
    good_keys = stack.cognito.jwks
    stack.clock.advance(stack.cognito.access_token_seconds)
    fault.begin(stack.cognito)

    page = scene.get("/")

    assert page.status == 200
    assert stack.cognito.user.name in page.body
    scene.logged_once("refresh_postponed", fault.reason)
    assert scene.metrics == (("RefreshPostponed", fault.reason),)
    assert scene.has_called(*fault.calls)
    assert scene.seconds <= LONGEST_REFRESH

    assert scene.get("/me").status == 200
    assert scene.has_called(0, 0, 0), "not tried again at once"

    if fault.name.endswith("refused"):
        return  # nobody listens there any more
    stack.cognito.mend(fault.name.partition(":")[0])
    stack.cognito.id_token_defect(None)
    stack.cognito.jwks = good_keys
    stack.cognito.user.name = "Canary Newer Name"
    stack.clock.advance(30)
    assert "Canary Newer Name" in scene.get("/").body
    assert len(stack.logged("refresh_postponed")) == 1


@pytest.mark.parametrize("fault", ENDING, ids=str)
def test_a_refusal_during_refresh_ends_the_session_and_says_so(
    stack: Stack, capsys: pytest.CaptureFixture[str], fault: Fault
) -> None:
    scene = arrange(stack, capsys, fault.hurried)
    stack.clock.advance(stack.cognito.access_token_seconds)
    fault.begin(stack.cognito)

    page = scene.get("/")

    assert page.status == 200
    assert "You were signed out. Please sign in again." in page.body
    assert stack.cognito.user.name not in page.body
    assert scene.browser.cookies == {}
    scene.logged_once("session_ended", fault.reason)
    assert scene.metrics == (("SessionEnded", fault.reason),)
    assert scene.has_called(*fault.calls)
    assert scene.seconds <= LONGEST_REFRESH
    assert scene.browser.get("/me").status == 401


@pytest.mark.parametrize("fault", [*TOKEN_WIRE[:1], *KEY_SETS[:1]], ids=str)
def test_a_session_that_cannot_be_refreshed_still_ends_when_nobody_uses_it(
    stack: Stack, capsys: pytest.CaptureFixture[str], fault: Fault
) -> None:
    scene = arrange(stack, capsys)
    stack.clock.advance(stack.cognito.access_token_seconds)
    fault.begin(stack.cognito)
    assert scene.get("/me").status == 200
    stack.clock.advance(7200)
    assert scene.get("/me").status == 401
