"""Checks a deployed stack: a yes, a no or a "not known" for each item that a program can check.

    .venv-sam/bin/python examples/deploy/confirm.py foyer

Needs credentials that can read the stack, its pool, its secret and its logs. It changes nothing,
except that with --rotate it asks whether to start a rotation. It prints no value of the secret.
"""

from __future__ import annotations

import argparse
import base64
import json
import secrets
import sys
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

_SECONDS = 10


class NotKnown(Exception):
    """The item cannot be checked here; the message says why."""


@dataclass(frozen=True)
class Answer:
    """``location`` is where a redirect leads."""

    status: int
    body: str
    location: str = ""


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


def ask(url: str, *, data: bytes | None = None, headers: Mapping[str, str] | None = None) -> Answer:
    """Raise NotKnown if nothing answers."""
    request = urllib.request.Request(url, data=data, headers=dict(headers or {}))  # noqa: S310 - of the outputs
    opener = urllib.request.build_opener(_NoRedirects)
    try:
        with opener.open(request, timeout=_SECONDS) as answer:
            return Answer(answer.status, answer.read(65536).decode("utf-8", "replace"))
    except urllib.error.HTTPError as error:
        body = error.read(65536).decode("utf-8", "replace")
        return Answer(error.code, body, error.headers.get("location", ""))
    except (urllib.error.URLError, TimeoutError, OSError) as error:
        host = urllib.parse.urlsplit(url).netloc
        raise NotKnown(f"{host} does not answer ({type(error).__name__})") from None


class Stack:
    """The stack as AWS describes it."""

    def __init__(self, name: str, client: Callable[[str], Any] = boto3.client) -> None:
        self.name, self.client = name, client
        (found,) = client("cloudformation").describe_stacks(StackName=name)["Stacks"]
        self.status = found["StackStatus"]
        self.outputs = {each["OutputKey"]: each["OutputValue"] for each in found["Outputs"]}
        self.app = self.outputs["AppUrl"].rstrip("/")
        self.pool = {
            "UserPoolId": self.outputs["UserPoolId"],
            "ClientId": self.outputs["ClientId"],
        }

    @cached_property
    def secret(self) -> dict[str, Any]:
        client = self.client("secretsmanager")
        found = client.get_secret_value(SecretId=self.outputs["SecretName"])
        fields: dict[str, Any] = json.loads(found["SecretString"])
        return fields

    def physical_id(self, logical_id: str) -> str:
        found = self.client("cloudformation").describe_stack_resource(
            StackName=self.name, LogicalResourceId=logical_id
        )
        return str(found["StackResourceDetail"]["PhysicalResourceId"])


# -- The items: each returns whether it is so ----------------------------------------------------


def is_deployed(stack: Stack) -> bool:
    return stack.status in ("CREATE_COMPLETE", "UPDATE_COMPLETE")


def is_filled_in(stack: Stack) -> bool:
    has_all = all(stack.secret.get(name) for name in ("client_secret", "session_key"))
    return has_all and stack.secret.get("client_id") == stack.outputs["ClientId"]


def keeps_an_unrotated_secret_readable(stack: Stack) -> bool:
    if "previous_session_key" in stack.secret:
        raise NotKnown("the secret was rotated")
    described = stack.client("cognito-idp").describe_user_pool_client(**stack.pool)
    return described["UserPoolClient"].get("ClientSecret") == stack.secret["client_secret"]


def lists_the_client_secret(stack: Stack) -> bool:
    listed = stack.client("cognito-idp").list_user_pool_client_secrets(**stack.pool)
    return bool(listed["ClientSecrets"])


def app_answers(stack: Stack) -> bool:
    return ask(f"{stack.app}/healthz").status == 200


def login_page_opens(stack: Stack) -> bool:
    return _opens(stack, "/login")


def sign_up_page_opens(stack: Stack) -> bool:
    return _opens(stack, "/signup")


def _opens(stack: Stack, path: str) -> bool:
    """Whether managed login shows a form, and not its error page."""
    url = ask(f"{stack.app}{path}", headers={"sec-fetch-mode": "navigate"}).location
    if not url.startswith(stack.outputs["LoginUrl"]):
        return False
    for _ in range(3):
        answer = ask(url)
        if not answer.location:
            return answer.status == 200
        url = urllib.parse.urljoin(url, answer.location)
        if "/error" in urllib.parse.urlsplit(url).path:
            return False
    return False


def issuer_is_the_original_one(stack: Stack) -> bool:
    function = stack.physical_id("WebFunction")
    configuration = stack.client("lambda").get_function_configuration(FunctionName=function)
    expected = configuration["Environment"]["Variables"]["COGNITO_ISSUER"]
    answer = ask(f"{expected}/.well-known/openid-configuration")
    return answer.status == 200 and json.loads(answer.body)["issuer"] == expected


