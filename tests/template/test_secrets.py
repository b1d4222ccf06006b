"""No secret stands in a parameter, an environment variable or an output."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from tests.template.parameter_sets import PARAMETER_SETS
from tests.template.rendering import Rendered, references, render, source, transformed

_HOLDS_SECRETS = {"Secret"}
_ANYTHING_SECRET = re.compile(r"ClientSecret|resolve:secretsmanager|<Secret>")


@pytest.fixture(params=PARAMETER_SETS)
def stack(request: pytest.FixtureRequest) -> Rendered:
    return render(PARAMETER_SETS[request.param])


def test_environments_hold_names_and_no_values_of_secrets(stack: Rendered) -> None:
    functions = stack.of_type("AWS::Lambda::Function")
    for function in functions.values():
        assert not _ANYTHING_SECRET.search(json.dumps(function["Environment"]))
    web = functions["WebFunction"]["Environment"]["Variables"]
    assert web["SECRET_ID"] == "foyer/shop"


def test_outputs_hold_none(stack: Rendered) -> None:
    assert not _ANYTHING_SECRET.search(json.dumps(stack.outputs))
    assert stack.outputs["SecretName"] == "foyer/shop"


def test_the_client_secret_goes_into_the_secret_and_nowhere_else() -> None:
    holders = {
        name
        for name, resource in transformed()["Resources"].items()
        if "UserPoolClient.ClientSecret" in json.dumps(resource)
        or '["UserPoolClient", "ClientSecret"]' in json.dumps(resource)
    }
    assert holders == _HOLDS_SECRETS


def test_one_resource_makes_the_fields_that_the_functions_read() -> None:
    generated = render().properties("Secret")["GenerateSecretString"]
    fields = set(json.loads(generated["SecretStringTemplate"])) | {generated["GenerateStringKey"]}
    assert fields == {"client_id", "client_secret", "session_key"}
    assert generated["PasswordLength"] >= 32


def test_no_parameter_takes_a_secret() -> None:
    # CloudFormation shows parameters to whoever may describe the stack, NoEcho or not.
    for name, declared in source()["Parameters"].items():
        assert not declared.get("NoEcho"), f"{name} wants to be hidden: it belongs in a secret"


def test_no_update_but_the_clients_own_rewrites_the_secret() -> None:
    # Any change that CloudFormation sees here writes the value anew, over a rotated one.
    mentioned = set(references(source()["Resources"]["Secret"]["Properties"]))
    assert mentioned == {"AWS::StackName", "UserPoolClient"}


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
