"""Renders template.yaml for given parameters like CloudFormation, without an account.

SAM's own transform runs first; then MiniStack works out conditions, rules and intrinsic functions.
A reference to a resource stays visible: ``<UserPool>`` for Ref, ``<UserPool.Arn>`` for GetAtt.
"""

from __future__ import annotations

import contextvars
import copy
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any
from unittest import mock

from foyer_rotation.fingerprints import TYPE as FINGERPRINTS
from foyer_rotation.fingerprints import fingerprints
from ministack.core import responses  # type: ignore[import-untyped]
from ministack.services.cloudformation import engine  # type: ignore[import-untyped]
from samtranslator.translator.transform import transform  # type: ignore[import-untyped]

from local.template_file import read_template
from tests.documents import ROOT

REGION = "eu-west-1"
STACK = "shop", f"arn:aws:cloudformation:{REGION}:123456789012:stack/s/0a1b2c3d-0000-11f0-8000"


@cache
def source() -> dict[str, Any]:
    """template.yaml as it is written, tags in the long form; not to be changed."""
    return read_template(ROOT / "template.yaml")


@cache
def transformed(partition: str = "aws") -> dict[str, Any]:
    """The template after SAM's transform: plain CloudFormation; not to be changed."""
    written = json.dumps(without_sam(source()))
    # MiniStack has one partition only, and conditions do not know it.
    written = written.replace('{"Ref": "AWS::Partition"}', f'"{partition}"')
    result: dict[str, Any] = json.loads(written.replace("${AWS::Partition}", partition))
    return result


def without_sam(template: dict[str, Any]) -> dict[str, Any]:
    """What SAM's transform makes of it."""
    template = copy.deepcopy(template)
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["CodeUri"] = "s3://bucket/key"  # as `sam package` leaves it
    with mock.patch.dict(os.environ, AWS_DEFAULT_REGION=REGION):  # it asks boto3 for one
        result: dict[str, Any] = transform(template, {}, mock.Mock(load=dict))
    return result


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


class _Attributes(dict[str, str]):
    """A resource has every attribute."""

    def __init__(self, resource: str) -> None:
        super().__init__()
        self._resource = resource

    def __contains__(self, _: object) -> bool:
        return True

    def __missing__(self, name: str) -> str:
        return f"<{self._resource}.{name}>"


class _Strict(dict[str, Any]):
    """KeyError for other names: what CloudFormation calls an unresolved dependency."""

    def __contains__(self, name: object) -> bool:
        return self[str(name)] is not None

    def get(self, name: str, _: object = None) -> Any:
        return self[name]


def resolved(given: Mapping[str, str]) -> Any:
    """All parameters; raises ValueError unless their constraints allow the values."""
    assert given.keys() <= source()["Parameters"].keys()
    pairs = [{"Key": name, "Value": value} for name, value in given.items()]
    return engine._resolve_parameters(source(), pairs)


def render(
    given: Mapping[str, str] | None = None,
    *,
    check_rules: bool = True,
    region: str = REGION,
    partition: str = "aws",
) -> Rendered:
    """Raises ValueError as CloudFormation refuses a value before it creates anything."""
    # MiniStack keeps region and account in the context, where other tests would find them.
    return contextvars.copy_context().run(_render, given or {}, check_rules, region, partition)


def _render(given: Mapping[str, str], check_rules: bool, region: str, partition: str) -> Rendered:
    template = transformed(partition)
    responses.set_request_region(region)
    responses.set_request_account_id("123456789012")
    parameters = resolved(given)
    conditions = _Strict(engine._evaluate_conditions(template, parameters))
    conditions[""] = True
    if check_rules:
        engine._evaluate_rules(template, parameters, conditions)
    existing = _Strict()

    def resolve(part: Any) -> Any:
        mappings = template["Mappings"]
        return engine._resolve_refs(part, existing, parameters, conditions, mappings, *STACK)

    def kept(section: str) -> dict[str, Any]:
        parts = template[section].items()
        return {name: each for name, each in parts if conditions[each.get("Condition", "")]}

    for name in kept("Resources"):
        existing[name] = {"PhysicalResourceId": f"<{name}>", "Attributes": _Attributes(name)}
    for name, resource in kept("Resources").items():
        if resource["Type"] == FINGERPRINTS:
            existing[name]["Attributes"].update(fingerprints(resolve(resource["Properties"])))
    return Rendered(
        {name: resolve(resource) for name, resource in kept("Resources").items()},
        {name: resolve(output["Value"]) for name, output in kept("Outputs").items()},
    )
