"""The custom resource: fills the credentials in, and answers CloudFormation whatever happens."""

from __future__ import annotations

import json
import secrets
import threading
from collections.abc import Iterator
from io import StringIO
from typing import Any

import boto3
import pytest
from aws_lambda_powertools import Logger
from foyer_rotation import custom_resource
from foyer_rotation.custom_resource import Answer
from foyer_rotation.errors import CallFailed
from foyer_rotation.secret_value import SecretValue
from moto import mock_aws

from tests.fake_cloudformation import FakeCloudFormation
from tests.ports import free_port
from tests.rotating_secret import RotatingSecret
from tests.unit.rotation.conftest import REGION


class Deployment:
    """A secret with a session key only, a pool, and CloudFormation, which waits for answers."""

    def __init__(self, cloudformation: FakeCloudFormation) -> None:
        self.cloudformation = cloudformation
        self.cognito = boto3.client("cognito-idp")
        self.pool = self.cognito.create_user_pool(PoolName="shop")["UserPool"]["Id"]
        self.session_key = secrets.token_urlsafe(48)
        self.secret = RotatingSecret({"session_key": self.session_key})
        self.arn = self.secret.arn
        # moto knows none of the calls for further client secrets.
        self.listed = ["only"]

    def new_client(self, *, generate_secret: bool = True) -> str:
        made = self.cognito.create_user_pool_client(
            UserPoolId=self.pool, ClientName="web", GenerateSecret=generate_secret
        )
        return made["UserPoolClient"]["ClientId"]

    def secret_of(self, client_id: str) -> str:
        found = self.cognito.describe_user_pool_client(UserPoolId=self.pool, ClientId=client_id)
        return found["UserPoolClient"]["ClientSecret"]

    def send(self, request: str, client_id: str, **more: object) -> dict[str, str]:
        """The answer to one event."""
        event = self.event(request, client_id) | more
        custom_resource.handler(event, _Context())  # type: ignore[arg-type]
        return self.cloudformation.answers[-1]

    def event(self, request: str, client_id: str) -> dict[str, Any]:
        known = {} if request == "Create" else {"PhysicalResourceId": "credentials"}
        return known | {
            "RequestType": request,
            "ResponseURL": self.cloudformation.url,
            "StackId": "arn:aws:cloudformation:eu-central-1:123456789012:stack/shop/1",
            "RequestId": "request-1",
            "LogicalResourceId": "ClientCredentials",
            "ResourceProperties": {
                "SecretId": self.arn,
                "UserPoolId": self.pool,
                "ClientId": client_id,
                "ServiceTimeout": "300",
            },
        }

    def rotate(self) -> None:
        """What a rotation leaves: another client secret and session key, in a new version."""
        value = SecretValue(self.secret.value()).successor(["only"])
        self.secret.put(value.fields)
        self.listed = ["only", "added"]


class _Context:
    def __init__(self, seconds: float = 60) -> None:
        self._milliseconds = int(seconds * 1000)

    def get_remaining_time_in_millis(self) -> int:
        return self._milliseconds


@pytest.fixture
def deployment(monkeypatch: pytest.MonkeyPatch) -> Iterator[Deployment]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.setenv(name, "made-up")
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    custom_resource._clients.cache_clear()
    with FakeCloudFormation() as cloudformation, mock_aws():
        deployment = Deployment(cloudformation)
        _, cognito = custom_resource._clients()
        monkeypatch.setattr(
            cognito,
            "list_user_pool_client_secrets",
            lambda **_: {"ClientSecrets": [{"ClientSecretId": each} for each in deployment.listed]},
        )
        yield deployment
    custom_resource._clients.cache_clear()


# -- What becomes of the secret -----------------------------------------------------------------


def test_a_new_stack_gets_its_clients_id_and_secret(deployment: Deployment) -> None:
    client_id = deployment.new_client()

    answer = deployment.send("Create", client_id)

    assert answer["Status"] == "SUCCESS"
    value = deployment.secret.value()
    assert value.pop("client_secret_origin")["listed_before"] == []
    assert len(value.pop("origin_verify")) >= 32
    assert value == {
        "client_id": client_id,
        "client_secret": deployment.secret_of(client_id),
        "session_key": deployment.session_key,
    }


