"""Of a template the local AWS gets what it can create, and references to the rest still resolve."""

from __future__ import annotations

from typing import Any

import pytest

from local.local_part import LocalPart, local_part
from local.values import NOTHING, key

ARN = "arn:aws:lambda:us-east-1:123456789012:function:Web"
FUNCTION = {"Type": "AWS::Serverless::Function", "Properties": {}}
MACHINE = {"Type": "AWS::StepFunctions::StateMachine"}
SILENTLY_LEFT_OUT = {"Web": FUNCTION, "Own": {"Type": "AWS::IAM::Role"}}
POOL = {"Type": "AWS::Cognito::UserPool", "Properties": {"LambdaConfig": {"PreSignUp": "arn"}}}


def part_of(resources: dict[str, Any], *wanted: Any, **more: Any) -> LocalPart:
    return local_part({"Resources": resources, **more}, wanted)


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ({"Ref": "Web"}, "Web"),
        ({"Fn::GetAtt": ["Web", "Arn"]}, ARN),
        ({"Fn::GetAtt": "Own.Arn"}, "arn:aws:iam::123456789012:role/Own"),
        ({"Fn::Sub": "a ${Web.Arn} ${!Web}"}, {"Fn::Sub": f"a {ARN} ${{!Web}}"}),
        ({"Fn::Sub": ["${Web}", {"Web": {"Ref": "Web"}}]}, {"Fn::Sub": ["${Web}", {"Web": "Web"}]}),
        (
            {"Fn::GetAtt": ["Pool", "ProviderURL"]},
            {"Fn::Sub": "https://cognito-idp.${AWS::Region}.amazonaws.com/${Pool}"},
        ),
        (
            {"Fn::If": ["A", "b", {"Ref": "AWS::NoValue"}]},
            {"Fn::If": ["A", "b", NOTHING]},  # an output must have a value
        ),
    ],
)
def test_references_to_what_is_left_out_are_written_in(expression: Any, value: Any) -> None:
    part = part_of({**SILENTLY_LEFT_OUT, "Pool": POOL}, expression)
    (output,) = part.outputs
    assert part.outputs[output] == key(expression)
    assert part.body["Outputs"][output]["Value"] == value
    assert part.body["Resources"] == {"Pool": {**POOL, "Properties": {}}}  # without triggers
    assert part.left_out == ()


def test_a_missing_resource_is_named_with_all_that_need_it() -> None:
    part = part_of(
        {
            "Machine": MACHINE,
            "Queue": {"Type": "AWS::SQS::Queue", "Properties": {"Tag": {"Ref": "Machine"}}},
            "Topic": {"Type": "AWS::SNS::Topic", "DependsOn": ["Machine"]},
        },
        {"Ref": "Queue"},
    )
    assert part.left_out == ("Machine", "Queue")
    assert part.body["Resources"] == {"Topic": {"Type": "AWS::SNS::Topic"}}
    assert part.unresolved == {key({"Ref": "Queue"})}


def test_a_reference_under_a_condition_keeps_nothing_out() -> None:
    client = {
        "Type": "AWS::Cognito::UserPoolClient",
        "Properties": {"Of": {"Fn::If": ["HasGoogle", {"Ref": "Google"}, "x"]}},
    }
    google = {"Type": "AWS::Cognito::UserPoolIdentityProvider", "Condition": "HasGoogle"}
    assert set(part_of({"Client": client, "Google": google}).body["Resources"]) == {"Client"}


def test_an_api_is_a_bare_one_and_a_simple_table_a_table() -> None:
    api = {"Type": "AWS::Serverless::HttpApi", "Properties": {"Auth": {}}}
    primary = {"PrimaryKey": {"Name": "n", "Type": "Number"}}
    table = {"Type": "AWS::Serverless::SimpleTable", "Properties": primary}
    created = part_of({"Api": api, "Table": table}).body["Resources"]
    assert created["Api"]["Type"] == "AWS::ApiGatewayV2::Api"
    attributes = created["Table"]["Properties"]["AttributeDefinitions"]
    assert attributes == [{"AttributeName": "n", "AttributeType": "N"}]


def test_exports_stay_and_other_outputs_go() -> None:
    outputs = {
        "Kept": {"Value": {"Fn::GetAtt": ["Web", "Arn"]}, "Export": {"Name": "name"}},
        "Url": {"Value": "x"},
        "Unknown": {"Value": {"Ref": "Machine"}, "Export": {"Name": "other"}},
    }
    part = part_of({"Web": FUNCTION, "Machine": MACHINE}, Outputs=outputs)
    assert part.body["Outputs"] == {"Kept": {"Value": ARN, "Export": {"Name": "name"}}}
