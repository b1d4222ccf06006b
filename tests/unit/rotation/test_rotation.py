"""The four steps: their results, and when they fail."""

from __future__ import annotations

import re

import pytest
from foyer_rotation.errors import (
    CallFailed,
    ConfigurationError,
    NotProven,
    NotStaged,
    UnknownOwner,
)

from tests.rotating_secret import STEPS
from tests.unit.rotation.conftest import Stack


def test_a_rotation_replaces_client_secret_and_session_key_and_nothing_else(stack: Stack) -> None:
    stack.rotate()

    before, after = stack.at_first, stack.secret.value()
    assert re.fullmatch(r"[A-Za-z0-9]{48,64}", after["client_secret"])
    assert after["client_secret"] != before["client_secret"]
    assert stack.signs_in_with(after["client_secret"])
    assert (after["owner"], after["client_id"]) == (before["owner"], before["client_id"])
    assert stack.secret.value("AWSPREVIOUS") == before


def test_the_old_client_secret_stays_active_until_the_next_rotation(stack: Stack) -> None:
    stack.rotate()
    assert stack.signs_in_with(stack.at_first["client_secret"])
    second = stack.secret.value()["client_secret"]

    stack.rotate()
    assert not stack.signs_in_with(stack.at_first["client_secret"])
    assert stack.signs_in_with(second)


def test_the_old_session_key_opens_sessions_after_a_rotation(stack: Stack) -> None:
    stack.rotate()

    after = stack.secret.value()
    assert after.get("previous_session_key") == stack.at_first["session_key"]
    assert after["session_key"] != stack.at_first["session_key"]
    assert len(after["session_key"]) >= 32


def test_each_rotation_generates_new_values(stack: Stack) -> None:
    seen = set()
    for _ in range(4):
        stack.rotate()
        value = stack.secret.value()
        seen |= {value["client_secret"], value["session_key"]}
    assert len(seen) == 8


@pytest.mark.parametrize("rotations_before", [0, 1, 2])
def test_every_step_may_be_repeated(stack: Stack, rotations_before: int) -> None:
    for _ in range(rotations_before):
        stack.rotate()
    token, before = stack.secret.stage(), stack.secret.value()
    for step in STEPS[:3]:
        stack.step(step, token)
        assert stack.secret.value() == before, "nothing changes for readers before the last step"
        pending, active = stack.secret.value("AWSPENDING"), dict(stack.client.active)
        for done in STEPS[: STEPS.index(step) + 1]:
            stack.step(done, token)
        assert stack.secret.value("AWSPENDING") == pending
        assert stack.client.active == active
    stack.step("finishSecret", token)
    assert stack.secret.value() == pending


@pytest.mark.parametrize("step", STEPS)
def test_a_step_of_a_finished_rotation_does_nothing(stack: Stack, step: str) -> None:
    token = stack.rotate()
    value, active = stack.secret.value(), dict(stack.client.active)
    stack.client.calls.clear()

    stack.step(step, token)

    assert (stack.secret.value(), stack.client.active) == (value, active)
    assert stack.client.calls == []
    assert stack.cognito.calls("token") == 2  # both from the rotation itself


@pytest.mark.parametrize("step", STEPS)
def test_a_token_without_a_version_or_label_is_refused(stack: Stack, step: str) -> None:
    with pytest.raises(NotStaged, match="no version with this ClientRequestToken"):
        stack.step(step, "00000000-0000-4000-8000-000000000000")
    given_up = stack.secret.stage()
    stack.step("createSecret", given_up)
    stack.secret.stage()
    with pytest.raises(NotStaged, match="not labelled AWSPENDING"):
        stack.step(step, given_up)


@pytest.mark.parametrize("step", STEPS)
def test_a_secret_without_rotation_is_refused(stack: Stack, step: str) -> None:
    token = stack.secret.stage()
    stack.secret.enable(rotation=False)

    with pytest.raises(NotStaged, match="not enabled"):
        stack.step(step, token)
    assert stack.client.calls == []


