"""The stack's own resources, created from template.yaml by CloudFormation in the local AWS.

Functions and what surrounds them stay out: the gateway runs those from their source. So does
what the local AWS refuses (managed login's branding); the local pages take its place.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from local.aws import LocalAws
from local.template import read_template

STACK_NAME = "foyer"
DEMO_USER = "demo"
DEMO_PASSWORD = "Open-the-door-1"  # noqa: S105 - printed in the banner; exists on this machine only
DEMO_ATTRIBUTES = {"name": "Demo Visitor", "email": "demo@example.com", "email_verified": "true"}

_CREATED_LOCALLY = {
    "AWS::Cognito::UserPool",
    "AWS::Cognito::UserPoolClient",
    "AWS::Cognito::UserPoolDomain",
    "AWS::Cognito::UserPoolGroup",
    "AWS::SecretsManager::Secret",
}
_PAGES_CLIENT = "local-managed-login"
_DEMO_SECRET = "local-demo-user"  # noqa: S105 - its name


class StackError(Exception):
    """CloudFormation refused the template or a parameter; the message says which."""


@dataclass(frozen=True)
class Stack:
    """What exists after ``deploy``; ``parameters`` are the values that the stack runs with."""

    user_pool_id: str
    client_id: str
    secret_name: str
    pages_client_id: str
    parameters: Mapping[str, str]
    demo_password: str = field(repr=False)  # empty when the demo user cannot sign in with it


def deploy(aws: LocalAws, template: Path, parameters: Mapping[str, str]) -> Stack:
    """Create or update the stack, with the pages' own app client and the demo user."""
    body = _local_part(read_template(template))
    unknown = parameters.keys() - body["Parameters"].keys()
    if unknown:
        raise StackError(f"the template has no parameter {', '.join(sorted(unknown))}")
    effective = _effective(body["Parameters"], parameters)
    body["Resources"] = _with_numbers(body["Resources"], body["Parameters"], effective)
    cloudformation, cognito = aws.client("cloudformation"), aws.client("cognito-idp")
    exists = _exists(cloudformation)
    if not exists and cognito.list_user_pools(MaxResults=1)["UserPools"]:
        raise StackError("what the local AWS saved holds a user pool and not the stack around it")
    _create_or_update(cloudformation, json.dumps(body), parameters, exists=exists)
    found = cloudformation.describe_stack_resources(StackName=STACK_NAME)["StackResources"]
    ids = {resource["LogicalResourceId"]: resource["PhysicalResourceId"] for resource in found}

    _require(aws, ids)
    _fill_in_credentials(aws, ids)
    pages_client_id = _pages_client(cognito, ids["UserPool"])
    shortest = int(effective["PasswordMinimumLength"])
    _create_demo_user(aws, ids["UserPool"], DEMO_PASSWORD.ljust(shortest, "!"))
    password = demo_password(aws)
    return Stack(
        user_pool_id=ids["UserPool"],
        client_id=ids["UserPoolClient"],
        secret_name=ids["Secret"],
        pages_client_id=pages_client_id,
        parameters=effective,
        demo_password=password if _opens(cognito, pages_client_id, password) else "",
    )


def _fill_in_credentials(aws: LocalAws, ids: Mapping[str, str]) -> None:
    """What the template's ClientCredentials does on AWS. The local AWS runs no functions."""
    secrets_manager = aws.client("secretsmanager")
    found = secrets_manager.get_secret_value(SecretId=ids["Secret"])
    fields = json.loads(found["SecretString"])
    if fields.get("client_id") == ids["UserPoolClient"]:
        return
    described = aws.client("cognito-idp").describe_user_pool_client(
        UserPoolId=ids["UserPool"], ClientId=ids["UserPoolClient"]
    )
    fields["client_id"] = ids["UserPoolClient"]
    fields["client_secret"] = described["UserPoolClient"]["ClientSecret"]
    secrets_manager.put_secret_value(SecretId=ids["Secret"], SecretString=json.dumps(fields))


def demo_password(aws: LocalAws) -> str:
    """The password that the demo user was made with, in this run or an earlier one."""
    secrets = aws.client("secretsmanager")
    password: str = secrets.get_secret_value(SecretId=_DEMO_SECRET)["SecretString"]
    return password


