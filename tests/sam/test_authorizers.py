"""The gateway and `sam local start-api` say the same of a request with a Lambda authorizer."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from local.places import ROOT
from tests.ports import free_port
from tests.running_stack import eventually
from tests.sam_cli import docker_or_skip
from tests.stack.gateway_project import GatewayProject

_TEMPLATE = """
AWSTemplateFormatVersion: "2010-09-09"
Transform: AWS::Serverless-2016-10-31
Resources:
  Api:
    Type: AWS::Serverless::HttpApi
    Properties:
      Auth:
        Authorizers:
          Open: &authorizer
            FunctionArn: !GetAtt Guard.Arn
            AuthorizerPayloadFormatVersion: "2.0"
            EnableSimpleResponses: true
          Keyed:
            <<: *authorizer
            Identity: {Headers: [x-key]}
          Policy:
            FunctionArn: !GetAtt Policy.Arn
            AuthorizerPayloadFormatVersion: "2.0"
  Guard:
    Type: AWS::Serverless::Function
    Properties: {CodeUri: code, Handler: app.guard, Runtime: python3.13}
  Policy:
    Type: AWS::Serverless::Function
    Properties: {CodeUri: code, Handler: app.policy, Runtime: python3.13}
  Web:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: code
      Handler: app.handler
      Runtime: python3.13
      Events:
        Open:
          Type: HttpApi
          Properties: {ApiId: !Ref Api, Method: GET, Path: "/open/{id}", Auth: {Authorizer: Open}}
        Keyed:
          Type: HttpApi
          Properties: {ApiId: !Ref Api, Method: GET, Path: /keyed, Auth: {Authorizer: Keyed}}
        Policy:
          Type: HttpApi
          Properties: {ApiId: !Ref Api, Method: GET, Path: /policy, Auth: {Authorizer: Policy}}
        Default:
          Type: HttpApi
          Properties: {ApiId: !Ref Api, Auth: {Authorizer: Open}}
"""
_CODE = """
import json

def guard(event, context):
    name = event["headers"].get("x-name") or event["headers"].get("X-Name")
    if name == "malformed":
        return {"isAuthorized": "yes"}
    seen = [event["type"], event["version"], event["routeKey"], event["identitySource"]]
    return {"isAuthorized": name == "ada", "context": {"name": name, "seen": seen}}

def policy(event, context):
    allowed = event["headers"].get("x-name") or event["headers"].get("X-Name")
    statement = {"Action": "execute-api:Invoke", "Effect": allowed, "Resource": event["routeArn"]}
    return {
        "principalId": "ada",
        "policyDocument": {"Version": "2012-10-17", "Statement": [statement]},
        "context": {"name": "ada"},
    }

def handler(event, context):
    return {"statusCode": 200, "body": json.dumps(event["requestContext"]["authorizer"]["lambda"])}
"""
# SAM's bodies for refusals differ, and it answers 502 to a malformed answer and adds principalId.
_CASES: dict[str, tuple[str, dict[str, str], int]] = {
    "allowed": ("/open/7", {"x-name": "ada"}, 200),
    "refused": ("/open/7", {"x-name": "bob"}, 403),
    "malformed": ("/open/7", {"x-name": "malformed"}, 500),
    "with its identity source": ("/keyed", {"x-key": "k", "x-name": "ada"}, 200),
    "without its identity source": ("/keyed", {"x-name": "ada"}, 401),
    "allowed by policy": ("/policy", {"x-name": "Allow"}, 200),
    "denied by policy": ("/policy", {"x-name": "Deny"}, 403),
    "allowed at $default": ("/any/other", {"x-name": "ada"}, 200),
    "refused at $default": ("/any/other", {"x-name": "bob"}, 403),
}


@contextlib.contextmanager
def sam_local(template: Path) -> Iterator[str]:
    docker_or_skip()
    port = free_port()
    output = template.parent / "printed"
    with output.open("wb") as printed, subprocess.Popen(  # noqa: S603 - our own command
        [
            ROOT / ".venv-sam/bin/sam", "local", "start-api",
            "--template", template, "--port", str(port),
            "--warm-containers", "LAZY", "--skip-pull-image",
        ],
        cwd=template.parent,
        env=os.environ | {
            "SAM_CLI_TELEMETRY": "0",
            "AWS_ACCESS_KEY_ID": "none",
            "AWS_SECRET_ACCESS_KEY": "none",
            "AWS_DEFAULT_REGION": "us-east-1",
        },
        stdin=subprocess.DEVNULL,
        stdout=printed,
        stderr=subprocess.STDOUT,
    ) as process:  # fmt: skip
        origin = f"http://127.0.0.1:{port}"

        def answers() -> bool:
            with contextlib.suppress(requests.ConnectionError):
                return requests.get(f"{origin}/nowhere", timeout=10).status_code > 0
            return False

        try:
            assert eventually(answers, 60), output.read_text()
            yield origin
        finally:
            process.terminate()
            process.wait(30)


def outcomes(origin: str) -> dict[str, tuple[int, Any]]:
    """The status of each case, and what the function was told where it was called."""
    found = {}
    for name, (path, headers, _) in _CASES.items():
        answer = requests.get(origin + path, headers=headers, timeout=60)
        told = answer.json() if answer.status_code == 200 else None
        if told is not None:
            told.pop("principalId", None)
        status = 500 if answer.status_code == 502 else answer.status_code
        found[name] = (status, told)
    return found


@pytest.mark.docker
@pytest.mark.sam
def test_both_say_the_same(tmp_path: Path) -> None:
    project = GatewayProject(tmp_path)
    project.template.write_text(_TEMPLATE)
    (tmp_path / "code/app.py").write_text(_CODE)
    with project.serve() as gateway:
        ours = outcomes(f"http://127.0.0.1:{gateway.port}")
    assert {name: status for name, (status, _) in ours.items()} == {
        name: status for name, (_, _, status) in _CASES.items()
    }
    with sam_local(project.template) as origin:
        theirs = outcomes(origin)
    assert ours == theirs
