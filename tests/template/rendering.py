"""Renders template.yaml for given parameters like CloudFormation, without an account.

SAM's own transform runs first; then conditions, rules and intrinsic functions are worked out. A
reference to a resource stays visible: ``<UserPool>`` for Ref, ``<UserPool.Arn>`` for GetAtt.
"""

from __future__ import annotations

import copy
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any
from unittest import mock

from foyer_rotation.fingerprints import TYPE as FINGERPRINTS
from foyer_rotation.fingerprints import fingerprints
from samtranslator.translator.transform import transform  # type: ignore[import-untyped]

from local.template_file import read_template
from tests.documents import ROOT

REGION = "eu-west-1"
PSEUDO_PARAMETERS = {
    "AWS::AccountId": "123456789012",
    "AWS::Partition": "aws",
    "AWS::Region": REGION,
    "AWS::StackId": f"arn:aws:cloudformation:{REGION}:123456789012:stack/s/0a1b2c3d-0000-11f0-8000",
    "AWS::StackName": "shop",
    "AWS::URLSuffix": "amazonaws.com",
}
_NO_VALUE = object()


@cache
def source() -> dict[str, Any]:
    """template.yaml as it is written, tags in the long form; not to be changed."""
    return read_template(ROOT / "template.yaml")


@cache
def transformed() -> dict[str, Any]:
    """The template after SAM's transform: plain CloudFormation; not to be changed."""
    return without_sam(source())


def without_sam(template: dict[str, Any]) -> dict[str, Any]:
    """What SAM's transform makes of it."""
    template = copy.deepcopy(template)
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["CodeUri"] = "s3://bucket/key"  # as `sam package` leaves it
    with mock.patch.dict(os.environ, AWS_DEFAULT_REGION=REGION):  # it asks boto3 for one
        result: dict[str, Any] = transform(template, {}, mock.Mock(load=dict))
    return result


class Refused(Exception):
    """The constraints of a parameter or the section Rules do not allow a value; says why."""


@dataclass(frozen=True)
class Rendered:
    """``resources`` and ``outputs`` are those whose condition holds, with everything resolved."""

    resources: Mapping[str, Mapping[str, Any]]
    outputs: Mapping[str, Any]

    def properties(self, logical_id: str) -> dict[str, Any]:
        found: dict[str, Any] = self.resources[logical_id]["Properties"]
        return found

    def environment(self, function: str) -> dict[str, str]:
        variables: dict[str, str] = self.properties(function)["Environment"]["Variables"]
        return variables

    def of_type(self, resource_type: str) -> dict[str, dict[str, Any]]:
        return {
            name: dict(resource["Properties"])
            for name, resource in self.resources.items()
            if resource["Type"] == resource_type
        }


def render(given: Mapping[str, str] | None = None, *, check_rules: bool = True) -> Rendered:
    """Raises Refused as CloudFormation would before it creates anything."""
    template = transformed()
    given = given or {}
    for name in given:
        check(name, given[name])
    stack = _Stack(template, given)
    if check_rules:
        stack.check_rules()
    return Rendered(
        resources={
            name: stack.resolve(resource)
            for name, resource in template["Resources"].items()
            if stack.exists(resource)
        },
        outputs={
            name: stack.resolve(output["Value"])
            for name, output in template["Outputs"].items()
            if stack.exists(output)
        },
    )


def check(name: str, value: str) -> None:
    """Raise Refused unless the parameter's constraints allow the value."""
    declared = source()["Parameters"][name]
    allowed = [str(each) for each in declared.get("AllowedValues", [value])]
    # Java's syntax (docs.aws.amazon.com, cfn-regexes), and the whole value has to match. The
    # patterns keep to what Python understands in the same way.
    if value not in allowed or not re.fullmatch(declared.get("AllowedPattern", ".*"), value):
        raise Refused(f"{name}: {declared['ConstraintDescription']}")
    if declared["Type"] == "Number":
        number = float(value)
        if not declared.get("MinValue", number) <= number <= declared.get("MaxValue", number):
            raise Refused(f"{name}: {declared['ConstraintDescription']}")