def right_secret_is_told_from_a_wrong_one(stack: Stack) -> bool:
    """As the rotation tests a new client secret: with a made-up code."""
    right = _token_error(stack, stack.secret["client_secret"])
    wrong = _token_error(stack, secrets.token_hex(26))
    return wrong == "invalid_client" and right != "invalid_client"


def _token_error(stack: Stack, client_secret: str) -> str:
    client_id = stack.outputs["ClientId"]
    credentials = base64.b64encode(f"{client_id}:{client_secret}".encode()).decode()
    form = {
        "grant_type": "authorization_code",
        "client_id": client_id,
        "code": secrets.token_hex(16),
        "redirect_uri": f"{stack.app}/callback",
    }
    answer = ask(
        f"{stack.outputs['LoginUrl']}/oauth2/token",
        data=urllib.parse.urlencode(form).encode(),
        headers={"Authorization": f"Basic {credentials}"},
    )
    return str(json.loads(answer.body).get("error"))


def execute_api_address_is_off(stack: Stack) -> bool:
    if "AppDomainName" not in stack.outputs:
        raise NotKnown("the stack has no AppDomainName")
    region = stack.client("apigatewayv2").meta.region_name
    api = f"https://{stack.outputs['HttpApiId']}.execute-api.{region}.amazonaws.com"
    return ask(f"{api}/healthz").status in (403, 404)


def access_log_is_written(stack: Stack) -> bool:
    streams = stack.client("logs").describe_log_streams(
        logGroupName=stack.physical_id("AccessLogs"), limit=1
    )
    return bool(streams["logStreams"])


def metrics_arrive(stack: Stack) -> bool:
    found = stack.client("cloudwatch").list_metrics(
        Namespace="Foyer", Dimensions=[{"Name": "service", "Value": stack.name}]
    )
    return bool(found["Metrics"])


ITEMS: dict[str, Callable[[Stack], bool]] = {
    "The last deployment succeeded": is_deployed,
    "The secret contains the app client's id and secret": is_filled_in,
    "DescribeUserPoolClient returns the generated client secret": (
        keeps_an_unrotated_secret_readable
    ),
    "ListUserPoolClientSecrets lists the generated client secret": lists_the_client_secret,
    "The app answers": app_answers,
    "/login leads to a login page": login_page_opens,
    "/signup leads to a sign-up page": sign_up_page_opens,
    "The pool's issuer is the one that the web function expects": issuer_is_the_original_one,
    "The token endpoint tells a wrong client secret from a right one": (
        right_secret_is_told_from_a_wrong_one
    ),
    "With AppDomainName, the execute-api address does not answer": execute_api_address_is_off,
    "The access log needs no resource policy": access_log_is_written,
    "Metrics arrive in CloudWatch (some minutes after the first request)": metrics_arrive,
}


def judge(item: Callable[[Stack], bool], stack: Stack) -> str:
    try:
        return "yes" if item(stack) else "NO"
    except NotKnown as error:
        return f"not known: {error}"
    except (ClientError, BotoCoreError) as error:
        code = getattr(error, "response", {}).get("Error", {}).get("Code", type(error).__name__)
        return f"not known: {code}"
    except (KeyError, ValueError) as error:
        return f"not known: unexpected answer ({type(error).__name__})"


def rotate(stack: Stack) -> None:
    if input("Start a rotation of the client secret and the session key? [y/N] ").lower() == "y":
        try:
            stack.client("secretsmanager").rotate_secret(SecretId=stack.outputs["SecretName"])
        except ClientError as error:
            code = error.response["Error"]["Code"]
            print(f"Not started ({code}). With RotationDays=0, set RotationDays first.")  # noqa: T201
            return
        print("Started. Run this script again in a minute: every yes has to stay a yes.")  # noqa: T201


def main() -> int:
    parser = argparse.ArgumentParser(description="Check a deployed stack.")
    parser.add_argument("stack", nargs="?", default="foyer", help="the stack's name (foyer)")
    parser.add_argument("--rotate", action="store_true", help="ask whether to start a rotation")
    options = parser.parse_args()
    stack = Stack(options.stack)
    verdicts = {name: judge(item, stack) for name, item in ITEMS.items()}
    for name, verdict in verdicts.items():
        line = f"{verdict:>5}  {name}" if len(verdict) < 4 else f"{'?':>5}  {name} ({verdict})"
        print(line)  # noqa: T201
    if options.rotate:
        rotate(stack)
    return 1 if "NO" in verdicts.values() else 0


if __name__ == "__main__":
    sys.exit(main())
