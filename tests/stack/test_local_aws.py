"""The local AWS as it runs: what it refuses, what it cannot do, and what it keeps."""

from __future__ import annotations

import json
import stat
from dataclasses import replace
from pathlib import Path

import pytest
import requests
from botocore.exceptions import ClientError

from local import ministack
from local.aws import LocalAws
from local.places import RunError
from tests.ports import free_port
from tests.running_stack import eventually

_RUNS_A_PROGRAM = """
import pathlib
pathlib.Path({marker!r}).touch()
def handler(event, context): ...
"""


def test_only_what_is_needed_answers_and_only_to_this_runs_credentials(aws: LocalAws) -> None:
    aws.client("cognito-idp").list_user_pools(MaxResults=1)
    others = replace(aws, access_key_id="test", secret_access_key="test")
    with pytest.raises(ClientError) as refused:
        others.client("cognito-idp").list_user_pools(MaxResults=1)
    assert refused.value.response["Error"]["Code"] == "UnrecognizedClientException"
    for call in (aws.client("lambda").list_functions, aws.client("glue").get_jobs):
        with pytest.raises(ClientError):
            call()


def test_no_program_starts_whatever_a_template_asks_for(aws: LocalAws, tmp_path: Path) -> None:
    marker = tmp_path / "ran"
    function = {
        "Runtime": "python3.13",
        "Handler": "index.handler",
        "Role": "arn:aws:iam::000000000000:role/any",
        "Code": {"ZipFile": _RUNS_A_PROGRAM.format(marker=str(marker))},
    }
    call = {"ServiceToken": {"Fn::GetAtt": ["Function", "Arn"]}, "ServiceTimeout": "1"}
    resources = {
        "Function": {"Type": "AWS::Lambda::Function", "Properties": function},
        "Call": {"Type": "Custom::Call", "Properties": call},
    }
    cloudformation = aws.client("cloudformation")
    cloudformation.create_stack(StackName="runs", TemplateBody=json.dumps({"Resources": resources}))

    def status() -> str:
        (stack,) = cloudformation.describe_stacks(StackName="runs")["Stacks"]
        return str(stack["StackStatus"])

    assert eventually(lambda: not status().endswith("_IN_PROGRESS"), 30)
    assert status() != "CREATE_COMPLETE"
    assert not marker.exists()


def test_services_follow_from_the_types_of_resources_and_never_run_code() -> None:
    types = ["AWS::DynamoDB::Table", "AWS::Lambda::Function", "Custom::Mine", "AWS::SQS::Queue"]
    more = {"dynamodb", "dynamodbstreams", "sqs"}
    assert ministack.services_for(types) == ministack.SERVICES | more


# -- What it keeps ------------------------------------------------------------------------------


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


def start(data: Path) -> ministack.MiniStack:
    started = ministack.start(LocalAws.new(free_port()), data=data)
    ministack.wait_until_ready(started)
    return started


def test_its_state_survives_a_killed_process_and_its_credentials_do_not(data: Path) -> None:
    first, credentials = start(data), data / "aws.ini"
    assert LocalAws.read(credentials) == first.aws
    assert stat.S_IMODE(credentials.stat().st_mode) == 0o600
    assert stat.S_IMODE(data.stat().st_mode) == 0o700
    requests.get(first.aws.endpoint, headers={"x-local-key": "wrong"}, timeout=10)
    first.aws.client("cognito-idp").create_user_pool(PoolName="kept")
    saved = data / "state" / "cognito.json"
    assert eventually(lambda: saved.exists() and "kept" in saved.read_text("utf-8"))
    first.process.kill()
    first.process.wait()
    first.stop()
    assert not credentials.exists()
    assert first.aws.secret_access_key not in first.log.read_text("utf-8")

    second = start(data)
    (pool,) = second.aws.client("cognito-idp").list_user_pools(MaxResults=60)["UserPools"]
    assert pool["Name"] == "kept"
    assert first.aws.access_key_id != second.aws.access_key_id
    assert first.aws.secret_access_key != second.aws.secret_access_key
    second.stop()
    assert not credentials.exists()


@pytest.mark.parametrize("content", ["", '{"__ministack_format__": 3, "payload": {"_us', "[]"])
def test_a_damaged_file_is_reported_in_one_sentence(data: Path, content: str) -> None:
    state = data / "state"
    state.mkdir(parents=True)
    (state / "cognito.json").write_text(content, "utf-8")
    with pytest.raises(RunError, match=r"cognito\.json is damaged, .* delete"):
        start(data)
