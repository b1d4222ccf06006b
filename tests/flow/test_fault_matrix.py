"""Whatever goes wrong at Cognito has one outcome, and it is written down here.

For each fault: status and page, the reason in the log and in the metrics, the calls that were
made, what becomes of the cookies, and the longest that a visitor may have to wait.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from tests.fake_cognito import FakeCognito
from tests.fake_tokens import ID_TOKEN_DEFECTS, JWKS_DEFECTS
from tests.flow.browser import Answer, Browser
from tests.flow.conftest import ORIGIN, Stack
from tests.flow.impatience import Impatient
from tests.flow.private_values import found_in, private_values, somebody
from tests.wire_faults import WIRE_FAULTS

LONGEST_SIGN_IN = 12  # seconds
LONGEST_REFRESH = 6

# What an endpoint that fails on the wire means: the page's status, and the end of the reason.
WIRE = {
    "refused": (502, "unreachable"),
    "reset": (502, "unreachable"),
    "not_http": (502, "unreachable"),
    "hang": (504, "timeout"),
    "late": (504, "timeout"),
    "drip": (504, "timeout"),
    "drip_head": (504, "timeout"),
    "truncated": (502, "answer_cut_short"),
    "huge": (502, "answer_too_large"),
    "endless": (502, "answer_too_large"),
    "gzipped": (502, "answer_encoded"),
    "gzip_bomb": (502, "answer_encoded"),
    "wrong_content_type": (502, "answer_malformed"),
    "garbage": (502, "answer_malformed"),
    "empty": (502, "answer_malformed"),
    "json_array": (502, "answer_malformed"),
    "duplicate_member": (502, "answer_malformed"),
    "http_404": (502, "failed"),
    "http_500": (502, "failed"),
    "http_503": (502, "failed"),
    "http_429": (503, "throttled"),
    "redirect": (502, "redirected"),
}
SLOW = {"hang", "late", "drip", "drip_head"}
PATHS = {"token": "/oauth2/token", "jwks": "/jwks.json", "userinfo": "/oauth2/userInfo"}

TOKEN_ERRORS = {
    "invalid_grant": 400,
    "invalid_request": 502,
    "invalid_client": 502,
    "invalid_scope": 502,
    "unauthorized_client": 502,
    "unsupported_grant_type": 502,
}
BEARER_ERRORS = ("invalid_request", "invalid_token", "insufficient_scope")

# Refused before any key is asked for: no key could make these good.
BAD_AT_SIGHT = {
    "id_token_malformed": (
        "missing_kid",
        "duplicate_header_member",
        "not_a_jwt",
        "encrypted",
    ),
    "id_token_wrong_algorithm": (
        "alg_none",
        "alg_None",
        "alg_NONE",
        "alg_nOnE",
        "hs256_with_public_key",
        "rs384",
        "ps256",
        "es256",
    ),
    "id_token_critical_header": ("critical_header",),
}
BAD_ON_VERIFICATION = {
    "id_token_bad_signature": (
        "bad_signature",
        "changed_after_signing",
        "attackers_jku",
        "attackers_jwk",
        "attackers_x5u",
        "attackers_x5c",
    ),
    "id_token_unknown_key": ("unknown_kid",),
    "id_token_malformed": (
        "missing_iat",
        "missing_exp",
        "textual_exp",
        "textual_iat",
        "true_iat",
        "duplicate_claim",
    ),
    "id_token_wrong_issuer": ("wrong_issuer", "missing_iss"),
    "id_token_wrong_token_use": ("wrong_token_use", "missing_token_use"),
    "id_token_wrong_audience": ("wrong_audience", "several_audiences", "missing_aud"),
    "id_token_wrong_azp": ("wrong_azp",),
    "id_token_expired": ("expired",),
    "id_token_issued_in_future": ("from_the_future",),
    "id_token_not_valid_yet": ("not_valid_yet",),
    "id_token_wrong_nonce": ("wrong_nonce", "missing_nonce"),
    "id_token_wrong_at_hash": ("wrong_at_hash",),
    "id_token_missing_subject": ("missing_sub", "empty_sub", "numeric_sub"),
}
BAD_KEY_SET = {
    "jwks_answer_malformed": ("no_keys", "keys_no_list"),
    "id_token_ambiguous_key": ("duplicate_kid",),
    "id_token_unknown_key": (
        "empty",
        "for_encryption",
        "other_algorithm",
        "other_key_type",
        "unreadable_modulus",
    ),
}
HARMLESS = {"mixed"}  # good keys among odd ones

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


@dataclass(frozen=True)
class Fault:
    """What goes wrong, and the reason that it goes by."""

    name: str
    reason: str
    status: int
    calls: tuple[int, int, int]  # to the token endpoint, for the key set, to UserInfo
    begin: Callable[[FakeCognito], None]
    hurried: str = ""

    def __str__(self) -> str:
        return self.name


def on_the_wire(endpoint: str, kind: str) -> Fault:
    status, ending = WIRE[kind]
    reached = kind != "refused"
    calls = {"token": (reached, 0, 0), "jwks": (1, reached, 0), "userinfo": (1, 1, reached)}
    return Fault(
        f"{endpoint}:{kind}",
        f"{endpoint}_{ending}",
        status,
        calls[endpoint],
        lambda cognito: cognito.fault(endpoint, kind),
        PATHS[endpoint] if kind in SLOW else "",
    )


def refusal(error: str) -> Fault:
    return Fault(
        f"token:{error}",
        f"token_{error}",
        TOKEN_ERRORS[error],
        (1, 0, 0),
        lambda cognito: cognito.fault("token", error),
    )


def defects(table: dict[str, tuple[str, ...]], *, keys: int) -> list[Fault]:
    return [
        Fault(
            f"id_token:{defect}",
            reason,
            502,
            (1, keys, 0),
            lambda cognito, defect=defect: cognito.id_token_defect(defect),  # type: ignore[misc]
        )
        for reason, names in table.items()
        for defect in names
    ]


KEY_SETS = [
    Fault(
        f"key_set:{defect}",
        reason,
        502,
        (1, 1, 0),
        lambda cognito, defect=defect: cognito.jwks_defect(defect),  # type: ignore[misc]
    )
    for reason, names in BAD_KEY_SET.items()
    for defect in names
]
TOKEN_WIRE = [on_the_wire("token", kind) for kind in WIRE]
JWKS_WIRE = [on_the_wire("jwks", kind) for kind in WIRE]
AT_SIGHT = defects(BAD_AT_SIGHT, keys=0)
ON_VERIFICATION = defects(BAD_ON_VERIFICATION, keys=1)


def other_subject(cognito: FakeCognito) -> None:
    cognito.userinfo_answer = {"sub": "somebody-else"}


FATAL = [
    *TOKEN_WIRE,
    *map(refusal, TOKEN_ERRORS),
    *JWKS_WIRE,
    *KEY_SETS,
    *AT_SIGHT,
    *ON_VERIFICATION,
    Fault("userinfo:other_subject", "userinfo_other_subject", 502, (1, 1, 1), other_subject),
]


def calls(cognito: FakeCognito) -> tuple[int, int, int]:
    return cognito.calls("token"), cognito.calls("jwks"), cognito.calls("userinfo")


def metrics(written: str) -> list[tuple[str, str | None]]:
    """Name and reason of each count in the embedded metric format."""
    found = []
    for line in written.splitlines():
        count = json.loads(line)
        (directive,) = count["_aws"]["CloudWatchMetrics"]
        (metric,) = directive["Metrics"]
        found.append((metric["Name"], count.get("reason")))
    return found


@dataclass
class Scene:
    """A visitor who is signed in, and the outcome of their next request to a fresh container."""

    stack: Stack
    browser: Browser
    capsys: pytest.CaptureFixture[str]
    seconds: float = 0.0
    metrics: tuple[tuple[str, str | None], ...] = ()
    _calls_before: tuple[int, int, int] = (0, 0, 0)

    def get(self, url: str) -> Answer:
        """Ask, and note the worst-case time, the calls and the metrics."""
        self.capsys.readouterr()
        started, self._calls_before = self.stack.clock.elapsed, calls(self.stack.cognito)
        answer = self.browser.get(url)
        self.seconds = self.stack.clock.elapsed - started
        written = self.capsys.readouterr().out
        self.metrics = tuple(metrics(written))
        written += self.stack.log_stream.getvalue()
        assert found_in(written, private_values(self.stack, self.browser)) == set()
        return answer

    def has_called(self, *expected: int) -> bool:
        """Whether it took these calls; one that was given up may still be on its way in."""
        patience = time.monotonic() + 10
        while self._calls() != expected and time.monotonic() < patience:
            time.sleep(0.01)
        return self._calls() == expected

    def _calls(self) -> tuple[int, ...]:
        now = calls(self.stack.cognito)
        return tuple(made - before for made, before in zip(now, self._calls_before, strict=True))

    def logged_once(self, message: str, reason: str) -> None:
        (line,) = self.stack.logged(message)
        assert line["reason"] == reason
        assert line["correlation_id"]


def arrange(stack: Stack, capsys: pytest.CaptureFixture[str], hurried: str = "") -> Scene:
    stack.cognito.user = somebody()
    limits = {"SESSION_IDLE_SECONDS": "7200"}
    browser = stack.browser(**limits)
    stack.sign_in(browser)
    browser.handler = stack.app(Impatient(stack.clock, hurried), **limits)
    browser.get("/me")
    return Scene(stack, browser, capsys)


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


# While a session is refreshed

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


# The longest of all

READ_OF_THE_SECRET = 7  # seconds: two tries of three, and up to one between them
TIMEOUT = 20  # of the web function, in template.yaml


@pytest.fixture
def sluggish(stack: Stack) -> Iterator[Browser]:
    """A new container for which everything takes as long as it can.

    Each read of the secret does, and each call to Cognito, which does not know the client; so
    the function doubts the secret and reads it again. The visitor's session is due for refresh.
    """
    browser = stack.browser()
    stack.sign_in(browser)
    stack.clock.advance(stack.cognito.access_token_seconds - 1)
    browser.get("/me")
    stack.clock.advance(1)
    browser.handler = stack.app(Impatient(stack.clock))
    stack.cognito.client_secret = "another"

    def slow(**_: object) -> None:
        stack.clock.advance(READ_OF_THE_SECRET)

    events = stack.secrets_manager.meta.events
    events.register("before-call.secretsmanager.GetSecretValue", slow)
    yield browser
    events.unregister("before-call.secretsmanager.GetSecretValue", slow)


def test_a_callback_is_answered_before_the_function_is_stopped(
    stack: Stack, sluggish: Browser
) -> None:
    quick = stack.browser()
    callback = stack.cognito.visit(quick.get("/login").location)
    sluggish.cookies |= quick.cookies
    started = stack.clock.elapsed
    assert sluggish.get(callback).status == 502
    assert 2 * READ_OF_THE_SECRET < stack.clock.elapsed - started < TIMEOUT


def test_both_tries_with_a_code_share_their_time(stack: Stack) -> None:
    browser = Browser(stack.app(Impatient(stack.clock)), ORIGIN)
    callback = stack.cognito.visit(browser.get("/login").location)
    stack.cognito.client_secret = "another"
    stack.put_secret(client_secret="another")
    assert browser.get(callback).status == 504
    assert stack.cognito.calls("token") == 1, "the first one used it up"


def test_a_refresh_is_answered_before_the_function_is_stopped(
    stack: Stack, sluggish: Browser
) -> None:
    started = stack.clock.elapsed
    assert sluggish.get("/me").status == 200
    assert 2 * READ_OF_THE_SECRET < stack.clock.elapsed - started < TIMEOUT


def test_a_sign_out_is_answered_before_the_function_is_stopped(
    stack: Stack, sluggish: Browser
) -> None:
    started = stack.clock.elapsed
    assert sluggish.post("/logout").status == 303
    assert 2 * READ_OF_THE_SECRET < stack.clock.elapsed - started < TIMEOUT