def test_a_client_that_is_replaced_during_a_rotation_stays_in_use(stack: Stack) -> None:
    token = stack.secret.stage()
    for step in STEPS[:3]:
        stack.step(step, token)
    replaced = stack.secret.value() | {"client_id": "another"}
    stack.secret.put(replaced)

    with pytest.raises(ConfigurationError, match="for another app client"):
        stack.step("finishSecret", token)
    assert stack.secret.value() == replaced


def test_a_rotation_that_was_undone_stays_undone(stack: Stack) -> None:
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
    assert stack.signs_in_with(stack.secret.value()["client_secret"])


def test_a_label_left_by_an_interrupted_finish_is_removed_by_the_next_try(stack: Stack) -> None:
    token = stack.rotate()
    stack.secret.label_pending(token)

    stack.step("finishSecret", token)

    assert stack.secret.labels(token) == ["AWSCURRENT"]


@pytest.mark.parametrize(
    ("name", "value"),
    [("Step", None), ("Step", "dropSecret"), ("SecretId", ""), ("ClientRequestToken", 7)],
)
def test_an_event_with_a_wrong_field_is_refused(stack: Stack, name: str, value: object) -> None:
    event = {**stack.secret.event("createSecret", stack.secret.stage()), name: value}
    with pytest.raises(NotStaged, match=name):
        stack.rotation.run(event)


@pytest.mark.parametrize("step", ["setSecret", "testSecret"])
def test_a_step_before_its_time_is_refused(stack: Stack, step: str) -> None:
    with pytest.raises(NotStaged, match="createSecret must run first"):
        stack.step(step, stack.secret.stage())
    assert len(stack.client.active) == 1


def test_a_client_secret_that_cognito_does_not_know_never_becomes_current(stack: Stack) -> None:
    token = stack.secret.stage()
    stack.step("createSecret", token)  # and setSecret is left out

    with pytest.raises(NotProven):
        stack.step("testSecret", token)


def test_a_pending_version_of_a_replaced_app_client_is_refused(stack: Stack) -> None:
    token = stack.secret.stage()
    stack.step("createSecret", token)
    stack.secret.put({**stack.at_first, "client_id": "replaced"})

    with pytest.raises(ConfigurationError, match="another app client"):
        stack.step("setSecret", token)
    assert "AddUserPoolClientSecret" not in stack.client.calls


@pytest.mark.parametrize("field", ["client_id", "client_secret", "session_key"])
def test_a_malformed_secret_is_named_by_its_field(stack: Stack, field: str) -> None:
    stack.secret.put({**stack.at_first, field: None})
    with pytest.raises(ConfigurationError, match=field):
        stack.step("createSecret", stack.secret.stage())


def test_no_client_secret_is_deleted_if_the_one_in_use_is_unknown(stack: Stack) -> None:
    by_hand = stack.client.add("added-by-hand".replace("-", "_") + "0" * 24)
    active = dict(stack.client.active)
    token = stack.secret.stage()
    stack.step("createSecret", token)

    with pytest.raises(UnknownOwner, match="delete-user-pool-client-secret"):
        stack.step("setSecret", token)
    assert stack.client.active == active

    stack.client.delete(by_hand)
    stack.rotate(token)
    assert stack.signs_in_with(stack.at_first["client_secret"])
    assert stack.signs_in_with(stack.secret.value()["client_secret"])


def test_a_client_secret_entered_manually_is_not_deleted(stack: Stack) -> None:
    stack.rotate()
    oldest = next(iter(stack.client.active))
    stack.client.delete(oldest)
    by_hand = "x" * 40
    stack.client.add(by_hand)
    stack.secret.put({**stack.secret.value(), "client_secret": by_hand})

    with pytest.raises(UnknownOwner):
        stack.rotate()
    assert stack.signs_in_with(by_hand)


