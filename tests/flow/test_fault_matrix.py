"""Whatever goes wrong at Cognito during sign-in has one outcome, and it is written down here.

For each fault: status and page, the reason in the log and in the metrics, the calls that were
made, what becomes of the cookies, and the longest that a visitor may have to wait.
"""

from __future__ import annotations

import pytest

from tests.fake_tokens import ID_TOKEN_DEFECTS, JWKS_DEFECTS
from tests.flow.conftest import Stack
from tests.flow.fault_scene import arrange
from tests.flow.faults import (
    BAD_AT_SIGHT,
    BAD_KEY_SET,
    BAD_ON_VERIFICATION,
    BEARER_ERRORS,
    FATAL,
    HARMLESS,
    WIRE,
    Fault,
    on_the_wire,
)
from tests.wire_faults import WIRE_FAULTS

LONGEST_SIGN_IN = 12  # seconds

HEADINGS = {
    400: "That sign-in cannot be finished",
    502: "Sign-in did not work",
    503: "Sign-in is not available right now",
    504: "Sign-in took too long",
}


def test_every_fault_is_in_the_matrix() -> None:
    assert {*WIRE, "reset_if_reused"} == {*WIRE_FAULTS, "refused"}
    defects = [*BAD_AT_SIGHT.values(), *BAD_ON_VERIFICATION.values()]
    assert sorted(name for names in defects for name in names) == sorted(ID_TOKEN_DEFECTS)
    key_sets = {name for names in BAD_KEY_SET.values() for name in names}
    assert key_sets | HARMLESS == JWKS_DEFECTS.keys()


@pytest.mark.parametrize("fault", FATAL, ids=str)
def test_a_fault_during_sign_in_has_its_outcome(
    stack: Stack, capsys: pytest.CaptureFixture[str], fault: Fault
) -> None:
    scene = arrange(stack, capsys, fault.hurried)
    browser = scene.browser
    browser.get("/login?return_to=/other-tab")
    before = dict(browser.cookies)
    callback = stack.cognito.visit(browser.get("/login").location)
    fault.begin(stack.cognito)

    answer = scene.get(callback)

    assert answer.status == fault.status
    assert f"<h1>{HEADINGS[fault.status]}</h1>" in answer.body
    assert ("retry-after" in answer.headers) == (fault.status == 503)
    scene.logged_once("request_failed", fault.reason)
    assert stack.logged("request_failed")[0]["correlation_id"] in answer.body
    assert scene.metrics == (("SignInFailed", fault.reason),)
    assert scene.has_called(*fault.calls)
    assert browser.cookies == before, "session and other tab as they were, this attempt forgotten"
    assert browser.get("/me").status == 200
    assert scene.seconds <= LONGEST_SIGN_IN


UNTOLD = [
    *(on_the_wire("userinfo", kind) for kind in WIRE),
    *(
        Fault(
            f"userinfo:{error}",
            f"userinfo_{error}",
            401,
            (1, 1, 1),
            lambda cognito, error=error: cognito.fault("userinfo", error),  # type: ignore[misc]
        )
        for error in BEARER_ERRORS
    ),
    Fault(
        "userinfo:connection died",
        "userinfo_unreachable",
        502,
        (1, 1, 1),
        lambda cognito: cognito.fault("userinfo", "reset_if_reused"),
    ),
]


@pytest.mark.parametrize("fault", UNTOLD, ids=str)
def test_without_userinfo_the_verified_id_token_serves(
    stack: Stack, capsys: pytest.CaptureFixture[str], fault: Fault
) -> None:
    scene = arrange(stack, capsys, fault.hurried)
    callback = stack.cognito.visit(scene.browser.get("/login").location)
    before = scene.browser.named("session")
    fault.begin(stack.cognito)

    answer = scene.get(callback)

    assert (answer.status, answer.location) == (303, "/")
    scene.logged_once("userinfo_failed", fault.reason)
    assert stack.logged("request_failed") == []
    assert scene.metrics == (("SignInSucceeded", None),)
    assert scene.has_called(*fault.calls)
    assert scene.browser.named("session") != before
    assert scene.browser.get("/me").json["email"] == stack.cognito.user.email
    assert scene.seconds <= LONGEST_SIGN_IN


@pytest.mark.parametrize("defect", sorted(HARMLESS))
def test_odd_keys_beside_good_ones_do_no_harm(
    stack: Stack, capsys: pytest.CaptureFixture[str], defect: str
) -> None:
    scene = arrange(stack, capsys)
    callback = stack.cognito.visit(scene.browser.get("/login").location)
    stack.cognito.jwks_defect(defect)
    assert scene.get(callback).status == 303


@pytest.mark.parametrize("endpoint", ["token", "jwks"])
def test_a_connection_that_died_since_the_last_sign_in_does_no_harm(
    stack: Stack, endpoint: str
) -> None:
    browser = stack.browser()
    stack.sign_in(browser)
    stack.cognito.rotate_keys()
    stack.cognito.fault(endpoint, "reset_if_reused")
    assert stack.sign_in(browser).status == 303


def test_keys_rotated_since_the_last_sign_in_are_fetched_once(
    stack: Stack, capsys: pytest.CaptureFixture[str]
) -> None:
    scene = arrange(stack, capsys)
    stack.sign_in(scene.browser)
    stack.cognito.rotate_keys()
    callback = stack.cognito.visit(scene.browser.get("/login").location)
    assert scene.get(callback).status == 303
    assert scene.has_called(1, 1, 1)
