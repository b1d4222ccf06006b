"""Parameters, environment variables and outputs contain no secrets."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from tests.template.parameter_sets import PARAMETER_SETS
from tests.template.rendering import Rendered, references, render, source, transformed

_ANYTHING_SECRET = re.compile(r"ClientSecret|resolve:secretsmanager|<Secret>")


@pytest.fixture(params=PARAMETER_SETS)
def stack(request: pytest.FixtureRequest) -> Rendered:
    return render(PARAMETER_SETS[request.param])


def test_environments_hold_names_and_no_values_of_secrets(stack: Rendered) -> None:
    functions = stack.of_type("AWS::Lambda::Function")
    for function in functions.values():
        assert not _ANYTHING_SECRET.search(json.dumps(function.get("Environment")))
    web = functions["WebFunction"]["Environment"]["Variables"]
    assert web["SECRET_ID"] == "foyer/shop"


def test_outputs_hold_none(stack: Rendered) -> None:
    assert not _ANYTHING_SECRET.search(json.dumps(stack.outputs))
    assert stack.outputs["SecretName"] == "foyer/shop"


def test_cloudformation_neither_reads_nor_writes_the_client_secret() -> None:
    # After a rotation, what it reads may be a client secret that is deleted already.
    written = json.dumps(transformed()["Resources"])
    assert "UserPoolClient.ClientSecret" not in written
    assert '["UserPoolClient", "ClientSecret"]' not in written


def test_the_secret_begins_with_a_session_key_and_the_client_is_filled_in() -> None:
    stack = render()
    generated = stack.properties("Secret")["GenerateSecretString"]
    assert json.loads(generated["SecretStringTemplate"]) == {}
    assert generated["GenerateStringKey"] == "session_key"
    assert generated["PasswordLength"] >= 32
    filled_in = stack.properties("ClientCredentials")
    assert filled_in["ServiceToken"] == "<CredentialsFunction.Arn>"
    assert filled_in["SecretId"] == "<Secret>"
    assert filled_in["ClientId"] == "<UserPoolClient>"
    assert filled_in["UserPoolId"] == stack.properties("UserPoolClient")["UserPoolId"]


def test_a_stack_does_not_wait_for_credentials_much_longer_than_they_take() -> None:
    stack = render()
    timeout = stack.properties("CredentialsFunction")["Timeout"]
    # Lambda calls it again a minute after a failure, and again two minutes after that.
    assert timeout < stack.properties("ClientCredentials")["ServiceTimeout"] <= 300


def test_the_first_rotation_waits_for_the_credentials() -> None:
    schedule = render({"RotationDays": "30"}).resources["RotationSchedule"]
    assert "ClientCredentials" in schedule["DependsOn"]


def test_no_parameter_takes_a_secret() -> None:
    # CloudFormation shows parameters to everyone who can describe the stack.
    for name, declared in source()["Parameters"].items():
        assert not declared.get("NoEcho"), f"{name} wants to be hidden: it belongs in a secret"


def test_no_update_rewrites_the_secret() -> None:
    # Any change that CloudFormation sees in it writes the value again, over a rotated one.
    generated = source()["Resources"]["Secret"]["Properties"]["GenerateSecretString"]
    assert not set(references(generated))


def test_other_providers_secrets_are_read_by_cloudformation_itself() -> None:
    stack = render(PARAMETER_SETS["other providers"])
    for provider in stack.of_type("AWS::Cognito::UserPoolIdentityProvider").values():
        for field in ("client_id", "client_secret"):
            reference = provider["ProviderDetails"][field]
            expected = r"\{\{resolve:secretsmanager:foyer/\w+:SecretString:" + field + r"\}\}"
            assert re.fullmatch(expected, reference)


def test_the_access_log_leaves_out_what_holds_codes() -> None:
    stage = render().properties("HttpApiApiGatewayDefaultStage")
    logged = json.loads(stage["AccessLogSettings"]["Format"])
    assert logged["route"] == "$context.routeKey"
    for variable in _texts(logged):
        # $context.path is safe, but requestOverride, authorizer claims and identity hold more.
        assert variable in {
            "$context.requestId",
            "$context.requestTime",
            "$context.identity.sourceIp",
            "$context.routeKey",
            "$context.status",
            "$context.responseLength",
            "$context.responseLatency",
            "$context.integrationLatency",
            "$context.integrationErrorMessage",
        }


def _texts(logged: dict[str, Any]) -> list[str]:
    return [str(value) for value in logged.values()]