def test_a_field_changed_by_hand_does_not_stop_the_next_rotation(stack: Stack) -> None:
    stack.rotate()
    stack.secret.put({**stack.secret.value(), "owner": "somebody else"})
    current = stack.secret.value()["client_secret"]

    stack.rotate()

    assert stack.signs_in_with(current)
    assert not stack.signs_in_with(stack.at_first["client_secret"])


def test_an_abandoned_rotation_loses_only_its_own_client_secret(stack: Stack) -> None:
    stack.rotate()
    current = stack.secret.value()["client_secret"]
    abandoned = stack.secret.stage()
    for step in STEPS[:2]:
        stack.step(step, abandoned)
    given_up = stack.secret.value("AWSPENDING")["client_secret"]

    token = stack.secret.stage()  # an operator took the label off and rotates again
    for step in STEPS[:2]:
        stack.step(step, token)

    assert stack.signs_in_with(current)
    assert not stack.signs_in_with(given_up)
    stack.rotate(token)
    assert stack.signs_in_with(stack.secret.value()["client_secret"])


def test_after_a_rollback_the_current_client_secret_is_kept(stack: Stack) -> None:
    stack.rotate()
    rolled_back_to = stack.secret.value()
    stack.rotate()
    stack.secret.undo()
    assert stack.secret.value() == rolled_back_to

    stack.rotate()

    assert stack.signs_in_with(rolled_back_to["client_secret"])


@pytest.mark.parametrize(
    ("operation", "step"),
    [
        ("ListUserPoolClientSecrets", "createSecret"),
        ("ListUserPoolClientSecrets", "setSecret"),
        ("DeleteUserPoolClientSecret", "setSecret"),
        ("AddUserPoolClientSecret", "setSecret"),
    ],
)
@pytest.mark.parametrize(
    "code",
    ["TooManyRequestsException", "AccessDeniedException", "LimitExceededException"],
)
def test_a_call_that_fails_is_named_and_the_rotation_can_go_on(
    stack: Stack, operation: str, step: str, code: str
) -> None:
    stack.rotate()
    current = stack.secret.value()
    token = stack.secret.stage()
    if step == "setSecret":
        stack.step("createSecret", token)
    stack.client.fail_next(operation, code)

    with pytest.raises(CallFailed, match=f"{operation} failed: {code}") as caught:
        stack.step(step, token)

    assert "what-was-sent" not in str(caught.value)
    assert caught.value.__cause__ is None  # Lambda logs the causes of an error with it
    assert caught.value.__suppress_context__
    assert stack.signs_in_with(current["client_secret"])
    stack.rotate(token)
    assert stack.signs_in_with(stack.secret.value()["client_secret"])


def test_a_client_secret_that_is_already_deleted_does_not_stop_the_rotation(stack: Stack) -> None:
    stack.rotate()
    stack.client.fail_next("DeleteUserPoolClientSecret", "done meanwhile")

    stack.rotate()

    assert stack.signs_in_with(stack.secret.value()["client_secret"])


@pytest.mark.parametrize("operation", ["AddUserPoolClientSecret", "DeleteUserPoolClientSecret"])
def test_a_call_whose_answer_is_lost_is_not_repeated(stack: Stack, operation: str) -> None:
    stack.rotate()
    current = stack.secret.value()["client_secret"]
    stack.client.calls.clear()
    stack.client.fail_next(operation, "answer lost")
    token = stack.secret.stage()
    with pytest.raises(CallFailed, match="ConnectionClosedError"):
        stack.rotate(token)

    stack.rotate(token)

    assert stack.client.calls.count(operation) == 1
    assert stack.signs_in_with(current)
    assert stack.signs_in_with(stack.secret.value()["client_secret"])


def test_logs_show_the_steps_and_no_values(stack: Stack, capfd: pytest.CaptureFixture[str]) -> None:
    stack.rotate()
    stack.rotate()

    written = stack.log.getvalue() + "".join(capfd.readouterr())
    assert all(step in written for step in STEPS)
    for value in (stack.at_first, stack.secret.value("AWSPREVIOUS"), stack.secret.value()):
        for name in ("client_secret", "session_key"):
            assert value[name] not in written