@pytest.mark.parametrize("request_type", ["Create", "Update"])
def test_a_rotated_client_secret_is_left_alone(deployment: Deployment, request_type: str) -> None:
    client_id = deployment.new_client()
    deployment.send("Create", client_id)
    deployment.rotate()
    deployment.rotate()
    before = deployment.secret.value()

    assert deployment.send(request_type, client_id)["Status"] == "SUCCESS"

    assert deployment.secret.value() == before
    assert before["client_secret"] != deployment.secret_of(client_id)


def test_a_client_is_replaced_and_sessions_stay_readable(deployment: Deployment) -> None:
    deployment.send("Create", deployment.new_client())
    deployment.rotate()
    rotated = deployment.secret.value()
    second, deployment.listed = deployment.new_client(), ["its own"]

    assert deployment.send("Update", second)["Status"] == "SUCCESS"

    value = deployment.secret.value()
    assert value["client_id"] == second
    assert value["client_secret"] == deployment.secret_of(second)
    for key in ("session_key", "previous_session_key"):
        assert value[key] == rotated[key]


def test_a_rolled_back_replacement_restores_the_client_secret(deployment: Deployment) -> None:
    first = deployment.new_client()
    deployment.send("Create", first)
    deployment.rotate()
    rotated = deployment.secret.value()
    second, deployment.listed = deployment.new_client(), ["its own"]
    deployment.send("Update", second)

    assert deployment.send("Update", first)["Status"] == "SUCCESS"

    assert deployment.secret.value() == rotated


def test_of_two_unknown_client_secrets_none_is_used_by_chance(deployment: Deployment) -> None:
    client_id, deployment.listed = deployment.new_client(), ["one", "other"]

    answer = deployment.send("Update", client_id)

    assert answer["Status"] == "FAILED"
    assert "has two secrets" in answer["Reason"]
    assert deployment.secret.value() == {"session_key": deployment.session_key}


def test_deletion_deletes_nothing_and_needs_nothing(deployment: Deployment) -> None:
    client_id = deployment.new_client()
    deployment.send("Create", client_id)
    before = deployment.secret.value()

    answer = deployment.send("Delete", client_id, ResourceProperties={})

    assert answer["Status"] == "SUCCESS"
    assert deployment.secret.value() == before


# -- Every path answers -------------------------------------------------------------------------


def test_an_answer_has_what_cloudformation_asks_for(deployment: Deployment) -> None:
    answer = deployment.send("Create", deployment.new_client())
    assert answer["StackId"].endswith("stack/shop/1")
    assert answer["RequestId"] == "request-1"
    assert answer["LogicalResourceId"] == "ClientCredentials"
    # CloudFormation deletes the old resource where this changes.
    again = deployment.send("Update", deployment.new_client(), PhysicalResourceId="given-before")
    assert again["PhysicalResourceId"] == "given-before"
    assert deployment.cloudformation.content_types == ["", ""]


def test_a_failure_is_answered_with_its_reason(deployment: Deployment) -> None:
    def failure(client_id: str, **more: object) -> str:
        answer = deployment.send("Create", client_id, **more)
        assert answer["Status"] == "FAILED"
        assert answer["PhysicalResourceId"], "without one, CloudFormation cannot roll back"
        return answer["Reason"]

    client_id = deployment.new_client()
    assert "property SecretId is missing" in failure(client_id, ResourceProperties={})
    assert "Unexpected error" in failure(client_id, ResourceProperties=None)
    assert "has no client secret" in failure(deployment.new_client(generate_secret=False))
    assert failure("unknown").startswith("CallFailed: DescribeUserPoolClient failed: Resource")
    deployment.secret.boto3_client.put_secret_value(
        SecretId=deployment.arn, SecretString="hunter-2-is-here"
    )
    assert failure(client_id) == "ConfigurationError: The secret is not JSON"


@pytest.mark.parametrize("refusals", [2, 99])
def test_a_new_roles_permissions_are_waited_for_but_not_for_ever(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch, refusals: int
) -> None:
    slept: list[float] = []
    monkeypatch.setattr("time.sleep", slept.append)
    secrets_manager, _ = custom_resource._clients()
    left = iter([_denied()] * refusals)
    secrets_manager.meta.events.register(
        "before-call.secrets-manager.GetSecretValue", lambda **_: next(left, None)
    )
    answer = deployment.send("Create", deployment.new_client())
    if refusals == 2:
        assert (answer["Status"], slept) == ("SUCCESS", [2, 4])
    else:
        assert answer["Reason"] == "NotAllowed: GetSecretValue failed: AccessDeniedException"


