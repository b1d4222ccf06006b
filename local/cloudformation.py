"""Stacks in the local AWS: create or update one, and read what it resolved."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from local.aws import LocalAws
from local.local_part import local_part
from local.template import Template
from local.template_file import read_template
from local.wanted import wanted

# MiniStack's message, and the constraint's description from the template.
_WRONG_VALUE = re.compile(r"Parameter '(\w+)' (.+)", re.DOTALL)


class StackError(Exception):
    """CloudFormation refused the template; the message says why."""


class ParameterError(StackError):
    """A parameter has a wrong name or value; the message says which."""


@dataclass(frozen=True)
class Deployed:
    """A template with all its values, and the ids of what was created.

    ``left_out`` are sentences' parts for the terminal: what is not there, or has no value.
    """

    template: Template
    ids: Mapping[str, str]
    parameters: Mapping[str, str]
    left_out: tuple[str, ...]


def deploy_template(
    aws: LocalAws, name: str, path: Path, parameters: Mapping[str, str]
) -> Deployed:
    """Create or update the stack ``name``; raises StackError or TemplateError."""
    parsed = read_template(path)
    declared = parsed.get("Parameters") or {}
    unknown = parameters.keys() - declared.keys()
    if unknown:
        raise ParameterError(_unknown(path, sorted(unknown), declared))
    effective = _effective(declared, parameters)
    part = local_part(parsed, wanted(parsed))
    body = {**part.body, "Resources": _with_numbers(part.body["Resources"], declared, effective)}
    client = aws.client("cloudformation")
    _create_or_update(client, name, json.dumps(body), parameters)
    found = client.describe_stack_resources(StackName=name)["StackResources"]
    outputs = client.describe_stacks(StackName=name)["Stacks"][0].get("Outputs", [])
    values = {output["OutputKey"]: output["OutputValue"] for output in outputs}
    resolved = {key: values[output] for output, key in part.outputs.items() if output in values}
    template = Template(path, parsed, effective, resolved)
    return Deployed(
        template,
        {resource["LogicalResourceId"]: resource["PhysicalResourceId"] for resource in found},
        effective,
        (*part.left_out, *template.other_events(), *template.unknown_variables()),
    )


def _unknown(path: Path, names: list[str], declared: Mapping[str, Any]) -> str:
    close = [near for name in names for near in get_close_matches(name, declared, n=1)]
    advice = f"did you mean {', '.join(close)}?" if close else "the template lists its parameters"
    return f"{path.name} has no parameter {', '.join(names)}; {advice}"


def exists(client: Any, name: str) -> bool:
    stacks = client.list_stacks()["StackSummaries"]
    return any(stack["StackName"] == name for stack in stacks)


def _effective(declared: Mapping[str, Any], given: Mapping[str, str]) -> dict[str, str]:
    return {
        name: given.get(name, str(parameter.get("Default", "")))
        for name, parameter in declared.items()
    }


def _with_numbers(part: Any, declared: Mapping[str, Any], effective: Mapping[str, str]) -> Any:
    """Number parameters written in: MiniStack would hand them on as text, and trip over them."""
    if isinstance(part, list):
        return [_with_numbers(item, declared, effective) for item in part]
    if not isinstance(part, dict):
        return part
    name = part.get("Ref")
    if isinstance(name, str) and declared.get(name, {}).get("Type") == "Number":
        return int(effective[name])
    return {key: _with_numbers(value, declared, effective) for key, value in part.items()}


def _create_or_update(client: Any, name: str, body: str, parameters: Mapping[str, str]) -> None:
    request = {
        "StackName": name,
        "TemplateBody": body,
        "Parameters": [
            {"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()
        ],
    }
    try:
        (client.update_stack if exists(client, name) else client.create_stack)(**request)
    except ClientError as error:
        if "No updates are to be performed" in str(error):
            return
        message = error.response["Error"]["Message"]
        if wrong := _WRONG_VALUE.fullmatch(message):
            raise ParameterError(f"parameter {wrong[1]}: {wrong[2]}") from error
        raise StackError(message) from error
    status = _wait(client, name)
    if status not in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
        raise StackError(f"{status}: {_first_failure(client, name)}")


def _wait(client: Any, name: str, seconds: float = 30) -> str:
    deadline = time.monotonic() + seconds
    while True:
        status: str = client.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"]
        if not status.endswith("_IN_PROGRESS"):
            return status
        if time.monotonic() > deadline:
            raise StackError(f"still {status} after {seconds:g} s; start again")
        time.sleep(0.02)


def _first_failure(client: Any, name: str) -> str:
    events = client.describe_stack_events(StackName=name)["StackEvents"]
    reasons = [
        f"{event['LogicalResourceId']}: {event.get('ResourceStatusReason', 'no reason given')}"
        for event in reversed(events)
        if event["ResourceStatus"].endswith("_FAILED")
    ]
    return reasons[0] if reasons else "no reason given"
