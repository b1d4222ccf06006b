"""Creates the stack's resources from template.yaml with CloudFormation in the local AWS.

Also creates the local pages' app client and the demo user.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from local.aws import LocalAws
from local.cloudformation import Deployed, StackError, deploy_template, exists

STACK_NAME = "foyer"
DEMO_USER = "demo"
DEMO_PASSWORD = "Open-the-door-1"  # noqa: S105 - printed in the banner; exists on this machine only
DEMO_ATTRIBUTES = {"name": "Demo Visitor", "email": "demo@example.com", "email_verified": "true"}

_PAGES_CLIENT = "local-managed-login"
_DEMO_SECRET = "local-demo-user"  # noqa: S105 - its name


@dataclass(frozen=True)
class Stack:
    """The result of ``deploy``."""

    user_pool_id: str
    client_id: str
    secret_name: str
    pages_client_id: str
    deployed: Deployed
    demo_password: str = field(repr=False)  # empty if the demo user cannot sign in with it

    @property
    def parameters(self) -> Mapping[str, str]:
        """The effective parameter values."""
        return self.deployed.parameters


def deploy(aws: LocalAws, template: Path, parameters: Mapping[str, str]) -> Stack:
    """Create or update the stack, with the pages' own app client and the demo user."""
    cognito = aws.client("cognito-idp")
    is_new = not exists(aws.client("cloudformation"), STACK_NAME)
    if is_new and cognito.list_user_pools(MaxResults=1)["UserPools"]:
        raise StackError("what the local AWS saved holds a user pool and not the stack around it")
    deployed = deploy_template(aws, STACK_NAME, template, parameters)
    ids = deployed.ids
    _require(aws, ids)
    _fill_in_credentials(aws, ids)
    pages_client_id = _pages_client(cognito, ids["UserPool"])
    shortest = int(deployed.parameters["PasswordMinimumLength"])
    _create_demo_user(aws, ids["UserPool"], DEMO_PASSWORD.ljust(shortest, "!"))
    password = demo_password(aws)
    return Stack(
        user_pool_id=ids["UserPool"],
        client_id=ids["UserPoolClient"],
        secret_name=ids["Secret"],
        pages_client_id=pages_client_id,
        deployed=deployed,
        demo_password=password if _opens(cognito, pages_client_id, password) else "",
    )


def _fill_in_credentials(aws: LocalAws, ids: Mapping[str, str]) -> None:
    """Do what ClientCredentials does on AWS, because the local AWS runs no functions."""
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
    """The password that the demo user was created with, in this run or an earlier one."""
    secrets = aws.client("secretsmanager")
    try:
        return str(secrets.get_secret_value(SecretId=_DEMO_SECRET)["SecretString"])
    except secrets.exceptions.ResourceNotFoundException:
        return DEMO_PASSWORD  # made by a version that did not keep it


def _require(aws: LocalAws, ids: Mapping[str, str]) -> None:
    """Check that the stack's resources exist; MiniStack may not have saved them."""
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


def _pages_client(cognito: Any, user_pool_id: str) -> str:
    """The app client without a secret that the local managed login uses to call the API."""
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
    """Create the demo user if there is none, with a password long enough for the policy."""
    cognito, secrets = aws.client("cognito-idp"), aws.client("secretsmanager")
    try:
        cognito.admin_create_user(
            UserPoolId=user_pool_id,
            Username=DEMO_USER,
            MessageAction="SUPPRESS",
            TemporaryPassword=password,  # MiniStack's own may be shorter than the policy requires
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
    except secrets.exceptions.ResourceExistsException:  # the user was deleted in the meantime
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
