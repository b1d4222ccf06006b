"""The values that CloudFormation has to resolve before a template can be served."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from local.values import expressions

# The sections of a resource that are read.
_READ = {
    "AWS::ApiGatewayV2::ApiMapping": ("ApiMappingKey",),
    "AWS::Cognito::UserPool": ("LambdaConfig",),
    "AWS::Serverless::Function": (
        "Architectures",
        "CodeUri",
        "Environment",
        "Events",
        "Handler",
        "LoggingConfig",
        "MemorySize",
        "Runtime",
        "Timeout",
    ),
    "AWS::Serverless::HttpApi": ("Auth",),
}


def wanted(parsed: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The expressions whose values are needed to serve the template."""
    yield from expressions(parsed.get("Globals"))
    for resource in (parsed.get("Resources") or {}).values():
        if "Condition" in resource and resource["Type"] in _READ:
            yield condition_value(resource["Condition"])
        properties = resource.get("Properties") or {}
        for name in _READ.get(resource["Type"], ()):
            yield from expressions(properties.get(name))


def condition_value(name: str) -> dict[str, Any]:
    """An expression that is "true" if the condition is true."""
    return {"Fn::If": [name, "true", "false"]}
