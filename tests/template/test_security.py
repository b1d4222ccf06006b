"""Least privilege, no secrets where they can be read, and rules like those of cfn-nag and checkov.

docs/decisions/second-opinion.md has checkov's findings, and why it is not part of the checks.
"""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from tests.template.parameter_sets import PARAMETER_SETS
from tests.template.rendering import Rendered, render, source, transformed

_SECRET = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:foyer/shop-??????"
_POOL = "arn:aws:cognito-idp:eu-west-1:123456789012:userpool/"
_TABLE = "<SessionTable.Arn>"


def _grant(service: str, resource: str, *actions: str) -> set[tuple[str, str]]:
    return {(f"{service}:{action}", resource) for action in actions}


# By role, these actions on these resources and nothing else, besides writing its own log. A new
# permission has to be added here too, so that it is reviewed.
GRANTS = {
    "WebRole": _grant("secretsmanager", _SECRET, "GetSecretValue"),
    "GuardRole": _grant("secretsmanager", _SECRET, "GetSecretValue"),
    "VisitorRole": _grant("secretsmanager", _SECRET, "GetSecretValue"),
    "CredentialsRole": {
        *_grant("secretsmanager", "<Secret.Id>", "GetSecretValue", "PutSecretValue"),
        *_grant("cognito-idp", _POOL, "DescribeUserPoolClient", "ListUserPoolClientSecrets"),
    },
    "RotationRole": {
        *_grant("secretsmanager", "<Secret>", "DescribeSecret", "GetSecretValue", "PutSecretValue"),
        *_grant("secretsmanager", "<Secret>", "UpdateSecretVersionStage"),
        *_grant("cognito-idp", _POOL, "AddUserPoolClientSecret", "DeleteUserPoolClientSecret"),
        *_grant("cognito-idp", _POOL, "ListUserPoolClientSecrets"),
    },
}
_CHECK = ("GetItem", "UpdateItem")
_KEEP = (*_CHECK, "PutItem", "DeleteItem", "Query")
WITH_A_TABLE = {
    "WebRole": {
        *_grant("dynamodb", _TABLE, *_KEEP),
        *_grant("dynamodb", f"{_TABLE}/index/BySubject", *_KEEP),
    },
    "GuardRole": _grant("dynamodb", _TABLE, *_CHECK),
    "VisitorRole": _grant("dynamodb", _TABLE, *_CHECK),
}


@pytest.fixture(params=PARAMETER_SETS)
def stack(request: pytest.FixtureRequest) -> Rendered:
    """The stack that each typical set of parameters makes."""
    return render(PARAMETER_SETS[request.param])


def test_each_role_grants_exactly_this(stack: Rendered) -> None:
    pool = _POOL + stack.properties("UserPoolClient")["UserPoolId"]
    has_table = stack.of_type("AWS::DynamoDB::Table")
    roles = stack.of_type("AWS::IAM::Role")
    assert roles.keys() == GRANTS.keys()
    for name, role in roles.items():
        log = f"<{name.removesuffix('Role')}Logs.Arn>"
        expected = {(action, pool if at == _POOL else at) for action, at in GRANTS[name]}
        expected |= WITH_A_TABLE.get(name, set()) if has_table else set()
        expected |= _grant("logs", log, "CreateLogStream", "PutLogEvents")
        assert _grants(role) == expected


def _grants(role: dict[str, Any]) -> set[tuple[str, str]]:
    documents = (policy["PolicyDocument"] for policy in role["Policies"])
    statements = [statement for document in documents for statement in document["Statement"]]
    for statement in statements:
        assert statement["Effect"] == "Allow"
        assert statement["Sid"], "which is the reason in one word"
    return {
        (action, resource)
        for statement in statements
        for action in _listed(statement["Action"])
        for resource in _listed(statement["Resource"])
    }


def _listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def test_each_function_has_a_role_that_only_lambda_assumes_and_no_managed_policy_widens(
    stack: Rendered,
) -> None:
    functions = stack.of_type("AWS::Lambda::Function")
    roles = {name: function["Role"] for name, function in functions.items()}
    assert roles == {name: f"<{name.removesuffix('Function')}Role.Arn>" for name in functions}
    for role in stack.of_type("AWS::IAM::Role").values():
        assert "ManagedPolicyArns" not in role
        (statement,) = role["AssumeRolePolicyDocument"]["Statement"]
        assert statement["Principal"] == {"Service": "lambda.amazonaws.com"}


def test_nothing_is_open_to_the_world_and_functions_only_to_our_api_and_secret(
    stack: Rendered,
) -> None:
    written = json.dumps(dict(stack.resources))
    assert not re.search(r'"(Principal|AWS)": "\*"', written)
    assert not re.search(r"AWS::(Lambda::Url|S3::Bucket)", written)
    permissions = stack.of_type("AWS::Lambda::Permission")
    permissions.pop("PostConfirmationPermission", None)  # a function of another stack
    rotation = permissions.pop("RotationPermission")
    assert rotation["Principal"] == "secretsmanager.amazonaws.com"
    assert rotation["SourceArn"] == "<Secret>"
    assert rotation["SourceAccount"] == "123456789012"
    assert permissions
    for permission in permissions.values():
        assert permission["Principal"] == "apigateway.amazonaws.com"
        assert ":execute-api:" in permission["SourceArn"]
        assert "<HttpApi>/" in permission["SourceArn"]


