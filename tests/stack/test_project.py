"""The templates deployed to the local AWS: the demo user, what was lost, what cannot be served."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from local import banner, ministack
from local.aws import LocalAws
from local.places import Places, RunError
from local.project import Project, resource_types
from local.run_options import read_options
from local.stack import DEMO_PASSWORD, DEMO_USER
from tests.running_stack import running_ministack

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
