"""The local AWS as it runs: what it refuses, what it cannot do, and what it keeps."""

from __future__ import annotations

import json
import stat
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import requests
from botocore.exceptions import ClientError

from local import ministack
from local.aws import LocalAws
from local.places import RunError
from tests.ports import free_port
from tests.running_stack import eventually

pytestmark = pytest.mark.stack

_RUNS_A_PROGRAM = """
import pathlib
pathlib.Path({marker!r}).touch()
def handler(event, context): ...
"""


def test_the_published_credentials_are_refused(aws: LocalAws) -> None:
    others = replace(aws, access_key_id="test", secret_access_key="test")
    with pytest.raises(ClientError) as refused:
        others.client("cognito-idp").list_user_pools(MaxResults=1)
    assert refused.value.response["Error"]["Code"] == "UnrecognizedClientException"
    aws.client("cognito-idp").list_user_pools(MaxResults=1)


@pytest.mark.parametrize("service", ["lambda", "glue", "stepfunctions"])
def test_services_that_are_not_needed_are_not_there(aws: LocalAws, service: str) -> None:
    calls: dict[str, Any] = {
        "lambda": lambda client: client.list_functions(),
        "glue": lambda client: client.get_jobs(),
        "stepfunctions": lambda client: client.list_state_machines(),
    }
    with pytest.raises(ClientError):
        calls[service](aws.client(service))


def test_no_program_starts_whatever_a_template_asks_for(aws: LocalAws, tmp_path: Path) -> None:
    marker = tmp_path / "ran"
    template = {
        "Resources": {
            "Function": {
                "Type": "AWS::Lambda::Function",
                "Properties": {
                    "Runtime": "python3.13",
                    "Handler": "index.handler",
                    "Role": "arn:aws:iam::000000000000:role/any",
                    "Code": {"ZipFile": _RUNS_A_PROGRAM.format(marker=str(marker))},
                },
            },
            "Call": {
                "Type": "Custom::Call",
                "Properties": {
                    "ServiceToken": {"Fn::GetAtt": ["Function", "Arn"]},
                    "ServiceTimeout": "1",
                },
            },
        }
    }
    cloudformation = aws.client("cloudformation")
    cloudformation.create_stack(StackName="runs", TemplateBody=json.dumps(template))

    def status() -> str:
        (stack,) = cloudformation.describe_stacks(StackName="runs")["Stacks"]
        return str(stack["StackStatus"])

    assert eventually(lambda: not status().endswith("_IN_PROGRESS"), 30)
    assert status() != "CREATE_COMPLETE"
    assert not marker.exists()


def test_services_follow_from_the_types_of_resources() -> None:
    types = ["AWS::DynamoDB::Table", "AWS::Lambda::Function", "Custom::Mine", "AWS::SQS::Queue"]
    assert ministack.services_for(types) == ministack.SERVICES | {
        "dynamodb", "dynamodbstreams", "sqs",
    }  # fmt: skip


# -- What it keeps ------------------------------------------------------------------------------


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


def start(data: Path) -> ministack.MiniStack:
    started = ministack.start(LocalAws.new(free_port()), data=data)
    ministack.wait_until_ready(started)
    return started


def pools(aws: LocalAws) -> list[str]:
    listed = aws.client("cognito-idp").list_user_pools(MaxResults=60)["UserPools"]
    return [pool["Name"] for pool in listed]


def test_credentials_are_new_each_time_and_nobody_else_reads_them(data: Path) -> None:
    seen = []
    for _ in range(2):
        started = start(data)
        seen.append(LocalAws.read(data / "aws.ini"))
        assert seen[-1] == started.aws
        assert stat.S_IMODE((data / "aws.ini").stat().st_mode) == 0o600
        assert stat.S_IMODE(data.stat().st_mode) == 0o700
        started.stop()
        assert not (data / "aws.ini").exists()
    assert seen[0].access_key_id != seen[1].access_key_id
    assert seen[0].secret_access_key != seen[1].secret_access_key


def test_what_was_made_survives_a_killed_process(data: Path) -> None:
    first = start(data)
    first.aws.client("cognito-idp").create_user_pool(PoolName="kept")
    saved = data / "state" / "cognito.json"
    assert eventually(lambda: saved.exists() and "kept" in saved.read_text("utf-8"))
    first.process.kill()
    first.process.wait()
    first.stop()
    second = start(data)
    assert pools(second.aws) == ["kept"]
    second.stop()


@pytest.mark.parametrize("content", ["", '{"__ministack_format__": 3, "payload": {"_us', "[]"])
def test_a_damaged_file_is_reported_in_one_sentence(data: Path, content: str) -> None:
    state = data / "state"
    state.mkdir(parents=True)
    (state / "cognito.json").write_text(content, "utf-8")
    with pytest.raises(RunError, match=r"cognito\.json is damaged, .* delete"):
        start(data)


def test_the_log_holds_no_secret(data: Path) -> None:
    started = start(data)
    pools(started.aws)
    requests.get(started.aws.endpoint, headers={"x-local-key": "wrong"}, timeout=10)
    started.stop()
    assert started.aws.secret_access_key not in started.log.read_text("utf-8")
