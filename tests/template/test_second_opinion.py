"""Checks the template with rules like those of cfn-nag and checkov.

docs/decisions/second-opinion.md has checkov's findings, and why it is not part of the checks.
"""

from __future__ import annotations

import json
import re

import pytest

from tests.template.parameter_sets import PARAMETER_SETS
from tests.template.rendering import Rendered, render, transformed

_KEEPS_DATA = {
    "AWS::Cognito::UserPool",
    "AWS::Cognito::UserPoolDomain",
    "AWS::Logs::LogGroup",
    "AWS::SecretsManager::Secret",
}


def test_resources_with_data_have_a_deletion_policy() -> None:
    for name, resource in transformed()["Resources"].items():
        if resource["Type"] in _KEEPS_DATA:
            assert {"DeletionPolicy", "UpdateReplacePolicy"} <= resource.keys(), name


def test_only_listed_resources_are_open_to_the_world(stack: Rendered) -> None:
    written = json.dumps(dict(stack.resources))
    assert not re.search(r'"(Principal|AWS)": "\*"', written)
    assert not re.search(r"AWS::(Lambda::Url|S3::Bucket)", written)


def test_functions_run_a_supported_runtime_for_a_bounded_time(stack: Rendered) -> None:
    for function in stack.of_type("AWS::Lambda::Function").values():
        assert function["Runtime"] == "python3.13"
        assert function["Timeout"] <= 120
    assert stack.properties("WebFunction")["Timeout"] < 30  # API Gateway waits no longer


def test_the_api_is_throttled_and_logs_each_request(stack: Rendered) -> None:
    stage = stack.properties("HttpApiApiGatewayDefaultStage")
    assert int(stage["DefaultRouteSettings"]["ThrottlingRateLimit"]) > 0
    assert int(stage["DefaultRouteSettings"]["ThrottlingBurstLimit"]) > 0
    assert stage["AccessLogSettings"]["DestinationArn"] == "<AccessLogs.Arn>"
    assert "CorsConfiguration" not in stack.properties("HttpApi")


def test_the_client_takes_the_code_grant_with_a_secret_and_nothing_weaker(stack: Rendered) -> None:
    client = stack.properties("UserPoolClient")
    assert client["GenerateSecret"] is True
    assert client["AllowedOAuthFlows"] == ["code"]
    assert not {"ALLOW_USER_PASSWORD_AUTH", "ALLOW_ADMIN_USER_PASSWORD_AUTH"} & set(
        client["ExplicitAuthFlows"]
    )


@pytest.mark.parametrize("name", PARAMETER_SETS)
def test_visitors_return_over_https_or_to_localhost_where_that_is_asked_for(name: str) -> None:
    client = render(PARAMETER_SETS[name]).properties("UserPoolClient")
    for url in client["CallbackURLs"] + client["LogoutURLs"]:
        assert url.startswith(("https://", "http://localhost:"))
    assert ("http://localhost" in json.dumps(client)) == ("LocalUrl" in PARAMETER_SETS[name])
