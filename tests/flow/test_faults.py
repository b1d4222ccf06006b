"""What a visitor sees when Cognito fails, and what stays unchanged: one fault of each kind.

Each fault of the wire is judged in tests/unit/test_cognito_http.py, each odd answer in
test_cognito_oauth.py, each defect of a token or a key set in test_id_token.py and
test_signing_keys.py.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass

import pytest

from tests.fake_cognito import FakeCognito
from tests.fake_tokens import JWKS_DEFECTS
from tests.flow.browser import Answer, Browser
from tests.flow.conftest import Stack
from tests.flow.impatience import Impatient
from tests.flow.private_values import found_in, private_values, somebody

pytestmark = pytest.mark.sessions("cookie", "table")

LONGEST_SIGN_IN, LONGEST_REFRESH = 12, 6  # seconds

HEADINGS = {
    400: "This sign-in cannot be completed",
    502: "Sign-in failed",
    503: "Sign-in is not available right now",
    504: "Sign-in took too long",
}
PATHS = {"token": "/oauth2/token", "jwks": "/jwks.json", "userinfo": "/oauth2/userInfo"}


@dataclass(frozen=True)
class Fault:
    """What goes wrong, and what comes of it: at sign-in, and at the refresh of a session."""

    where: str  # an endpoint, id_token or key_set
    kind: str
    reason: str
    status: int
    calls: tuple[int, int, int]  # to the token endpoint, for the key set, to UserInfo
    ends_session: bool = False

    def __str__(self) -> str:
        return f"{self.where}:{self.kind}"

    @property
    def hurried(self) -> str:
        """The end of the address whose calls are really cut short."""
        return PATHS.get(self.where, "") if self.kind in {"hang", "drip"} else ""

    def begin(self, cognito: FakeCognito) -> None:
        if self.where == "id_token":
            cognito.id_token_defect = self.kind
        elif self.where == "key_set":
            cognito.jwks = JWKS_DEFECTS[self.kind](cognito.jwks, cognito.attacker)
        else:
            cognito.fault(self.where, self.kind)


FAULTS = [
    Fault("token", "refused", "token_unreachable", 502, (0, 0, 0)),
    Fault("token", "reset", "token_unreachable", 502, (1, 0, 0)),
    Fault("token", "hang", "token_timeout", 504, (1, 0, 0)),
    Fault("token", "http_500", "token_failed", 502, (1, 0, 0)),
    Fault("token", "http_429", "token_throttled", 503, (1, 0, 0)),
    Fault("token", "garbage", "token_answer_malformed", 502, (1, 0, 0)),
    Fault("token", "invalid_client", "token_invalid_client", 502, (1, 0, 0)),
    Fault("token", "invalid_grant", "token_invalid_grant", 400, (1, 0, 0), ends_session=True),
    Fault(
        "token", "unauthorized_client", "token_unauthorized_client", 502, (1, 0, 0),
        ends_session=True,
    ),
    Fault("jwks", "drip", "jwks_timeout", 504, (1, 1, 0)),
    Fault("jwks", "http_503", "jwks_failed", 502, (1, 1, 0)),
    Fault("key_set", "duplicate_kid", "id_token_ambiguous_key", 502, (1, 1, 0)),
    Fault("id_token", "unknown_kid", "id_token_unknown_key", 502, (1, 1, 0)),
    Fault("id_token", "alg_none", "id_token_wrong_algorithm", 502, (1, 0, 0), ends_session=True),
    Fault("id_token", "expired", "id_token_expired", 502, (1, 1, 0), ends_session=True),
]  # fmt: skip
WITHOUT_USERINFO = [
    Fault("userinfo", "hang", "userinfo_timeout", 303, (1, 1, 1)),
    Fault("userinfo", "refused", "userinfo_unreachable", 303, (1, 1, 0)),
    Fault("userinfo", "reset_if_reused", "userinfo_unreachable", 303, (1, 1, 1)),
    Fault("userinfo", "http_500", "userinfo_failed", 303, (1, 1, 1)),
    Fault("userinfo", "garbage", "userinfo_answer_malformed", 303, (1, 1, 1)),
    Fault("userinfo", "invalid_token", "userinfo_invalid_token", 303, (1, 1, 1)),
]


def metrics(written: str) -> list[tuple[str, str | None]]:
    """Name and reason of each count in the embedded metric format."""
    counts = [json.loads(line) for line in written.splitlines()]
    return [
        (metric["Name"], count.get("reason"))
        for count in counts
        for directive in count["_aws"]["CloudWatchMetrics"]
        for metric in directive["Metrics"]
    ]


class Scene:
    """A visitor who is signed in, and the outcome of their next request to a fresh container."""

    def __init__(
        self, stack: Stack, capsys: pytest.CaptureFixture[str], fault: Fault | None = None
    ) -> None:
        self.stack, self.capsys = stack, capsys
        stack.cognito.user = somebody()
        limits = {"SESSION_IDLE_SECONDS": "7200"}
        self.browser: Browser = stack.signed_in(**limits)
        impatient = Impatient(stack.clock, fault.hurried if fault else "")
        self.browser.handler = stack.app(impatient, **limits)
        assert self.browser.is_signed_in

    def calls(self) -> list[int]:
        return [self.stack.cognito.calls(name) for name in PATHS]

    def get(
        self, url: str, *counted: tuple[str, str | None], calls: tuple[int, ...], within: float
    ) -> Answer:
        """Ask: just this is counted, these calls are made in time, nothing private is logged."""
        self.capsys.readouterr()
        started, before = self.stack.clock.elapsed, self.calls()
        answer = self.browser.get(url)
        assert self.stack.clock.elapsed - started <= within
        written = self.capsys.readouterr().out
        assert metrics(written) == list(counted)
        written += self.stack.log_stream.getvalue()
        assert found_in(written, private_values(self.stack)) == set()
        # A call that was given up may still be on its way in.
        patience = time.monotonic() + 10
        expected = [then + more for then, more in zip(before, calls, strict=True)]
        while self.calls() != expected and time.monotonic() < patience:
            time.sleep(0.01)
        assert self.calls() == expected
        return answer


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_a_fault_during_sign_in_is_a_calm_page_and_changes_nothing(
    stack: Stack, capsys: pytest.CaptureFixture[str], fault: Fault
) -> None:
    scene = Scene(stack, capsys, fault)
    browser = scene.browser
    browser.get("/login?return_to=/other-tab")
    before = dict(browser.cookies)
    callback = stack.callback(browser)
    fault.begin(stack.cognito)

    counted = ("SignInFailed", fault.reason)
    answer = scene.get(callback, counted, calls=fault.calls, within=LONGEST_SIGN_IN)

    assert answer.status == fault.status
    assert f"<h1>{HEADINGS[fault.status]}</h1>" in answer.body
    assert ("retry-after" in answer.headers) == (fault.status == 503)
    (line,) = stack.logged("request_failed")
    assert line["reason"] == fault.reason
    assert line["correlation_id"] in answer.body
    assert browser.cookies == before, "session and other tab as they were, this attempt forgotten"
    assert browser.is_signed_in


@pytest.mark.parametrize("fault", WITHOUT_USERINFO, ids=str)
def test_without_userinfo_the_verified_id_token_serves(
    stack: Stack, capsys: pytest.CaptureFixture[str], fault: Fault
) -> None:
    scene = Scene(stack, capsys, fault)
    callback = stack.callback(scene.browser)
    before = scene.browser.named("session")
    fault.begin(stack.cognito)

    counted = ("SignInSucceeded", None)
    answer = scene.get(callback, counted, calls=fault.calls, within=LONGEST_SIGN_IN)

    assert (answer.status, answer.location) == (303, "/")
    assert stack.reasons("userinfo_failed") == [fault.reason]
    assert scene.browser.named("session") != before
    assert scene.browser.get("/me").json["email"] == stack.cognito.user.email


@pytest.mark.parametrize("fault", [fault for fault in FAULTS if not fault.ends_session], ids=str)
def test_a_fault_during_refresh_leaves_the_session_to_be_refreshed_later(
    stack: Stack, capsys: pytest.CaptureFixture[str], fault: Fault
) -> None:
    scene = Scene(stack, capsys, fault)
    good_keys = stack.cognito.jwks
    stack.clock.advance(stack.cognito.access_token_seconds)
    fault.begin(stack.cognito)

    counted = ("RefreshPostponed", fault.reason)
    page = scene.get("/", counted, calls=fault.calls, within=LONGEST_REFRESH)

    assert page.status == 200
    assert stack.cognito.user.name in page.body
    (line,) = stack.logged("refresh_postponed")
    assert (line["reason"], line.get("sub")) == (fault.reason, stack.cognito.user.sub)

    stack.clock.advance(29)
    assert scene.get("/me", calls=(0, 0, 0), within=0).status == 200, "not tried again at once"

    if fault.kind == "refused":
        return  # the fake cannot listen there again
    stack.cognito.repair(fault.where)
    stack.cognito.id_token_defect = None
    stack.cognito.jwks = good_keys
    stack.cognito.user.name = "Canary Newer Name"
    stack.clock.advance(1)
    assert "Canary Newer Name" in scene.browser.get("/").body
    assert len(stack.logged("refresh_postponed")) == 1


@pytest.mark.parametrize("fault", [fault for fault in FAULTS if fault.ends_session], ids=str)
def test_a_refusal_during_refresh_ends_the_session_and_says_so(
    stack: Stack, capsys: pytest.CaptureFixture[str], fault: Fault
) -> None:
    """Only a refusal by Cognito, or an invalid ID token, ends a session."""
    scene = Scene(stack, capsys)
    stack.clock.advance(stack.cognito.access_token_seconds)
    fault.begin(stack.cognito)

    counted = ("SessionEnded", fault.reason)
    page = scene.get("/", counted, calls=fault.calls, within=LONGEST_REFRESH)

    assert page.status == 200
    assert "You were signed out. Please sign in again." in page.body
    assert stack.cognito.user.name not in page.body
    assert scene.browser.named("session") == {}
    (line,) = stack.logged("session_ended")
    assert (line["reason"], line.get("sub")) == (fault.reason, stack.cognito.user.sub)
    assert not scene.browser.is_signed_in


def test_keys_rotated_since_the_last_sign_in_are_fetched_once(
    stack: Stack, capsys: pytest.CaptureFixture[str]
) -> None:
    scene = Scene(stack, capsys)
    stack.sign_in(scene.browser)
    stack.cognito.rotate_keys()
    callback, counted = stack.callback(scene.browser), ("SignInSucceeded", None)
    answer = scene.get(callback, counted, calls=(1, 1, 1), within=LONGEST_SIGN_IN)
    assert answer.status == 303
