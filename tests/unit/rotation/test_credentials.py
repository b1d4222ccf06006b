"""The custom resource: fills the credentials in, and answers CloudFormation whatever happens."""

from __future__ import annotations

import json
import secrets
import threading
from collections.abc import Callable, Iterator
from io import StringIO
from types import SimpleNamespace
from typing import Any

import pytest
from aws_lambda_powertools import Logger
from foyer_rotation import custom_resource
from foyer_rotation.errors import CallFailed
from foyer_rotation.secret_value import SecretValue

from tests.ports import REFUSING_PORT
from tests.rotating_secret import RotatingSecret
from tests.wire_faults import Line, Reply
from tests.wire_server import Arrived, WireServer


class Deployment:
    """A secret with a session key only, a pool, and CloudFormation, which waits for answers."""

    def __init__(self) -> None:
        self.cloudformation = WireServer(self._arrives)
        self.url = f"{self.cloudformation.url}/bucket/key?X-Amz-Signature=abc"
        self.statuses: list[int] = []  # CloudFormation's to the next answers, instead of 200
        self.answers: list[dict[str, Any]] = []
        self.content_types: list[str] = []
        self.on_answer: Callable[[], None] = lambda: None
        self.secrets_manager, self.cognito = custom_resource._clients()
        self.pool = self.cognito.create_user_pool(PoolName="shop")["UserPool"]["Id"]
        self.at_first = {"session_key": secrets.token_urlsafe(48)}
        self.secret = RotatingSecret(self.at_first)
        # moto knows none of the calls for further client secrets.
        self.listed = ["only"]
        self.cognito.list_user_pool_client_secrets = lambda **_: {
            "ClientSecrets": [{"ClientSecretId": each} for each in self.listed]
        }

    def _arrives(self, arrived: Arrived, line: Line) -> bool:
        status = self.statuses.pop(0) if self.statuses else 200
        if status == 200:
            self.answers.append(json.loads(arrived.body))
            self.content_types.append(arrived.headers["content-type"])
            self.on_answer()
        line.send(Reply(status).to_bytes())
        return True

    def new_client(self, *, generate_secret: bool = True) -> str:
        made = self.cognito.create_user_pool_client(
            UserPoolId=self.pool, ClientName="web", GenerateSecret=generate_secret
        )
        return str(made["UserPoolClient"]["ClientId"])

    def secret_of(self, client_id: str) -> str:
        found = self.cognito.describe_user_pool_client(UserPoolId=self.pool, ClientId=client_id)
        return str(found["UserPoolClient"]["ClientSecret"])

    def send(
        self, request: str, client_id: str, seconds: float = 60, **more: Any
    ) -> dict[str, Any]:
        """The answer to one event, for which the function has these seconds."""
        event: Any = {
            "RequestType": request,
            "ResponseURL": self.url,
            "StackId": "arn:aws:cloudformation:eu-central-1:123456789012:stack/shop/1",
            "RequestId": "request-1",
            "LogicalResourceId": "ClientCredentials",
            "ResourceProperties": {
                "SecretId": self.secret.arn,
                "UserPoolId": self.pool,
                "ClientId": client_id,
            },
            **more,
        }
        context: Any = SimpleNamespace(get_remaining_time_in_millis=lambda: int(seconds * 1000))
        custom_resource.handler(event, context)
        return self.answers[-1]

    def succeeds(self, request: str, client_id: str, **more: Any) -> dict[str, Any]:
        """The secret's value afterwards."""
        assert self.send(request, client_id, **more)["Status"] == "SUCCESS"
        return self.secret.value()

    def rotate(self) -> dict[str, Any]:
        """What a rotation leaves: another client secret and session key, in a new version."""
        self.secret.put(**SecretValue(self.secret.value()).successor(["only"]).fields)
        self.listed = ["only", "added"]
        return self.secret.value()

    def on_read(self, happens: Callable[..., Any]) -> None:
        event = "before-call.secrets-manager.GetSecretValue"
        self.secrets_manager.meta.events.register(event, happens)


@pytest.fixture
def deployment(aws: None) -> Iterator[Deployment]:  # noqa: ARG001 - moto has to run
    custom_resource._clients.cache_clear()
    made = Deployment()
    with made.cloudformation:
        yield made


