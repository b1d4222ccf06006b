"""Resources as the local AWS creates them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

CREATED = {
    "AWS::Cognito::UserPool",
    "AWS::Cognito::UserPoolClient",
    "AWS::Cognito::UserPoolDomain",
    "AWS::Cognito::UserPoolGroup",
    "AWS::Cognito::UserPoolResourceServer",
    "AWS::DynamoDB::Table",
    "AWS::Events::EventBus",
    "AWS::KMS::Alias",
    "AWS::KMS::Key",
    "AWS::Kinesis::Stream",
    "AWS::S3::Bucket",
    "AWS::SNS::Topic",
    "AWS::SQS::Queue",
    "AWS::SSM::Parameter",
    "AWS::SecretsManager::Secret",
}

API = {
    "Type": "AWS::ApiGatewayV2::Api",
    "Properties": {"Name": "stand-in", "ProtocolType": "HTTP"},
}


def stand_in(resource: Mapping[str, Any]) -> dict[str, Any] | None:
    """The resource as the local AWS creates it; None if it does not create it."""
    kind = resource["Type"]
    condition = {name: resource[name] for name in ("Condition", "DependsOn") if name in resource}
    if kind in ("AWS::Serverless::HttpApi", "AWS::ApiGatewayV2::Api"):
        return condition | API  # an empty one, so that references resolve
    if kind == "AWS::Serverless::SimpleTable":
        return condition | _simple_table(resource.get("Properties") or {})
    if kind == "AWS::Cognito::UserPool":
        properties = dict(resource.get("Properties") or {})
        properties.pop("LambdaConfig", None)  # the local pages call triggers
        return {**resource, "Properties": properties}
    return dict(resource) if kind in CREATED else None


def _simple_table(properties: Mapping[str, Any]) -> dict[str, Any]:
    """As SAM translates it."""
    primary = properties.get("PrimaryKey") or {"Name": "id", "Type": "String"}
    kind = {"String": "S", "Number": "N", "Binary": "B"}[primary["Type"]]
    kept = {name: properties[name] for name in ("TableName", "Tags") if name in properties}
    return {
        "Type": "AWS::DynamoDB::Table",
        "Properties": {
            **kept,
            "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [{"AttributeName": primary["Name"], "AttributeType": kind}],
            "KeySchema": [{"AttributeName": primary["Name"], "KeyType": "HASH"}],
        },
    }