def _denied() -> tuple[object, dict[str, Any]]:
    class Reply:
        status_code = 400

    return Reply(), {"Error": {"Code": "AccessDeniedException", "Message": "not yet"}}


def test_the_time_limit_is_answered_before_lambda_ends_the_function(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    answered = threading.Event()
    monkeypatch.setattr(deployment.cloudformation, "on_answer", answered.set)
    secrets_manager, _ = custom_resource._clients()

    def hang(**_: object) -> None:
        assert answered.wait(20), "nobody answered while Secrets Manager hung"

    secrets_manager.meta.events.register("before-call.secrets-manager.GetSecretValue", hang)

    event = deployment.event("Create", deployment.new_client())
    custom_resource.handler(event, _Context(seconds=10.1))  # type: ignore[arg-type]

    (only,) = deployment.cloudformation.answers
    assert only["Status"] == "FAILED"
    assert "in time" in only["Reason"]


def test_an_answer_that_does_not_arrive_is_tried_again(deployment: Deployment) -> None:
    client_id = deployment.new_client()
    deployment.cloudformation.statuses = [503]
    assert deployment.send("Create", client_id)["Status"] == "SUCCESS"
    deployment.cloudformation.statuses = [403]
    with pytest.raises(CallFailed, match="status 403") as caught:
        deployment.send("Create", client_id)
    assert deployment.cloudformation.url not in str(caught.value)
    assert deployment.send("Create", client_id)["Status"] == "SUCCESS"


def test_the_presigned_url_stays_out_of_what_lambda_logs(deployment: Deployment) -> None:
    event = deployment.event("Delete", "any") | {
        "ResponseURL": f"http://127.0.0.1:{free_port()}/key?X-Amz-Signature=abc"
    }
    with pytest.raises(CallFailed, match="no answer: MaxRetryError") as caught:
        custom_resource.handler(event, _Context())  # type: ignore[arg-type]
    assert "X-Amz-Signature" not in str(caught.value)


def test_only_the_first_answer_is_sent() -> None:
    sent: list[bytes] = []
    names = ("ResponseURL", "StackId", "RequestId", "LogicalResourceId")
    answer = Answer(dict.fromkeys(names, "x"), lambda _, body: sent.append(body))
    answer.give("FAILED", "too late")
    answer.give("SUCCESS", "done")
    assert len(sent) == 1


def test_neither_answers_nor_logs_show_a_value(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = StringIO()
    monkeypatch.setattr(custom_resource, "_log", Logger(service="credentials-test", stream=log))
    client_id = deployment.new_client()
    deployment.send("Create", client_id)
    everything = json.dumps(deployment.cloudformation.answers) + log.getvalue()
    assert "CloudFormation answered" in everything
    value = deployment.secret.value()
    for field in ("client_secret", "session_key"):
        assert value[field] not in everything


# -- Fingerprints of settings -------------------------------------------------------------------


def test_a_fingerprint_changes_with_its_settings_only(deployment: Deployment) -> None:
    def made(web: list[str], guard: list[str]) -> dict[str, str]:
        properties = {"ServiceToken": "arn", "ServiceTimeout": "300", "Web": web, "Guard": guard}
        event = {"ResourceType": "Custom::Fingerprints", "ResourceProperties": properties}
        for request in ("Create", "Update"):
            answer: dict[str, Any] = deployment.send(request, "", **event)
            assert answer["Status"] == "SUCCESS"
        data: dict[str, str] = answer["Data"]
        return data

    first, moved, same = made(["a", ""], ["b"]), made(["", "a"], ["b"]), made(["a", ""], ["b"])
    assert first == same
    assert first["Web"] != moved["Web"]
    assert first["Guard"] == moved["Guard"]
    assert set(first) == {"Web", "Guard"}
    assert all(len(each) == 12 for each in first.values()), "a description has no room for more"
    assert deployment.secret.value() == {"session_key": deployment.session_key}
