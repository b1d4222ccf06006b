"""What a visitor sees when Cognito fails or is slow, and what stays unchanged.

Each fault of the wire is judged in tests/unit/test_cognito_http.py, each odd answer in
test_cognito_oauth.py, each defect of a token or a key set in test_id_token.py and
test_signing_keys.py. Here is one of each kind.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import Any

import pytest
import requests
import urllib3

from tests.fake_tokens import JWKS_DEFECTS
from tests.flow.browser import Answer, Browser
from tests.flow.conftest import ORIGIN, Clock, Stack
from tests.flow.private_values import found_in, private_values

LONGEST_SIGN_IN, LONGEST_REFRESH = 12, 6  # seconds
READ_OF_THE_SECRET = 7  # seconds: two tries of three, and up to one between them
TIMEOUT = 20  # of the web function, in template.yaml

HEADINGS = {
    400: "This sign-in cannot be completed",
    502: "Sign-in failed",
    503: "Sign-in is not available right now",
    504: "Sign-in took too long",
}
PATHS = {"token": "/oauth2/token", "jwks": "/jwks.json", "userinfo": "/oauth2/userInfo"}


class Impatient(requests.Session):
    """Lets every call take all the time it is granted on ``clock``, and little in truth.

    Only a call whose address ends in ``hurried`` is really cut short, so that an honest answer
    is never too late, however busy the machine.
    """

    def __init__(self, clock: Clock, hurried: str = "") -> None:
        super().__init__()
        self._clock = clock
        self._hurried = hurried

    def request(self, method: Any, url: Any, *args: Any, **kwargs: Any) -> requests.Response:
        granted = kwargs["timeout"].total
        if self._hurried and url.endswith(self._hurried):
            kwargs["timeout"] = urllib3.Timeout(total=0.2)
        try:
            return super().request(method, url, *args, **kwargs)
        finally:
            self._clock.advance(granted)


@dataclass(frozen=True)
class Fault:
    """What goes wrong, and what comes of it at sign-in and at a refresh."""

    where: str  # an endpoint, id_token or key_set
    kind: str
    reason: str
    status: int
    calls: tuple[int, int, int]  # to the token endpoint, for the key set, to UserInfo

    def __str__(self) -> str:
        return f"{self.where}:{self.kind}"


POSTPONED = [
    Fault("token", "reset", "token_unreachable", 502, (1, 0, 0)),
    Fault("token", "hang", "token_timeout", 504, (1, 0, 0)),
    Fault("token", "http_500", "token_failed", 502, (1, 0, 0)),
    Fault("token", "http_429", "token_throttled", 503, (1, 0, 0)),
    Fault("token", "invalid_client", "token_invalid_client", 502, (1, 0, 0)),
    Fault("jwks", "drip", "jwks_timeout", 504, (1, 1, 0)),
    Fault("key_set", "duplicate_kid", "id_token_ambiguous_key", 502, (1, 1, 0)),
    Fault("id_token", "unknown_kid", "id_token_unknown_key", 502, (1, 1, 0)),
]
ENDED = [
    Fault("token", "invalid_grant", "token_invalid_grant", 400, (1, 0, 0)),
    Fault("token", "unauthorized_client", "token_unauthorized_client", 502, (1, 0, 0)),
    Fault("id_token", "alg_none", "id_token_wrong_algorithm", 502, (1, 0, 0)),
    Fault("id_token", "expired", "id_token_expired", 502, (1, 1, 0)),
]
WITHOUT_USERINFO = [
    Fault("userinfo", "hang", "userinfo_timeout", 303, (1, 1, 1)),
    Fault("userinfo", "reset_if_reused", "userinfo_unreachable", 303, (1, 1, 1)),
    Fault("userinfo", "garbage", "userinfo_answer_malformed", 303, (1, 1, 1)),
    Fault("userinfo", "invalid_token", "userinfo_invalid_token", 303, (1, 1, 1)),
]


class Scene:
    """A visitor who is signed in, and the outcome of their next request to a fresh container."""

    def __init__(self, stack: Stack, capsys: pytest.CaptureFixture[str], fault: Fault) -> None:
        self.stack, self.capsys, self.fault = stack, capsys, fault
        limits = {"SESSION_IDLE_SECONDS": "7200"}
        self.browser: Browser = stack.signed_in(**limits)
        hurried = PATHS.get(fault.where, "") if fault.kind in {"hang", "drip"} else ""
        self.browser.handler = stack.app(Impatient(stack.clock, hurried), **limits)
        assert self.browser.is_signed_in

    def begin(self) -> None:
        cognito, fault = self.stack.cognito, self.fault
        if fault.where == "id_token":
            cognito.id_token_defect = fault.kind
        elif fault.where == "key_set":
            cognito.jwks = JWKS_DEFECTS[fault.kind](cognito.jwks, cognito.attacker)
        else:
            cognito.fault(fault.where, fault.kind)

    def calls(self) -> list[int]:
        return [self.stack.cognito.calls(name) for name in PATHS]

    def get(self, url: str, counted: str, reason: str | None, *, within: float) -> Answer:
        """Ask: just this is counted, the calls are made in time, nothing private is written."""
        self.capsys.readouterr()
        started, before = self.stack.clock.elapsed, self.calls()
        answer = self.browser.get(url)
        assert self.stack.clock.elapsed - started <= within
        written = self.capsys.readouterr().out
        assert found_in(written, private_values(self.stack)) == set()
        (line,) = map(json.loads, written.splitlines())  # in the embedded metric format
        (directive,) = line["_aws"]["CloudWatchMetrics"]
        assert [metric["Name"] for metric in directive["Metrics"]] == [counted]
        assert line.get("reason") == reason
        # A call that was given up may still be on its way in.
        patience = time.monotonic() + 10
        expected = [then + more for then, more in zip(before, self.fault.calls, strict=True)]
        while self.calls() != expected and time.monotonic() < patience:
            time.sleep(0.01)
        assert self.calls() == expected
        return answer


@pytest.fixture
def scene(stack: Stack, capsys: pytest.CaptureFixture[str], fault: Fault) -> Scene:
    return Scene(stack, capsys, fault)


@pytest.mark.parametrize("fault", [*POSTPONED, *ENDED], ids=str)
def test_a_fault_during_sign_in_is_a_calm_page_and_changes_nothing(
    stack: Stack, scene: Scene, fault: Fault
) -> None:
    scene.browser.get("/login?return_to=/other-tab")
    before = dict(scene.browser.cookies)
    callback = stack.callback(scene.browser)
    scene.begin()

    answer = scene.get(callback, "SignInFailed", fault.reason, within=LONGEST_SIGN_IN)

    assert answer.status == fault.status
    assert f"<h1>{HEADINGS[fault.status]}</h1>" in answer.body
    assert ("retry-after" in answer.headers) == (fault.status == 503)
    (line,) = stack.logged("request_failed")
    assert line["reason"] == fault.reason
    assert line["correlation_id"] in answer.body
    assert scene.browser.cookies == before, "session and other tab stay, this attempt is forgotten"
    assert scene.browser.is_signed_in


@pytest.mark.parametrize("fault", WITHOUT_USERINFO, ids=str)
def test_without_userinfo_the_verified_id_token_serves(
    stack: Stack, scene: Scene, fault: Fault
) -> None:
    callback, before = stack.callback(scene.browser), scene.browser.named("session")
    scene.begin()

    answer = scene.get(callback, "SignInSucceeded", None, within=LONGEST_SIGN_IN)

    assert (answer.status, answer.location) == (303, "/")
    assert stack.reasons("userinfo_failed") == [fault.reason]
    assert scene.browser.named("session") != before
    assert scene.browser.get("/me").json["email"] == stack.cognito.user.email


@pytest.mark.sessions("cookie", "table")
@pytest.mark.parametrize("fault", POSTPONED, ids=str)
def test_a_fault_during_refresh_leaves_the_session_to_be_refreshed_later(
    stack: Stack, scene: Scene, fault: Fault
) -> None:
    good_keys = stack.cognito.jwks
    stack.clock.advance(stack.cognito.access_token_seconds)
    scene.begin()

    page = scene.get("/", "RefreshPostponed", fault.reason, within=LONGEST_REFRESH)

    assert page.status == 200
    assert stack.cognito.user.name in page.body
    (line,) = stack.logged("refresh_postponed")
    assert (line["reason"], line.get("sub")) == (fault.reason, stack.cognito.user.sub)

    asked, elapsed = stack.cognito.upstream_calls, stack.clock.elapsed
    stack.clock.advance(29)
    assert scene.browser.is_signed_in
    assert stack.clock.elapsed == elapsed + 29, "not tried again at once"
    assert stack.cognito.upstream_calls == asked

    stack.cognito.repair(fault.where)
    stack.cognito.id_token_defect = None
    stack.cognito.jwks = good_keys
    stack.cognito.user.name = "Newer Name"
    stack.clock.advance(1)
    assert "Newer Name" in scene.browser.get("/").body
    assert len(stack.logged("refresh_postponed")) == 1


@pytest.mark.sessions("cookie", "table")
@pytest.mark.parametrize("fault", ENDED, ids=str)
def test_a_refusal_during_refresh_ends_the_session_and_says_so(
    stack: Stack, scene: Scene, fault: Fault
) -> None:
    """Only a refusal by Cognito, or an invalid ID token, ends a session."""
    stack.clock.advance(stack.cognito.access_token_seconds)
    scene.begin()

    page = scene.get("/", "SessionEnded", fault.reason, within=LONGEST_REFRESH)

    assert page.status == 200
    assert "You were signed out. Please sign in again." in page.body
    assert stack.cognito.user.name not in page.body
    assert scene.browser.named("session") == {}
    (line,) = stack.logged("session_ended")
    assert (line["reason"], line.get("sub")) == (fault.reason, stack.cognito.user.sub)
    assert not scene.browser.is_signed_in


@pytest.mark.parametrize(
    ("request_", "status"), [("callback", 502), ("/me", 200), ("/logout", 200)]
)
def test_the_function_answers_before_it_is_stopped(
    stack: Stack, request_: str, status: int
) -> None:
    """Every call to Cognito, which does not know the client, and every read takes its full time.

    The function doubts the secret and reads it again. The visitor's session is due for refresh.
    """
    quick, sluggish = stack.browser(), stack.signed_in()
    stack.advance_to_refresh(sluggish)
    sluggish.handler = stack.app(Impatient(stack.clock))
    stack.cognito.client_secret = "another"
    url = stack.callback(quick) if request_ == "callback" else request_
    sluggish.cookies |= quick.cookies
    stack.vault.before_read = lambda: stack.clock.advance(READ_OF_THE_SECRET)
    started = stack.clock.elapsed
    answer = sluggish.post(url) if url == "/logout" else sluggish.get(url)
    assert answer.status == status
    assert 2 * READ_OF_THE_SECRET < stack.clock.elapsed - started < TIMEOUT


def test_both_tries_with_a_code_share_their_time(stack: Stack) -> None:
    browser = Browser(stack.app(Impatient(stack.clock)), ORIGIN)
    callback = stack.callback(browser)
    stack.cognito.client_secret = "another"
    stack.vault.put(client_secret="another")
    assert browser.get(callback).status == 504
    assert stack.cognito.calls("token") == 1, "the first one used up the time"
