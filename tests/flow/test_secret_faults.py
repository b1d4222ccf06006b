"""Whatever goes wrong at Secrets Manager has one outcome, and ends when the fault does."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from foyer.secrets_manager import SecretsManager

from tests.flow.browser import Answer, Browser
from tests.flow.conftest import SECRET_ID, Stack
from tests.flow.impatience import Impatient
from tests.wire_faults import WIRE_FAULTS, Fault, Line, Reply, json_reply
from tests.wire_server import Arrived, WireServer


def refusal(error: str, status: int = 400) -> Fault:
    """Secrets Manager's own words."""
    said = json_reply({"__type": error, "Message": "canary-message"}, status)
    return lambda line, _: line.send(said.to_bytes())


# The fault, how often it is met before Foyer gives up, and the reason.
FAULTS: dict[str, tuple[Fault, int, str]] = {
    "throttled": (refusal("ThrottlingException"), 2, "secret_throttled"),
    "too many": (WIRE_FAULTS["http_429"], 2, "secret_throttled"),
    "out of order": (refusal("InternalServiceError", 500), 2, "secret_refused"),
    "silent": (WIRE_FAULTS["hang"], 2, "secret_unreachable"),
    "slow": (WIRE_FAULTS["drip"], 2, "secret_unreachable"),
    "cut off": (WIRE_FAULTS["reset"], 2, "secret_unreachable"),
    "garbled": (WIRE_FAULTS["garbage"], 2, "secret_unreachable"),
    "denied": (refusal("AccessDeniedException"), 1, "secret_denied"),
    "key denied": (refusal("DecryptionFailure"), 1, "secret_denied"),
    "not found": (refusal("ResourceNotFoundException"), 1, "secret_not_found"),
    "being deleted": (refusal("InvalidRequestException"), 1, "secret_refused"),
}
PASSING = [name for name, (_, tries, _) in FAULTS.items() if tries == 2]
SLOW = {"silent", "slow"}
READ_SECONDS = 6  # two tries of three


class Wire:
    """Secrets Manager's endpoint: the next requests meet the faults, later ones moto's secret."""

    def __init__(self, moto: Any) -> None:
        self.moto = moto
        self.faults: list[Fault] = []
        self.requests = 0
        self._server = WireServer(self._answer)
        self.url = self._server.url
        self.close = self._server.close

    def _answer(self, arrived: Arrived, line: Line) -> bool:
        self.requests += 1
        held = self.moto.get_secret_value(SecretId=json.loads(arrived.body)["SecretId"])
        reply = json_reply({name: held[name] for name in ("Name", "SecretString")})
        fault = self.faults.pop(0) if self.faults else _honest
        fault(line, reply)
        return fault is _honest


def _honest(line: Line, reply: Reply) -> None:
    line.send(reply.to_bytes())


class _ReadOverTheWire:
    """The client that the function has; what only tests ask for goes to moto."""

    def __init__(self, client: SecretsManager, moto: Any) -> None:
        self.get_secret_value = client.get_secret_value
        self._moto = moto

    def __getattr__(self, name: str) -> Any:
        return getattr(self._moto, name)


@pytest.fixture(autouse=True)
def wire(stack: Stack, request: pytest.FixtureRequest) -> Iterator[Wire]:
    """What every container that a test makes reads the secret from."""
    is_slow = "name" in request.fixturenames and request.getfixturevalue("name") in SLOW
    moto = stack.secrets_manager
    with closing(Wire(moto)) as made:
        environ = {
            "AWS_REGION": "eu-central-1",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_ENDPOINT_URL_SECRETS_MANAGER": made.url,
        }
        client = SecretsManager(
            environ,
            http=Impatient(stack.clock, "/" if is_slow else ""),
            clock=stack.clock.monotonic,
            pause=lambda _: None,
        )
        stack.secrets_manager = _ReadOverTheWire(client, moto)
        yield made
        stack.secrets_manager = moto


def assert_unavailable(stack: Stack, answer: Answer, reason: str) -> None:
    assert answer.status == 503
    assert answer.headers["retry-after"] == "5"
    line = stack.logged("request_failed")[-1]
    assert line["reason"] == reason
    assert line["correlation_id"] in answer.body
    assert "canary" not in stack.log_stream.getvalue()
    assert SECRET_ID not in answer.body


@pytest.mark.parametrize("name", PASSING)
def test_what_passes_is_waited_out(stack: Stack, wire: Wire, name: str) -> None:
    fault, _, _ = FAULTS[name]
    wire.faults = [fault]
    assert stack.browser().get("/login").status == 302
    assert wire.requests == 2
    assert stack.log() == []


