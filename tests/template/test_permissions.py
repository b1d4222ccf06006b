"""Least privilege: these actions on these resources, and nothing else.

A new permission has to be added here too, so that it is reviewed.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.template.parameter_sets import PARAMETER_SETS
from tests.template.rendering import Rendered, render

_SECRET = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:foyer/shop-??????"
_POOL = "arn:aws:cognito-idp:eu-west-1:123456789012:userpool/<UserPool>"


def _logs(name: str) -> set[tuple[str, str]]:
    return {
        (f"logs:{action}", f"<{name}Logs.Arn>") for action in ("CreateLogStream", "PutLogEvents")
    }


GRANTS = {
    "WebRole": {("secretsmanager:GetSecretValue", _SECRET), *_logs("Web")},
    "GuardRole": {("secretsmanager:GetSecretValue", _SECRET), *_logs("Guard")},
    "VisitorRole": {("secretsmanager:GetSecretValue", _SECRET), *_logs("Visitor")},
    "CredentialsRole": {
        ("secretsmanager:GetSecretValue", "<Secret.Id>"),
        ("secretsmanager:PutSecretValue", "<Secret.Id>"),
        ("cognito-idp:DescribeUserPoolClient", _POOL),
        ("cognito-idp:ListUserPoolClientSecrets", _POOL),
        *_logs("Credentials"),
    },
    "RotationRole": {
        ("secretsmanager:DescribeSecret", "<Secret>"),
        ("secretsmanager:GetSecretValue", "<Secret>"),
        ("secretsmanager:PutSecretValue", "<Secret>"),
        ("secretsmanager:UpdateSecretVersionStage", "<Secret>"),
        ("cognito-idp:ListUserPoolClientSecrets", _POOL),
        ("cognito-idp:AddUserPoolClientSecret", _POOL),
        ("cognito-idp:DeleteUserPoolClientSecret", _POOL),
        *_logs("Rotation"),
    },
}


_TABLE_ACTIONS = {f"dynamodb:{name}Item" for name in ("Get", "Update")}
TABLE_ACTIONS = {
    "WebRole": _TABLE_ACTIONS | {"dynamodb:PutItem", "dynamodb:DeleteItem", "dynamodb:Query"},
    "GuardRole": _TABLE_ACTIONS,
    "VisitorRole": _TABLE_ACTIONS,
}


def test_each_role_grants_exactly_this() -> None:
    roles = render().of_type("AWS::IAM::Role")
    assert {name: _grants(role) for name, role in roles.items()} == GRANTS


def test_a_session_table_also_grants_exactly_this() -> None:
    roles = render({"Sessions": "table"}).of_type("AWS::IAM::Role")
    index = "<SessionTable.Arn>/index/BySubject"
    for name, role in roles.items():
        besides = {(action, "<SessionTable.Arn>") for action in TABLE_ACTIONS.get(name, ())}
        if name == "WebRole":
            besides |= {(action, index) for action in TABLE_ACTIONS[name]}
        assert _grants(role) == GRANTS[name] | besides


def test_no_other_parameter_changes_which_actions_are_granted(stack: Rendered) -> None:
    actions = {
        name: {action for action, _ in _grants(role)}
        for name, role in stack.of_type("AWS::IAM::Role").items()
    }
    besides = TABLE_ACTIONS if stack.of_type("AWS::DynamoDB::Table") else {}
    assert actions == {
        name: {action for action, _ in grants} | besides.get(name, set())
        for name, grants in GRANTS.items()
    }


def test_no_statement_is_about_every_resource_or_every_action(stack: Rendered) -> None:
    for role in stack.of_type("AWS::IAM::Role").values():
        for action, resource in _grants(role):
            assert "*" not in action
            assert "*" not in resource


@pytest.mark.parametrize("role", ["RotationRole", "CredentialsRole"])
def test_an_existing_pool_is_the_only_one_that_a_function_may_touch(role: str) -> None:
    grants = _grants(render(PARAMETER_SETS["existing pool"]).properties(role))
    pools = {resource for action, resource in grants if action.startswith("cognito-idp:")}
    assert pools == {"arn:aws:cognito-idp:eu-west-1:123456789012:userpool/us-east-1_Abc123xyz"}


def test_each_function_has_its_own_role(stack: Rendered) -> None:
    functions = stack.of_type("AWS::Lambda::Function")
    roles = {name: function["Role"] for name, function in functions.items()}
    assert roles == {name: f"<{name.removesuffix('Function')}Role.Arn>" for name in functions}


def test_only_lambda_assumes_the_roles_and_no_managed_policy_widens_them(stack: Rendered) -> None:
    for role in stack.of_type("AWS::IAM::Role").values():
        assert "ManagedPolicyArns" not in role
        (statement,) = role["AssumeRolePolicyDocument"]["Statement"]
        assert statement["Principal"] == {"Service": "lambda.amazonaws.com"}


def test_functions_are_called_by_our_own_api_and_our_own_secret_only(stack: Rendered) -> None:
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


def _grants(role: dict[str, Any]) -> set[tuple[str, str]]:
    grants = set()
    for policy in role["Policies"]:
        for statement in policy["PolicyDocument"]["Statement"]:
            assert statement["Effect"] == "Allow"
            assert statement["Sid"], "which is the reason in one word"
            grants |= {
                (action, resource)
                for action in _listed(statement["Action"])
                for resource in _listed(statement["Resource"])
            }
    return grants


def _listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value