def test_functions_and_the_api_have_limits_and_each_request_is_logged(stack: Rendered) -> None:
    for function in stack.of_type("AWS::Lambda::Function").values():
        assert function["Runtime"] == "python3.13"
        assert function["Timeout"] <= 120
    assert stack.properties("WebFunction")["Timeout"] < 30  # API Gateway waits no longer
    stage = stack.properties("HttpApiApiGatewayDefaultStage")
    assert int(stage["DefaultRouteSettings"]["ThrottlingRateLimit"]) > 0
    assert int(stage["DefaultRouteSettings"]["ThrottlingBurstLimit"]) > 0
    assert stage["AccessLogSettings"]["DestinationArn"] == "<AccessLogs.Arn>"
    assert "CorsConfiguration" not in stack.properties("HttpApi")


def test_the_client_takes_the_code_grant_with_a_secret_and_nothing_weaker(stack: Rendered) -> None:
    client = stack.properties("UserPoolClient")
    assert client["GenerateSecret"] is True
    assert client["AllowedOAuthFlows"] == ["code"]
    weak = {"ALLOW_USER_PASSWORD_AUTH", "ALLOW_ADMIN_USER_PASSWORD_AUTH"}
    assert not weak & set(client["ExplicitAuthFlows"])


@pytest.mark.parametrize("name", PARAMETER_SETS)
def test_visitors_return_over_https_or_to_localhost_where_that_is_asked_for(name: str) -> None:
    client = render(PARAMETER_SETS[name]).properties("UserPoolClient")
    for url in client["CallbackURLs"] + client["LogoutURLs"]:
        assert url.startswith(("https://", "http://localhost:"))
    assert ("http://localhost" in json.dumps(client)) == ("LocalUrl" in PARAMETER_SETS[name])


def test_resources_with_data_outlive_a_mistake_and_the_users_outlive_the_stack() -> None:
    kinds = {"Cognito::UserPool", "Cognito::UserPoolDomain", "Logs::LogGroup"}
    kinds.add("SecretsManager::Secret")
    resources = transformed()["Resources"]
    for name, resource in resources.items():
        if resource["Type"].removeprefix("AWS::") in kinds:
            assert {"DeletionPolicy", "UpdateReplacePolicy"} <= resource.keys(), name
    assert resources["UserPool"]["DeletionPolicy"] == "RetainExceptOnCreate"
    assert resources["UserPool"]["UpdateReplacePolicy"] == "Retain"
    assert resources["UserPoolDomain"]["DeletionPolicy"] == "RetainExceptOnCreate"


# -- Secrets ------------------------------------------------------------------------------------


def test_environments_and_outputs_hold_names_and_no_values_of_secrets(stack: Rendered) -> None:
    functions = stack.of_type("AWS::Lambda::Function")
    environments = [function.get("Environment") for function in functions.values()]
    readable = json.dumps([environments, stack.outputs])
    assert not re.search(r"ClientSecret|resolve:secretsmanager|<Secret>", readable)
    web = functions["WebFunction"]["Environment"]["Variables"]
    assert web["SECRET_ID"] == stack.outputs["SecretName"] == "foyer/shop"


def test_cloudformation_neither_reads_nor_writes_the_client_secret_nor_takes_one() -> None:
    # After a rotation, what it reads may be a client secret that is deleted already.
    written = json.dumps(transformed()["Resources"])
    assert "UserPoolClient.ClientSecret" not in written
    assert '["UserPoolClient", "ClientSecret"]' not in written
    # CloudFormation shows parameters to everyone who can describe the stack.
    for name, declared in source()["Parameters"].items():
        assert not declared.get("NoEcho"), f"{name} wants to be hidden: it belongs in a secret"


def test_the_secret_begins_with_a_session_key_and_the_client_is_filled_in() -> None:
    # A reference in it: any change that CloudFormation sees writes the value again, over a
    # rotated one.
    generated = source()["Resources"]["Secret"]["Properties"]["GenerateSecretString"]
    assert not re.search(r'"(Ref|Fn::\w+)"', json.dumps(generated))
    assert json.loads(generated["SecretStringTemplate"]) == {}
    assert generated["GenerateStringKey"] == "session_key"
    assert generated["PasswordLength"] >= 32
    stack = render({"RotationDays": "30"})
    filled_in = stack.properties("ClientCredentials")
    assert filled_in["ServiceToken"] == "<CredentialsFunction.Arn>"
    assert filled_in["SecretId"] == "<Secret>"
    assert filled_in["ClientId"] == "<UserPoolClient>"
    assert filled_in["UserPoolId"] == stack.properties("UserPoolClient")["UserPoolId"]
    # Lambda calls it again a minute after a failure, and again two minutes after that.
    timeout = stack.properties("CredentialsFunction")["Timeout"]
    assert timeout < filled_in["ServiceTimeout"] <= 300
    schedule = stack.resources["RotationSchedule"]
    assert "ClientCredentials" in schedule["DependsOn"], "the first rotation waits for it"


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
