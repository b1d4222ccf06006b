"""Whatever goes wrong at Secrets Manager has one outcome, and ends when the fault does."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore.awsrequest import AWSRequest, AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import (
    BotoCoreError,
    ConnectTimeoutError,
    EndpointConnectionError,
    ReadTimeoutError,
)
from botocore.retries.standard import ExponentialBackoff

from tests.flow.browser import Answer, Browser
from tests.flow.conftest import SECRET_ID, Stack

Fault = Callable[[str], AWSResponse]


def refusal(error: str, status: int = 400) -> Fault:
    """Secrets Manager's own words."""

    def answer(url: str) -> AWSResponse:
        body = json.dumps({"__type": error, "Message": "canary-message"}).encode()
        return AWSResponse(url, status, HTTPHeaders(), _Body(body))

    return answer


class _Body(io.BytesIO):
    """As much of urllib3's response as botocore asks of it."""

    def stream(self, **_: object) -> Iterator[bytes]:
        yield self.read()


def silence(error: type[BotoCoreError]) -> Fault:
    def answer(url: str) -> AWSResponse:
        raise error(endpoint_url=url)

    return answer


@dataclass
class SecretsManagerWire:
    """Faults that the next requests meet; after them moto answers."""

    faults: list[Fault] = field(default_factory=list)
    requests: int = 0

    def answer(self, request: AWSRequest, **_: object) -> AWSResponse | None:
        self.requests += 1
        return self.faults.pop(0)(str(request.url)) if self.faults else None


@pytest.fixture
def wire(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> Iterator[SecretsManagerWire]:
    monkeypatch.setattr(ExponentialBackoff, "delay_amount", lambda *_: 0)
    made, events = SecretsManagerWire(), stack.secrets_manager.meta.events
    events.register_first("before-send.secretsmanager.GetSecretValue", made.answer)
    yield made
    events.unregister("before-send.secretsmanager.GetSecretValue", made.answer)


# The fault, how often it is met before Foyer gives up, and the reason.
FAULTS = {
    "throttled": (refusal("ThrottlingException"), 2, "secret_throttled"),
    "out of order": (refusal("InternalServiceError", 500), 2, "secret_refused"),
    "slow": (silence(ReadTimeoutError), 2, "secret_unreachable"),
    "out of reach": (silence(ConnectTimeoutError), 2, "secret_unreachable"),
    "not there": (silence(EndpointConnectionError), 2, "secret_unreachable"),
    "denied": (refusal("AccessDeniedException"), 1, "secret_denied"),
    "key denied": (refusal("DecryptionFailure"), 1, "secret_denied"),
    "not found": (refusal("ResourceNotFoundException"), 1, "secret_not_found"),
    "being deleted": (refusal("InvalidRequestException"), 1, "secret_refused"),
}
PASSING = [name for name, (_, tries, _) in FAULTS.items() if tries == 2]


def assert_unavailable(stack: Stack, answer: Answer, reason: str) -> None:
    assert answer.status == 503
    assert answer.headers["retry-after"] == "5"
    line = stack.logged("request_failed")[-1]
    assert line["reason"] == reason
    assert line["correlation_id"] in answer.body
    assert "canary" not in stack.log_stream.getvalue()
    assert SECRET_ID not in answer.body


@pytest.mark.parametrize("name", PASSING)
def test_what_passes_is_waited_out(stack: Stack, wire: SecretsManagerWire, name: str) -> None:
    fault, _, _ = FAULTS[name]
    wire.faults = [fault]
    assert stack.browser().get("/login").status == 302
    assert wire.requests == 2
    assert stack.log() == []


@pytest.mark.parametrize("name", FAULTS)
def test_what_lasts_is_a_503_until_it_ends(
    stack: Stack, wire: SecretsManagerWire, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    fault, tries, reason = FAULTS[name]
    browser = stack.browser()
    wire.faults = [fault] * tries
    assert_unavailable(stack, browser.get("/login"), reason)
    assert wire.requests == tries
    assert f'"reason":"{reason}","SignInFailed":[1.0]' in capsys.readouterr().out
    assert stack.sign_in(browser).status == 303, "without a restart"


@pytest.mark.parametrize("name", FAULTS)
def test_a_callback_without_the_secret_sends_nothing_and_ends_no_session(
    stack: Stack, wire: SecretsManagerWire, name: str
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
    stack: Stack, browser: Browser, wire: SecretsManagerWire, path: str
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
    stack: Stack, browser: Browser, wire: SecretsManagerWire, name: str
) -> None:
    fault, tries, reason = FAULTS[name]
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
