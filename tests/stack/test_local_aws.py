"""The local AWS as it runs, and the templates deployed to it.

What it refuses, what it keeps; the demo user, what was lost, what cannot be served.
"""

from __future__ import annotations

import json
import stat
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import requests
from botocore.exceptions import ClientError

from local import banner, ministack
from local.aws import LocalAws
from local.places import Places, RunError
from local.project import Project, resource_types
from local.run_options import read_options
from local.stack import DEMO_PASSWORD, DEMO_USER
from tests.ports import free_port
from tests.running_stack import eventually, running_ministack

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


# -- What is deployed to it ---------------------------------------------------------------------

_APP = Path(__file__).parent / "app.yaml"


@pytest.fixture(scope="module")
def own_aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAws]:
    """For these tests alone, because the project's pool has to be the only one."""
    services = ministack.services_for(resource_types([_APP]))
    with running_ministack(tmp_path_factory.mktemp("ministack"), services=services) as running:
        yield running


def project(aws: LocalAws, *arguments: str) -> Project:
    return Project(Places("127.0.0.1", 9), aws, read_options(arguments), "127.0.0.1")


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ("BrandNames=x", "template.yaml has no parameter BrandNames; did you mean BrandName?"),
        ("Mfa=maybe", "parameter Mfa: value 'maybe' is not in AllowedValues: ['off', "),
    ],
)
def test_a_wrong_parameter_is_reported_in_one_sentence(
    own_aws: LocalAws, given: str, sentence: str
) -> None:
    with pytest.raises(RunError) as raised:
        project(own_aws, "--parameter", given).deploy()
    assert str(raised.value).startswith(sentence)
    assert "delete" not in str(raised.value)


def test_the_demo_users_password_is_known_until_it_no_longer_works(
    own_aws: LocalAws, capsys: pytest.CaptureFixture[str]
) -> None:
    def shown(minimum_length: int) -> str:
        length = f"PasswordMinimumLength={minimum_length}"
        stack, apps = project(own_aws, "--parameter", length).deploy()
        banner.show(Places("127.0.0.1", 9), stack, apps, 1)
        return capsys.readouterr().out

    assert f"Demo user      {DEMO_USER}, password {DEMO_PASSWORD}\n" in shown(14)
    own_aws.client("secretsmanager").delete_secret(  # as if an older version had made the user
        SecretId="local-demo-user", ForceDeleteWithoutRecovery=True
    )
    # The policy is for new passwords.
    assert f"Demo user      {DEMO_USER}, password {DEMO_PASSWORD}\n" in shown(20)
    cognito = own_aws.client("cognito-idp")
    (pool,) = cognito.list_user_pools(MaxResults=60)["UserPools"]
    cognito.admin_disable_user(UserPoolId=pool["Id"], Username=DEMO_USER)
    assert f"Demo user      {DEMO_USER}, password was changed\n" in shown(20)


@pytest.fixture
def app(own_aws: LocalAws, tmp_path: Path) -> Iterator[Path]:
    """Its template; the stack is named for the folder, and deleted afterwards."""
    (tmp_path / "app.py").touch()
    template = tmp_path / "template.yaml"
    template.write_text(_APP.read_text())
    yield template
    own_aws.client("cloudformation").delete_stack(StackName=stack_name(template))


def stack_name(template: Path) -> str:
    return template.parent.name.replace("_", "-")


def test_an_apps_variables_are_what_cloudformation_makes_of_them_and_none_of_foyers(
    own_aws: LocalAws, app: Path
) -> None:
    given = ("--app", str(app.parent), "--app-parameter", "Greeting=HELLO")
    _, apps = project(own_aws, *given).deploy()
    variables = apps.functions["Function"].variables
    assert (variables["VOLUME"], variables["GREETING"]) == ("loud", f"HELLO from {stack_name(app)}")
    assert variables["TABLE_ARN"].endswith(f"/{variables['TABLE']}")
    assert variables["POOL"].startswith("us-east-1_")
    assert not {"SECRET_ID", "COGNITO_DOMAIN_URL", "APP_URL"} & variables.keys()
    assert apps.left_out == ("Machine", "Function (Schedule)", "Function's MACHINE")


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("ApiGatewayV2::ApiMapping", "Serverless::Layer", "has no AWS::ApiGatewayV2::"),
        ("  Function:", "  WebFunction:", "both templates have a function WebFunction"),
        ("-UserPoolId", "-Absent", "Export 'foyer-Absent' not found"),
    ],
)
def test_what_cannot_be_served_is_reported_in_one_sentence(
    own_aws: LocalAws, app: Path, old: str, new: str, sentence: str
) -> None:
    app.write_text(app.read_text().replace(old, new))
    with pytest.raises(RunError, match=sentence):
        project(own_aws, "--app", str(app)).deploy()


def test_state_that_was_lost_in_part_is_reported(own_aws: LocalAws, aws: LocalAws) -> None:
    """The last test of this file: nothing is deployed afterwards."""
    stack, _ = project(own_aws).deploy()
    delete = r"\(to start with an empty user pool, delete .*\)"
    secrets = own_aws.client("secretsmanager")
    secrets.delete_secret(SecretId=stack.secret_name, ForceDeleteWithoutRecovery=True)
    with pytest.raises(RunError, match=f"holds the stack and not its secret {delete}"):
        project(own_aws).deploy()
    own_aws.client("cognito-idp").delete_user_pool(UserPoolId=stack.user_pool_id)
    with pytest.raises(RunError, match=f"holds the stack and not its user pool {delete}"):
        project(own_aws).deploy()
    aws.client("cognito-idp").create_user_pool(PoolName="left")  # where no stack is
    with pytest.raises(RunError, match=f"a user pool and not the stack around it {delete}"):
        project(aws).deploy()
