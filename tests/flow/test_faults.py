"""What a visitor sees when Cognito fails, and what stays unchanged: one fault of each kind.

Each fault of the wire is judged in tests/unit/test_upstream.py, each odd answer in test_cognito.py,
each defect of a token or a key set in test_id_token.py and test_signing_keys.py.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass

import pytest

from tests.fake_cognito import FakeCognito
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
        """The end of the address for which nobody has time."""
        return PATHS.get(self.where, "") if self.kind in {"hang", "drip"} else ""

    def begin(self, cognito: FakeCognito) -> None:
        if self.where == "id_token":
            cognito.id_token_defect(self.kind)
        elif self.where == "key_set":
            cognito.jwks_defect(self.kind)
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
POSTPONING = [fault for fault in FAULTS if not fault.ends_session]
ENDING = [fault for fault in FAULTS if fault.ends_session]
UNTOLD = [
    Fault("userinfo", "hang", "userinfo_timeout", 303, (1, 1, 1)),
    Fault("userinfo", "refused", "userinfo_unreachable", 303, (1, 1, 0)),
    Fault("userinfo", "reset_if_reused", "userinfo_unreachable", 303, (1, 1, 1)),
    Fault("userinfo", "http_500", "userinfo_failed", 303, (1, 1, 1)),
    Fault("userinfo", "garbage", "userinfo_answer_malformed", 303, (1, 1, 1)),
    Fault("userinfo", "invalid_token", "userinfo_invalid_token", 303, (1, 1, 1)),
]


def calls(cognito: FakeCognito) -> list[int]:
    return [cognito.calls(name) for name in PATHS]


def metrics(written: str) -> list[tuple[str, str | None]]:
    """Name and reason of each count in the embedded metric format."""
    counts = [json.loads(line) for line in written.splitlines()]
    return [
        (metric["Name"], count.get("reason"))
        for count in counts
        for directive in count["_aws"]["CloudWatchMetrics"]
        for metric in directive["Metrics"]
    ]


@dataclass
class Scene:
    """A visitor who is signed in, and the outcome of their next request to a fresh container."""

    stack: Stack
    browser: Browser
    capsys: pytest.CaptureFixture[str]
    seconds: float = 0.0
    before: tuple[int, ...] = ()

    def get(self, url: str, *counted: tuple[str, str | None]) -> Answer:
        """Ask; note time and calls; nothing private is written, and just this is counted."""
        self.capsys.readouterr()
        started, self.before = self.stack.clock.elapsed, tuple(calls(self.stack.cognito))
        answer = self.browser.get(url)
        self.seconds = self.stack.clock.elapsed - started
        written = self.capsys.readouterr().out
        assert metrics(written) == list(counted)
        written += self.stack.log_stream.getvalue()
        assert found_in(written, private_values(self.stack, self.browser)) == set()
        return answer

    def has_called(self, *expected: int) -> bool:
        """Whether it took these calls; one that was given up may still be on its way in."""
        patience = time.monotonic() + 10
        wanted = [before + more for before, more in zip(self.before, expected, strict=True)]
        while calls(self.stack.cognito) != wanted and time.monotonic() < patience:
            time.sleep(0.01)
        return calls(self.stack.cognito) == wanted

    def logged_once(self, message: str, reason: str) -> str:
        """The reference in the line."""
        (line,) = self.stack.logged(message)
        assert line["reason"] == reason
        return str(line["correlation_id"])


def arrange(stack: Stack, capsys: pytest.CaptureFixture[str], hurried: str = "") -> Scene:
    stack.cognito.user = somebody()
    limits = {"SESSION_IDLE_SECONDS": "7200"}
    browser = stack.browser(**limits)
    stack.sign_in(browser)
    browser.handler = stack.app(Impatient(stack.clock, hurried), **limits)
    browser.get("/me")
    return Scene(stack, browser, capsys)


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_a_fault_during_sign_in_is_a_calm_page_and_changes_nothing(
    stack: Stack, capsys: pytest.CaptureFixture[str], fault: Fault
) -> None:
    scene = arrange(stack, capsys, fault.hurried)
    browser = scene.browser
    browser.get("/login?return_to=/other-tab")
    before = dict(browser.cookies)
    callback = stack.cognito.visit(browser.get("/login").location)
    fault.begin(stack.cognito)

    answer = scene.get(callback, ("SignInFailed", fault.reason))

    assert answer.status == fault.status
    assert f"<h1>{HEADINGS[fault.status]}</h1>" in answer.body
    assert ("retry-after" in answer.headers) == (fault.status == 503)
    assert scene.logged_once("request_failed", fault.reason) in answer.body
    assert scene.has_called(*fault.calls)
    assert browser.cookies == before, "session and other tab as they were, this attempt forgotten"
    assert browser.get("/me").status == 200
    assert scene.seconds <= LONGEST_SIGN_IN


@pytest.mark.parametrize("fault", UNTOLD, ids=str)
def test_without_userinfo_the_verified_id_token_serves(
    stack: Stack, capsys: pytest.CaptureFixture[str], fault: Fault
) -> None:
    scene = arrange(stack, capsys, fault.hurried)
    callback = stack.cognito.visit(scene.browser.get("/login").location)
    before = scene.browser.named("session")
    fault.begin(stack.cognito)

    answer = scene.get(callback, ("SignInSucceeded", None))

    assert (answer.status, answer.location) == (303, "/")
    scene.logged_once("userinfo_failed", fault.reason)
    assert scene.has_called(*fault.calls)
    assert scene.browser.named("session") != before
    assert scene.browser.get("/me").json["email"] == stack.cognito.user.email
    assert scene.seconds <= LONGEST_SIGN_IN


@pytest.mark.parametrize("fault", POSTPONING, ids=str)
def test_a_fault_during_refresh_leaves_the_session_to_be_refreshed_later(
    stack: Stack, capsys: pytest.CaptureFixture[str], fault: Fault
) -> None:
    scene = arrange(stack, capsys, fault.hurried)
    good_keys = stack.cognito.jwks
    stack.clock.advance(stack.cognito.access_token_seconds)
    fault.begin(stack.cognito)

    page = scene.get("/", ("RefreshPostponed", fault.reason))

    assert page.status == 200
    assert stack.cognito.user.name in page.body
    scene.logged_once("refresh_postponed", fault.reason)
    assert stack.logged("refresh_postponed")[0].get("sub") == stack.cognito.user.sub
    assert scene.has_called(*fault.calls)
    assert scene.seconds <= LONGEST_REFRESH

    stack.clock.advance(29)
    assert scene.get("/me").status == 200
    assert scene.has_called(0, 0, 0), "not tried again at once"

    if fault.kind == "refused":
        return  # nobody listens there any more
    stack.cognito.repair(fault.where)
    stack.cognito.id_token_defect(None)
    stack.cognito.jwks = good_keys
    stack.cognito.user.name = "Canary Newer Name"
    stack.clock.advance(1)
    assert "Canary Newer Name" in scene.get("/").body
    assert len(stack.logged("refresh_postponed")) == 1


@pytest.mark.parametrize("fault", ENDING, ids=str)
def test_a_refusal_during_refresh_ends_the_session_and_says_so(
    stack: Stack, capsys: pytest.CaptureFixture[str], fault: Fault
) -> None:
    """Only a refusal by Cognito, or an invalid ID token, ends a session."""
    scene = arrange(stack, capsys)
    stack.clock.advance(stack.cognito.access_token_seconds)
    fault.begin(stack.cognito)

    page = scene.get("/", ("SessionEnded", fault.reason))

    assert page.status == 200
    assert "You were signed out. Please sign in again." in page.body
    assert stack.cognito.user.name not in page.body
    assert scene.browser.named("session") == {}
    scene.logged_once("session_ended", fault.reason)
    assert stack.logged("session_ended")[0].get("sub") == stack.cognito.user.sub
    assert scene.has_called(*fault.calls)
    assert scene.browser.get("/me").status == 401


def test_keys_rotated_since_the_last_sign_in_are_fetched_once(
    stack: Stack, capsys: pytest.CaptureFixture[str]
) -> None:
    scene = arrange(stack, capsys)
    stack.sign_in(scene.browser)
    stack.cognito.rotate_keys()
    callback = stack.cognito.visit(scene.browser.get("/login").location)
    assert scene.get(callback, ("SignInSucceeded", None)).status == 303
    assert scene.has_called(1, 1, 1)