def test_a_new_stack_gets_its_clients_id_and_secret_and_shows_neither(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = StringIO()
    monkeypatch.setattr(custom_resource, "_log", Logger(service="credentials-test", stream=log))
    client_id = deployment.new_client()
    value = deployment.succeeds("Create", client_id)
    assert value.pop("client_secret_origin")["listed_before"] == []
    assert len(value.pop("origin_verify")) >= 32
    client_secret = deployment.secret_of(client_id)
    written = {"client_id": client_id, "client_secret": client_secret}
    assert value == deployment.at_first | written
    (answer,) = deployment.answers
    assert answer["StackId"].endswith("stack/shop/1")
    assert (answer["RequestId"], answer["LogicalResourceId"]) == ("request-1", "ClientCredentials")
    assert deployment.content_types == [""], "S3's signature requires it"
    everything = json.dumps(answer) + log.getvalue()
    assert "CloudFormation answered" in everything
    assert not any(value[name] in everything for name in ("client_secret", "session_key"))


def test_a_rotated_client_secret_is_left_alone(deployment: Deployment) -> None:
    client_id = deployment.new_client()
    deployment.succeeds("Create", client_id)
    deployment.rotate()
    rotated = deployment.rotate()
    assert rotated["client_secret"] != deployment.secret_of(client_id)
    for request in ("Create", "Update"):
        assert deployment.succeeds(request, client_id) == rotated
    assert deployment.succeeds("Delete", client_id, ResourceProperties={}) == rotated


def test_a_rollback_restores_a_rotated_client_secret(deployment: Deployment) -> None:
    first = deployment.new_client()
    deployment.succeeds("Create", first)
    rotated = deployment.rotate()
    second, deployment.listed = deployment.new_client(), ["its own"]
    value = deployment.succeeds("Update", second, PhysicalResourceId="given-before")
    # CloudFormation deletes the old resource where this changes.
    assert deployment.answers[-1]["PhysicalResourceId"] == "given-before"
    assert (value["client_id"], value["client_secret"]) == (second, deployment.secret_of(second))
    for key in ("session_key", "previous_session_key"):
        assert value[key] == rotated[key]
    assert deployment.succeeds("Update", first) == rotated


def test_a_failure_is_answered_with_its_reason(deployment: Deployment) -> None:
    def failure(client_id: str, **more: Any) -> str:
        answer = deployment.send("Create", client_id, **more)
        assert answer["Status"] == "FAILED"
        assert answer["PhysicalResourceId"], "without one, CloudFormation cannot roll back"
        assert deployment.secret.value() == deployment.at_first
        return str(answer["Reason"])

    client_id = deployment.new_client()
    assert "property SecretId is missing" in failure(client_id, ResourceProperties={})
    unexpected = failure(client_id, ResourceProperties=None)
    assert unexpected == "Unexpected error: AttributeError", "a message may hold a value"
    assert "has no client secret" in failure(deployment.new_client(generate_secret=False))
    assert failure("unknown").startswith("CallFailed: DescribeUserPoolClient failed: Resource")
    deployment.listed = ["one", "other"]
    assert "has two secrets" in failure(client_id), "neither is used by chance"
    deployment.secret.boto3_client.put_secret_value(
        SecretId=deployment.secret.arn, SecretString="hunter-2-is-here"
    )
    assert deployment.send("Create", client_id)["Reason"] == (
        "ConfigurationError: The secret is not JSON"
    )


@pytest.mark.parametrize("refusals", [2, 99])
def test_a_new_roles_permissions_are_waited_for_but_not_for_ever(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch, refusals: int
) -> None:
    slept: list[float] = []
    monkeypatch.setattr("time.sleep", slept.append)
    error = {"Error": {"Code": "AccessDeniedException", "Message": "not yet"}}
    left = iter([(SimpleNamespace(status_code=400), error)] * refusals)
    deployment.on_read(lambda **_: next(left, None))
    answer = deployment.send("Create", deployment.new_client())
    if refusals == 2:
        assert (answer["Status"], slept) == ("SUCCESS", [2, 4])
    else:
        assert answer["Reason"] == "NotAllowed: GetSecretValue failed: AccessDeniedException"


def test_lambdas_time_limit_is_answered_before_it_ends(deployment: Deployment) -> None:
    answered = threading.Event()
    deployment.on_answer = answered.set

    def hang(**_: object) -> None:
        assert answered.wait(20), "nobody answered while Secrets Manager hung"

    deployment.on_read(hang)
    deployment.send("Create", deployment.new_client(), seconds=10.1)
    (only,) = deployment.answers
    assert only["Status"] == "FAILED"
    assert "in time" in only["Reason"]


def test_an_answer_that_does_not_arrive_is_tried_again_and_its_url_is_not_logged(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)
    deployment.statuses = [503, 503]
    deployment.succeeds("Delete", "any")
    deployment.statuses = [403]
    with pytest.raises(CallFailed, match="status 403") as refused:
        deployment.send("Delete", "any")
    deployment.url = f"http://127.0.0.1:{REFUSING_PORT}/key?X-Amz-Signature=abc"
    with pytest.raises(CallFailed, match="no answer: MaxRetryError") as unreachable:
        deployment.send("Delete", "any")
    assert "X-Amz-Signature" not in f"{refused.value} {unreachable.value} {caplog.text}"


def test_a_fingerprint_changes_with_its_settings_only(deployment: Deployment) -> None:
    def made(web: list[str], guard: list[str]) -> dict[str, str]:
        properties = {"ServiceToken": "arn", "ServiceTimeout": "300", "Web": web, "Guard": guard}
        event = {"ResourceType": "Custom::Fingerprints", "ResourceProperties": properties}
        assert deployment.succeeds("Update", "", **event) == deployment.at_first
        return deployment.answers[-1]["Data"]  # type: ignore[no-any-return]

    first, moved, same = made(["a", ""], ["b"]), made(["", "a"], ["b"]), made(["a", ""], ["b"])
    assert first == same
    assert first["Web"] != moved["Web"]
    assert first["Guard"] == moved["Guard"]
    assert {name: len(each) for name, each in first.items()} == {"Web": 12, "Guard": 12}
