"""Of a template the local AWS gets what it can create, and references to the rest still resolve."""

from __future__ import annotations

from typing import Any

from local.local_part import LocalPart, local_part
from local.values import NOTHING, key

ARN = "arn:aws:lambda:us-east-1:123456789012:function:Web"


def part_of(resources: dict[str, Any], *wanted: Any, **more: Any) -> LocalPart:
    return local_part({"Resources": resources, **more}, wanted)


def value_of(expression: Any, **resources: Any) -> Any:
    """The output that asks CloudFormation for the expression."""
    part = part_of(resources, expression)
    (output,) = [name for name, wanted in part.outputs.items() if wanted == key(expression)]
    return part.body["Outputs"][output]["Value"]


FUNCTION = {"Type": "AWS::Serverless::Function", "Properties": {}}
ROLE = {"Type": "AWS::IAM::Role"}
POOL = {"Type": "AWS::Cognito::UserPool", "Properties": {"LambdaConfig": {"PreSignUp": "arn"}}}


def test_references_to_functions_and_roles_are_written_in() -> None:
    assert value_of({"Ref": "Web"}, Web=FUNCTION) == "Web"
    assert value_of({"Fn::GetAtt": ["Web", "Arn"]}, Web=FUNCTION) == ARN
    assert value_of({"Fn::Sub": "a ${Web.Arn} ${!Web}"}, Web=FUNCTION) == {
        "Fn::Sub": f"a {ARN} ${{!Web}}"
    }
    assert value_of({"Fn::Sub": ["${Web}", {"Web": {"Ref": "Web"}}]}, Web=FUNCTION) == {
        "Fn::Sub": ["${Web}", {"Web": "Web"}]
    }
    assert value_of({"Fn::GetAtt": "Own.Arn"}, Own=ROLE).endswith(":role/Own")
    assert value_of({"Fn::GetAtt": ["Pool", "ProviderURL"]}, Pool=POOL) == {
        "Fn::Sub": "https://cognito-idp.${AWS::Region}.amazonaws.com/${Pool}"
    }


def test_an_output_can_hold_no_value() -> None:
    expression = {"Fn::If": ["A", "b", {"Ref": "AWS::NoValue"}]}
    assert value_of(expression) == {"Fn::If": ["A", "b", NOTHING]}


def test_functions_and_triggers_are_left_out_silently() -> None:
    part = part_of({"Web": FUNCTION, "Own": ROLE, "Pool": POOL})
    assert part.body["Resources"].keys() == {"Pool"}
    assert part.body["Resources"]["Pool"]["Properties"] == {}
    assert part.left_out == ()


def test_a_missing_resource_is_named_with_all_that_need_it() -> None:
    part = part_of(
        {
            "Machine": {"Type": "AWS::StepFunctions::StateMachine"},
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
    part = part_of(
        {
            "Api": {"Type": "AWS::Serverless::HttpApi", "Properties": {"Auth": {}}},
            "Table": {
                "Type": "AWS::Serverless::SimpleTable",
                "Properties": {"PrimaryKey": {"Name": "n", "Type": "Number"}},
            },
        }
    )
    assert part.body["Resources"]["Api"]["Type"] == "AWS::ApiGatewayV2::Api"
    table = part.body["Resources"]["Table"]["Properties"]
    assert table["AttributeDefinitions"] == [{"AttributeName": "n", "AttributeType": "N"}]


def test_exports_stay_and_other_outputs_go() -> None:
    outputs = {
        "Kept": {"Value": {"Fn::GetAtt": ["Web", "Arn"]}, "Export": {"Name": "name"}},
        "Url": {"Value": "x"},
        "Unknown": {"Value": {"Ref": "Machine"}, "Export": {"Name": "other"}},
    }
    resources = {"Web": FUNCTION, "Machine": {"Type": "AWS::StepFunctions::StateMachine"}}
    part = part_of(resources, Outputs=outputs)
    assert part.body["Outputs"] == {"Kept": {"Value": ARN, "Export": {"Name": "name"}}}