# Intrinsic functions of arguments that are resolved.
_OF_RESOLVED: dict[str, Callable[[Any], Any]] = {
    "And": all,
    "Equals": lambda pair: str(pair[0]) == str(pair[1]),
    "Join": lambda given: str(given[0]).join(str(each) for each in given[1]),
    "Not": lambda given: not given[0],
    "Or": any,
    "Select": lambda given: given[1][int(given[0])],
    "Split": lambda given: str(given[1]).split(given[0]),
}


class _Stack:
    def __init__(self, template: Mapping[str, Any], given: Mapping[str, str]) -> None:
        self._template = template
        self._values = dict(PSEUDO_PARAMETERS) | {
            name: given.get(name, str(declared["Default"]))
            for name, declared in template["Parameters"].items()
        }

    def check_rules(self) -> None:
        for rule in self._template["Rules"].values():
            if self.resolve(rule.get("RuleCondition", True)):
                for assertion in rule["Assertions"]:
                    if not self.resolve(assertion["Assert"]):
                        raise Refused(assertion["AssertDescription"])

    def exists(self, resource: Mapping[str, Any]) -> bool:
        return "Condition" not in resource or self._holds(resource["Condition"])

    def _holds(self, condition: str) -> bool:
        return bool(self.resolve(self._template["Conditions"][condition]))

    def resolve(self, part: Any) -> Any:
        if isinstance(part, list):
            resolved = (self.resolve(each) for each in part)
            return [each for each in resolved if each is not _NO_VALUE]
        if not isinstance(part, dict):
            return part
        if len(part) == 1:
            ((key, value),) = part.items()
            if key == "Condition" and isinstance(value, str):
                return self._holds(value)
            name = key.removeprefix("Fn::")
            if name in _OF_RESOLVED:
                return _OF_RESOLVED[name](self.resolve(value))
            if key == "Ref" or name != key:
                return getattr(self, f"_{name.lower()}")(value)
        resolved_items = {key: self.resolve(value) for key, value in part.items()}
        return {key: value for key, value in resolved_items.items() if value is not _NO_VALUE}

    def _ref(self, name: str) -> Any:
        if name == "AWS::NoValue":
            return _NO_VALUE
        if name in self._values:
            return self._values[name]
        return f"<{self._existing(name)}>"

    def _getatt(self, value: Any) -> str:
        name, attribute = value if isinstance(value, list) else value.split(".", 1)
        resource = self._template["Resources"][self._existing(name)]
        if resource["Type"] == FINGERPRINTS:
            return fingerprints(self.resolve(resource["Properties"]))[attribute]
        return f"<{self._existing(name)}.{attribute}>"

    def _existing(self, name: str) -> str:
        # What CloudFormation calls "Unresolved resource dependencies".
        if not self.exists(self._template["Resources"][name]):
            raise AssertionError(f"{name} is referred to where its condition does not hold")
        return name

    def _sub(self, value: Any) -> str:
        text, own = (value, {}) if isinstance(value, str) else value
        own = self.resolve(own)

        def replace(match: re.Match[str]) -> str:
            name = match[1]
            if name.startswith("!"):
                return f"${{{name[1:]}}}"
            if name in own:
                return str(own[name])
            return str(self._getatt(name) if "." in name else self._ref(name))

        return re.sub(r"\$\{([^}]+)\}", replace, text)

    def _if(self, value: list[Any]) -> Any:
        condition, when_true, when_false = value
        return self.resolve(when_true if self._holds(condition) else when_false)

    def _findinmap(self, value: list[Any]) -> Any:
        mapping, first, second = self.resolve(value)
        return self._template["Mappings"][mapping][first][second]