def _local_part(template: dict[str, Any]) -> dict[str, Any]:
    """The template without its functions; a bare API stands in, so that references resolve."""
    resources = {
        name: resource
        for name, resource in template["Resources"].items()
        if resource["Type"] in _CREATED_LOCALLY
    }
    resources["HttpApi"] = {
        "Type": "AWS::ApiGatewayV2::Api",
        "Properties": {"Name": "stand-in", "ProtocolType": "HTTP"},
    }
    kept = ("AWSTemplateFormatVersion", "Parameters", "Conditions", "Mappings", "Rules")
    return {key: template[key] for key in kept if key in template} | {"Resources": resources}


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


def _exists(cloudformation: Any) -> bool:
    stacks = cloudformation.list_stacks()["StackSummaries"]
    return any(stack["StackName"] == STACK_NAME for stack in stacks)


def _require(aws: LocalAws, ids: Mapping[str, str]) -> None:
    """What the stack is said to consist of is there, or was not saved with it."""
    calls = {
        "user pool": (
            aws.client("cognito-idp").describe_user_pool,
            {"UserPoolId": ids["UserPool"]},
        ),
        "secret": (aws.client("secretsmanager").get_secret_value, {"SecretId": ids["Secret"]}),
    }
    for name, (call, arguments) in calls.items():
        try:
            call(**arguments)
        except ClientError as error:
            raise StackError(
                f"what the local AWS saved holds the stack and not its {name}"
            ) from error


def _create_or_update(
    client: Any, body: str, parameters: Mapping[str, str], *, exists: bool
) -> None:
    request = {
        "StackName": STACK_NAME,
        "TemplateBody": body,
        "Parameters": [
            {"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()
        ],
    }
    try:
        (client.update_stack if exists else client.create_stack)(**request)
    except ClientError as error:
        if "No updates are to be performed" in str(error):
            return
        raise StackError(error.response["Error"]["Message"]) from error
    status = _wait(client)
    if status not in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
        raise StackError(f"{status}: {_first_failure(client)}")


def _wait(client: Any, seconds: float = 30) -> str:
    deadline = time.monotonic() + seconds
    while True:
        status: str = client.describe_stacks(StackName=STACK_NAME)["Stacks"][0]["StackStatus"]
        if not status.endswith("_IN_PROGRESS"):
            return status
        if time.monotonic() > deadline:
            raise StackError(f"still {status} after {seconds:g} s")
        time.sleep(0.02)


def _first_failure(client: Any) -> str:
    events = client.describe_stack_events(StackName=STACK_NAME)["StackEvents"]
    reasons = [
        f"{event['LogicalResourceId']}: {event.get('ResourceStatusReason', 'no reason given')}"
        for event in reversed(events)
        if event["ResourceStatus"].endswith("_FAILED")
    ]
    return reasons[0] if reasons else "no reason given"


def _pages_client(cognito: Any, user_pool_id: str) -> str:
    """The app client, without a secret, by which the local managed-login pages call the API."""
    clients = cognito.list_user_pool_clients(UserPoolId=user_pool_id, MaxResults=60)
    for client in clients["UserPoolClients"]:
        if client["ClientName"] == _PAGES_CLIENT:
            return str(client["ClientId"])
    created = cognito.create_user_pool_client(
        UserPoolId=user_pool_id,
        ClientName=_PAGES_CLIENT,
        ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
    )
    return str(created["UserPoolClient"]["ClientId"])


def _create_demo_user(aws: LocalAws, user_pool_id: str, password: str) -> None:
    """Unless there is one; its password is as long as the policy asked when it was made."""
    cognito, secrets = aws.client("cognito-idp"), aws.client("secretsmanager")
    try:
        cognito.admin_create_user(
            UserPoolId=user_pool_id,
            Username=DEMO_USER,
            MessageAction="SUPPRESS",
            TemporaryPassword=password,  # MiniStack's own may be shorter than the policy asks
            UserAttributes=[
                {"Name": name, "Value": value} for name, value in DEMO_ATTRIBUTES.items()
            ],
        )
    except cognito.exceptions.UsernameExistsException:
        return
    cognito.admin_set_user_password(
        UserPoolId=user_pool_id, Username=DEMO_USER, Password=password, Permanent=True
    )
    try:
        secrets.create_secret(Name=_DEMO_SECRET, SecretString=password)
    except secrets.exceptions.ResourceExistsException:  # the user was deleted meanwhile
        secrets.put_secret_value(SecretId=_DEMO_SECRET, SecretString=password)


def _opens(cognito: Any, client_id: str, password: str) -> bool:
    """Whether the demo user can still sign in with this password."""
    try:
        cognito.initiate_auth(
            ClientId=client_id,
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": DEMO_USER, "PASSWORD": password},
        )
    except ClientError:
        return False
    return True