@pytest.mark.parametrize("name", FAULTS)
def test_what_lasts_is_a_503_until_it_ends(
    stack: Stack, wire: Wire, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    fault, tries, reason = FAULTS[name]
    browser = stack.browser()
    wire.faults = [fault] * tries
    started = stack.clock.elapsed
    assert_unavailable(stack, browser.get("/login"), reason)
    assert wire.requests == tries
    assert stack.clock.elapsed - started <= READ_SECONDS
    assert f'"reason":"{reason}","SignInFailed":[1.0]' in capsys.readouterr().out
    assert stack.sign_in(browser).status == 303, "without a restart"


@pytest.mark.parametrize("name", FAULTS)
def test_a_callback_without_the_secret_sends_nothing_and_ends_no_session(
    stack: Stack, wire: Wire, name: str
) -> None:
    fault, tries, reason = FAULTS[name]
    browser = stack.browser()
    stack.sign_in(browser)
    session = dict(browser.cookies)
    callback = stack.cognito.visit(browser.get("/login").location)
    calls = stack.cognito.upstream_calls
    browser.handler = stack.app()
    wire.faults = [fault] * tries
    assert_unavailable(stack, browser.get(callback), reason)
    assert stack.cognito.upstream_calls == calls
    assert browser.cookies == session, "the attempt is forgotten"
    assert browser.get("/me").status == 200, "without a restart"


@pytest.mark.parametrize("path", ["/", "/me"])
def test_a_page_that_needs_the_secret_keeps_the_session_for_later(
    stack: Stack, browser: Browser, wire: Wire, path: str
) -> None:
    stack.sign_in(browser)
    browser.handler = stack.app()
    wire.faults = [refusal("AccessDeniedException")]
    answer = browser.get(path)
    assert_unavailable(stack, answer, "secret_denied")
    assert answer.cookies == ()
    assert browser.get(path).status == 200


@pytest.mark.parametrize("name", FAULTS)
def test_a_container_that_knows_the_secret_lives_through_the_fault(
    stack: Stack, wire: Wire, name: str
) -> None:
    fault, tries, reason = FAULTS[name]
    browser = stack.browser()
    stack.sign_in(browser)
    stack.clock.advance(301)
    wire.faults = [fault] * tries
    assert stack.sign_in(browser).status == 303
    (line,) = stack.logged("secret_kept_stale")
    assert line["reason"] == reason


MISSING: Any = object()
NO_GOOD: dict[str, tuple[str, Any]] = {
    "client_id missing": ("client_id", MISSING),
    "client_id null": ("client_id", None),
    "client_id a number": ("client_id", 5),
    "client_id empty": ("client_id", ""),
    "client_secret missing": ("client_secret", MISSING),
    "client_secret a list": ("client_secret", ["canary" * 6]),
    "client_secret empty": ("client_secret", ""),
    "client_secret with a line break": ("client_secret", "canary\ncanary"),
    "session_key missing": ("session_key", MISSING),
    "session_key short": ("session_key", "canary" * 5),
    "session_key not ASCII": ("session_key", "cänary" * 6),
    "session_key an object": ("session_key", {"canary": "canary"}),
    "previous_session_key short": ("previous_session_key", "canary" * 5),
    "previous_session_key a number": ("previous_session_key", 7),
}


@pytest.mark.parametrize("name", NO_GOOD)
def test_a_malformed_field_is_named_in_the_log_and_nowhere_shown(
    stack: Stack, browser: Browser, name: str
) -> None:
    field_name, value = NO_GOOD[name]
    good = stack.secret()
    fields = {**good, field_name: value}
    if value is MISSING:
        del fields[field_name]
    stack.secrets_manager.put_secret_value(SecretId=SECRET_ID, SecretString=json.dumps(fields))
    answer = browser.get("/login")
    assert_unavailable(stack, answer, "secret_malformed")
    assert field_name in stack.logged("request_failed")[0]["detail"].split()
    assert field_name not in answer.body
    assert not [each for each in good.values() if each in stack.log_stream.getvalue()]
    stack.put_secret(**good, previous_session_key="")
    assert browser.get("/login").status == 302, "without a restart"


@pytest.mark.parametrize("text", ["canary", '"canary"', '["canary"]', "{", " "])
def test_a_secret_that_is_no_object_is_said_to_be_none(
    stack: Stack, browser: Browser, text: str
) -> None:
    good = stack.secret()
    stack.secrets_manager.put_secret_value(SecretId=SECRET_ID, SecretString=text)
    assert_unavailable(stack, browser.get("/login"), "secret_malformed")
    assert stack.logged("request_failed")[0]["detail"].startswith("the secret is not")
    stack.secrets_manager.put_secret_value(SecretId=SECRET_ID, SecretString=json.dumps(good))
    assert browser.get("/login").status == 302
