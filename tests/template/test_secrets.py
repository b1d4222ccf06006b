"""Parameters, environment variables and outputs contain no secrets."""

from __future__ import annotations

import json
import re

from tests.template.parameter_sets import PARAMETER_SETS
from tests.template.rendering import Rendered, references, render, source, transformed

_ANYTHING_SECRET = re.compile(r"ClientSecret|resolve:secretsmanager|<Secret>")


def test_environments_and_outputs_hold_names_and_no_values_of_secrets(stack: Rendered) -> None:
    functions = stack.of_type("AWS::Lambda::Function")
    for function in functions.values():
        assert not _ANYTHING_SECRET.search(json.dumps(function.get("Environment")))
    web = functions["WebFunction"]["Environment"]["Variables"]
    assert web["SECRET_ID"] == stack.outputs["SecretName"] == "foyer/shop"
    assert not _ANYTHING_SECRET.search(json.dumps(stack.outputs))


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
    # Lambda calls it again a minute after a failure, and again two minutes after that.
    timeout = stack.properties("CredentialsFunction")["Timeout"]
    assert timeout < filled_in["ServiceTimeout"] <= 300
    schedule = render({"RotationDays": "30"}).resources["RotationSchedule"]
    assert "ClientCredentials" in schedule["DependsOn"], "the first rotation waits for it"


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
    # $context.path is safe, but requestOverride, authorizer claims and identity hold more.
    allowed = """requestId requestTime identity.sourceIp routeKey status responseLength
        responseLatency integrationLatency integrationErrorMessage"""
    stage = render().properties("HttpApiApiGatewayDefaultStage")
    logged = json.loads(stage["AccessLogSettings"]["Format"])
    assert logged["route"] == "$context.routeKey"
    assert set(logged.values()) <= {f"$context.{name}" for name in allowed.split()}
