"""The four steps: their results, when they fail, and what a retry makes of an interrupted one."""

from __future__ import annotations

import json
import re
import secrets
from typing import Any

import pytest
from foyer_rotation.errors import CallFailed, ConfigurationError, NotProven, NotStaged, UnknownOwner
from foyer_rotation.secret_value import SecretValue

from tests.rotating_secret import STEPS, Rotating


def client_secrets(stack: Rotating) -> set[str]:
    """Those that Cognito accepts."""
    return set(stack.cognito.api.active.values())


def test_the_secrets_before_a_rotation_work_until_the_next_and_none_is_logged(
    stack: Rotating, capfd: pytest.CaptureFixture[str]
) -> None:
    values = [stack.secret.value()]
    for _ in range(3):
        stack.rotate()
        before, after = values[-1], stack.secret.value()
        values.append(after)
        assert re.fullmatch(r"[A-Za-z0-9]{48,64}", after["client_secret"])
        assert client_secrets(stack) == {before["client_secret"], after["client_secret"]}
        assert len(after["session_key"]) >= 32
        assert after.get("previous_session_key") == before["session_key"]
        assert (after["owner"], after["client_id"]) == (before["owner"], before["client_id"])
        assert stack.secret.value("AWSPREVIOUS") == before
    written = stack.log.getvalue() + "".join(capfd.readouterr())
    assert all(step in written for step in STEPS)
    for name in ("client_secret", "session_key"):
        assert len({value[name] for value in values}) == len(values)
        assert not any(value[name] in written for value in values)


def test_every_step_may_be_repeated_even_after_the_last(stack: Rotating) -> None:
    for _ in range(2):  # the second rotation deletes a client secret
        token, before = stack.secret.stage(), stack.secret.value()
        for step in STEPS[:3]:
            stack.step(step, token)
            assert stack.secret.value() == before, "readers see a change after the last step only"
            pending, active = stack.secret.value("AWSPENDING"), dict(stack.cognito.api.active)
            for done in STEPS[: STEPS.index(step) + 1]:
                stack.step(done, token)
            assert stack.secret.value("AWSPENDING") == pending
            assert stack.cognito.api.active == active
        stack.step("finishSecret", token)
        calls, asked = list(stack.cognito.api.calls), stack.cognito.calls("token")
        for step in STEPS:
            stack.step(step, token)
        assert (stack.secret.value(), stack.cognito.api.active) == (pending, active)
        assert (stack.cognito.api.calls, stack.cognito.calls("token")) == (calls, asked)


def test_an_event_of_no_rotation_in_progress_is_refused(stack: Rotating) -> None:
    given_up = stack.secret.stage()
    stack.step("createSecret", given_up)
    calls, token = list(stack.cognito.api.calls), stack.secret.stage()
    for name, value in {"Step": "dropSecret", "SecretId": "", "ClientRequestToken": 7}.items():
        with pytest.raises(NotStaged, match=name):
            stack.function.run({**stack.event("createSecret", token), name: value})
    for step in STEPS:
        with pytest.raises(NotStaged, match="no version with this ClientRequestToken"):
            stack.step(step, "00000000-0000-4000-8000-000000000000")
        with pytest.raises(NotStaged, match="not labelled AWSPENDING"):
            stack.step(step, given_up)
    for step in STEPS[1:]:
        with pytest.raises(NotStaged, match="createSecret must run first"):
            stack.step(step, token)
    stack.secret.enable(rotation=False)
    for step in STEPS:
        with pytest.raises(NotStaged, match="not enabled"):
            stack.step(step, token)
    assert stack.cognito.api.calls == calls


def test_a_client_that_replaces_another_meanwhile_stays_in_use(stack: Rotating) -> None:
    token = stack.secret.stage()
    stack.step("createSecret", token)
    first = stack.secret.value()["client_id"]
    stack.secret.put(client_id="another")
    with pytest.raises(ConfigurationError, match="for another app client"):
        stack.step("setSecret", token)
    assert "AddUserPoolClientSecret" not in stack.cognito.api.calls

    stack.secret.put(client_id=first)
    for step in STEPS[:3]:
        stack.step(step, token)
    stack.secret.put(client_id="another")
    with pytest.raises(ConfigurationError, match="for another app client"):
        stack.step("finishSecret", token)
    assert stack.secret.value()["client_id"] == "another"


def test_a_client_secret_that_cognito_refuses_never_becomes_current(stack: Rotating) -> None:
    token = stack.secret.stage()
    stack.step("createSecret", token)  # and setSecret is left out
    with pytest.raises(NotProven):
        stack.step("testSecret", token)


def test_a_rotation_that_was_undone_stays_undone(stack: Rotating) -> None:
    stack.rotate()
    before = stack.secret.value()
    token = stack.rotate()
    stack.secret.undo()
    # What Secrets Manager does while AWSPENDING names a version that is not current.
    for step in STEPS:
        with pytest.raises(NotStaged, match="not labelled AWSPENDING"):
            stack.step(step, token)
    assert stack.secret.value() == before

    stack.rotate()
    after = stack.secret.value()
    assert client_secrets(stack) == {before["client_secret"], after["client_secret"]}


def test_no_client_secret_is_deleted_if_the_one_in_use_is_unknown(stack: Rotating) -> None:
    by_hand = stack.cognito.api.add("addedByHand" + "0" * 24)
    active, token = dict(stack.cognito.api.active), stack.secret.stage()
    stack.step("createSecret", token)
    with pytest.raises(UnknownOwner, match="delete-user-pool-client-secret"):
        stack.step("setSecret", token)
    assert stack.cognito.api.active == active

    before = stack.secret.value()
    del stack.cognito.api.active[by_hand]
    stack.rotate(token)
    after = stack.secret.value()
    assert client_secrets(stack) == {before["client_secret"], after["client_secret"]}


def test_a_client_secret_entered_by_hand_is_not_deleted(stack: Rotating) -> None:
    stack.rotate()
    stack.secret.put(owner="somebody else")
    before = stack.secret.value()
    stack.rotate()
    after, by_hand = stack.secret.value(), "x" * 40
    assert client_secrets(stack) == {before["client_secret"], after["client_secret"]}

    del stack.cognito.api.active[next(iter(stack.cognito.api.active))]
    stack.cognito.api.add(by_hand)
    stack.secret.put(client_secret=by_hand)
    with pytest.raises(UnknownOwner):
        stack.rotate()
    assert by_hand in client_secrets(stack)


def test_an_abandoned_rotation_loses_only_its_own_client_secret(stack: Rotating) -> None:
    stack.rotate()
    current, abandoned = stack.secret.value()["client_secret"], stack.secret.stage()
    for step in STEPS[:2]:
        stack.step(step, abandoned)
    given_up = stack.secret.value("AWSPENDING")["client_secret"]
    assert given_up in client_secrets(stack)

    stack.rotate(stack.secret.stage())  # an operator took the label off and rotates again
    assert client_secrets(stack) == {current, stack.secret.value()["client_secret"]}


def test_a_call_that_fails_is_named_and_the_rotation_can_go_on(stack: Rotating) -> None:
    stack.rotate()
    for operation, code, named in (
        ("ListUserPoolClientSecrets", "TooManyRequestsException", "List.* failed: TooManyReq"),
        ("DeleteUserPoolClientSecret", "AccessDeniedException", "Delete.* failed: AccessDenied"),
        ("AddUserPoolClientSecret", "LimitExceededException", "Add.* failed: LimitExceeded"),
        ("AddUserPoolClientSecret", "answer lost", "ConnectionClosedError"),
    ):
        current, token = stack.secret.value()["client_secret"], stack.secret.stage()
        stack.cognito.api.failures[operation].append(code)
        with pytest.raises(CallFailed, match=named) as caught:
            stack.rotate(token)
        assert "what-was-sent" not in str(caught.value)
        assert caught.value.__cause__ is None  # Lambda logs the causes of an error with it
        assert caught.value.__suppress_context__
        stack.rotate(token)
        assert client_secrets(stack) == {current, stack.secret.value()["client_secret"]}
    stack.cognito.api.failures["DeleteUserPoolClientSecret"].append("done meanwhile")
    stack.rotate()
    assert stack.secret.value()["client_secret"] in client_secrets(stack)


class Died(BaseException):
    """Lambda ended the process: no handler, no clean-up."""


class Strike:
    """Ends the function before or after the ``left``-th of its AWS calls from now on."""

    def __init__(self, stack: Rotating, when: str) -> None:
        self.left = 0
        for client, service in (
            (stack.secret.boto3_client, "secrets-manager"),
            (stack.function.client_secrets.client, "cognito-identity-provider"),
        ):
            events = client.meta.events
            register = events.register_first if when == "before" else events.register_last
            register(f"{when}-call.{service}", self._happens)

    def _happens(self, **_: Any) -> None:
        self.left -= 1
        if self.left == 0:
            raise Died


@pytest.mark.parametrize("when", ["before", "after"])
def test_after_any_interruption_a_retry_can_finish(stack: Rotating, when: str) -> None:
    """The calls are counted in an undisturbed rotation; then each of them is interrupted."""
    strike = Strike(stack, when)
    stack.rotate()  # the first one deletes no client secret
    strike.left = 0
    stack.rotate()
    calls = -strike.left
    assert calls >= 12  # else nothing was counted
    for nth in range(1, calls + 1):
        cached, token = stack.secret.value()["client_secret"], stack.secret.stage()
        strike.left = nth
        with pytest.raises(Died):
            stack.rotate(token)
        assert {stack.secret.value()["client_secret"], cached} <= client_secrets(stack)

        stack.rotate(token)

        after = stack.secret.value()["client_secret"]
        assert client_secrets(stack) == {after, cached}
        assert after != cached
        assert stack.secret.labels(token) == ["AWSCURRENT"]


FIELDS = {name: secrets.token_hex(24) for name in ("client_id", "client_secret", "session_key")}


@pytest.mark.parametrize(
    ("value", "named"),
    [
        *((text, "JSON") for text in ("", "{", "[]", '"text"', "null", "not-json-but-secret")),
        *(({name: value}, name) for name in FIELDS for value in (None, "", 7)),
    ],
)
def test_a_malformed_value_is_named_and_not_quoted(value: str | dict[str, Any], named: str) -> None:
    with pytest.raises(ConfigurationError, match=named) as caught:
        SecretValue.parse(value if isinstance(value, str) else json.dumps(FIELDS | value))
    assert not any(each in str(caught.value) for each in ("but-secret", *FIELDS.values()))
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_its_repr_shows_nothing() -> None:
    assert not any(value in repr(SecretValue(dict(FIELDS))) for value in FIELDS.values())


@pytest.mark.parametrize(
    "note", ["text", [], {}, {"sha256": 1}, {"sha256": "ü", "listed_before": []}]
)
def test_a_malformed_note_about_the_client_secret_is_ignored(note: object) -> None:
    assert SecretValue({**FIELDS, "client_secret_origin": note}).listed_before is None
