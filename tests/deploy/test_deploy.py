"""Builds the template, deploys it to a local AWS, reads it back, and compares it.

One stack goes through `make deploy`, another through the guided dialogue. The others are created
from the template that was packaged, by CloudFormation's own call; `sam`'s start-up and SAM's
transform would be most of their time.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from botocore.exceptions import ClientError
from foyer_rotation.secret_value import SecretValue

from local.aws import LocalAws
from local.sam import SAM
from tests.confirm import confirm
from tests.deploy.project import Project, Stack
from tests.documents import read
from tests.running_stack import running_ministack
from tests.template.parameter_sets import PARAMETER_SETS
from tests.template.rendering import source

pytestmark = pytest.mark.sam

# Resources that MiniStack does not support (tests/template covers them), and what leaves them out.
_REFUSED = {
    "AWS::Cognito::ManagedLoginBranding",
    "AWS::Cognito::UserPoolIdentityProvider",
    "AWS::Cognito::UserPoolUICustomizationAttachment",
    "AWS::SecretsManager::RotationSchedule",
    "AWS::WAFv2::WebACLAssociation",
}
PLAIN = {"LoginPages": "classic", "BrandColor": "", "RotationDays": "0"}
_OFF = [
    "GoogleSecret",
    "FacebookSecret",
    "AmazonSecret",
    "OidcSecret",
    "AccessTokenResource",
    "WebAclArn",
]
EVERYTHING = PARAMETER_SETS["everything"] | PLAIN | dict.fromkeys(_OFF, "") | {"Passkeys": "false"}
NOTHING = {
    **PARAMETER_SETS["mfa off"],
    **PARAMETER_SETS["own prefix"],
    **PARAMETER_SETS["proxy"],
    **PLAIN,
}
FIRST = PLAIN | {"Architecture": "arm64", "BrandName": "Corner Shop"}


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAws]:
    with running_ministack(tmp_path_factory.mktemp("ministack"), runs_code=True) as started:
        yield started


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory, aws: LocalAws) -> Project:
    return Project.copied_to(tmp_path_factory.mktemp("project"), aws)


@pytest.fixture(scope="module")
def deployed(project: Project) -> Stack:
    """Built and deployed by `make deploy`; its packaged template serves the other stacks."""
    printed = project.make_deploy(FIRST)
    assert printed.count("[y/N]") == 1, "the change set is the only question"
    return Stack("foyer", project.aws)


@pytest.fixture(scope="module")
def packaged(deployed: Stack) -> str:
    """The template as `make deploy` uploaded it, after SAM's transform."""
    return json.dumps(deployed.template("Processed"))


# -- `make deploy`: packages that Lambda can run, whatever Python the machine has ---------------


def test_the_guided_dialogue_deploys_with_enter_for_every_question(
    project: Project, deployed: Stack, tmp_path: Path
) -> None:
    template = deployed.template("Original")
    for name, resource in list(template["Resources"].items()):
        if resource["Type"] in _REFUSED:
            del template["Resources"][name]
    (tmp_path / "template.yaml").write_text(json.dumps(template), "utf-8")
    (tmp_path / "samconfig.toml").write_text(read("samconfig.toml"), "utf-8")

    # More Enters than questions before the last one would answer that one with no.
    questions = ("Stack Name", "Region", "Confirm", "Allow", "rollback", "Save", "file", "env")
    enters = "\n" * (len(template["Parameters"]) + len(questions))
    printed = Project(tmp_path, project.aws).run(
        SAM, "deploy", "--guided", "--stack-name", "guided", answers=f"{enters}y\n"
    )

    assert "Successfully created/updated stack - guided" in printed
    assert "no authentication" not in printed
    stack = Stack("guided", project.aws)
    assert _shows(stack, {})
    assert _is_filled_in(stack)
    # What was saved is what the next plain `sam deploy` uses.
    saved = tomllib.loads((tmp_path / "samconfig.toml").read_text(encoding="utf-8"))
    assert saved["default"]["deploy"]["parameters"]["stack_name"] == "guided"


def test_make_deploy_creates_a_stack_and_updates_it_with_its_processor_and_users(
    project: Project, deployed: Stack
) -> None:
    assert _shows(deployed, FIRST)
    assert _is_filled_in(deployed)
    before, secret = deployed.ids(), _secret(deployed)
    # Its own boto3: the runtime's may be older than the calls for client secrets. What the web
    # function's package holds is seen in tests/sam/test_package.py.
    rotation = {path.name for path in project.package("RotationFunction").iterdir()}
    assert {"foyer_rotation", "boto3"} <= rotation
    assert not {"local", "tests", "ministack", "moto"} & rotation
    changed = PARAMETER_SETS["mfa on"] | {"SelfSignUp": "false", "LogLevel": "DEBUG"}
    project.require_only("web", "certifi", "markupsafe")
    project.require_only("rotation", "urllib3")

    project.make_deploy(changed)

    assert _shows(deployed, FIRST | changed)
    for kept in ("UserPool", "UserPoolClient", "UserPoolDomain", "Secret", "HttpApi"):
        assert deployed.ids()[kept] == before[kept]
    assert _secret(deployed) == secret
    modules = project.package("WebFunction").rglob("*.cpython-313-*.so")
    assert {re.findall(r"x86_64|aarch64", module.name)[0] for module in modules} == {"aarch64"}


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        # The processor of the stack that is named, not of the environment's own stack
        ("--config-env staging --stack-name foyer", "--parameter-overrides Architecture=arm64"),
        ("--config-env staging", "--parameter-overrides Architecture=x86_64"),
        ("--parameter-overrides Architecture=arm64", "--parameter-overrides Architecture=arm64"),
        ("--tags Team=web Cost=1", "--config-env default --tags Team=web Cost=1\n"),
        ("Mfa=on AllowedDomains=example.com", "template.yaml has no parameter AllowedDomains;"),
    ],
)
def test_make_deploy_builds_for_the_stack_it_deploys_and_refuses_unknown_parameters(
    project: Project, deployed: Stack, arguments: str, expected: str
) -> None:
    assert deployed.name == "foyer"
    assert expected in project.planned(*arguments.split())


# -- From one set of parameters to another, and away --------------------------------------------


def test_a_stack_goes_from_nothing_to_everything_and_back_with_its_users_and_rotated_secret(
    aws: LocalAws, packaged: str
) -> None:
    stack = Stack.create("moving", aws, packaged, NOTHING)
    assert _shows(stack, NOTHING)
    pool = stack.outputs()["UserPoolId"]
    _rotated(stack)
    rotated = _rotated(stack)

    for parameters in (EVERYTHING, NOTHING):
        stack.update(packaged, parameters)
        assert _shows(stack, parameters)
        # Routes call the published version.
        published = stack.environment("WebFunction", Qualifier="live")
        assert published["ALLOWED_GROUPS"] == parameters.get("AllowedGroups", "")
        assert stack.outputs()["UserPoolId"] == pool
        assert _secret(stack) == rotated


def test_a_client_in_an_existing_pool_moves_to_another_pool_with_its_own_secret(
    aws: LocalAws, packaged: str
) -> None:
    cognito = Stack("", aws).client("cognito-idp")
    one, two = (cognito.create_user_pool(PoolName=name)["UserPool"]["Id"] for name in "ab")
    cognito.create_user_pool_domain(Domain="older-pool", UserPoolId=one)
    parameters = PLAIN | {"UserPoolId": one, "DomainPrefix": "older-pool"}

    stack = Stack.create("existing", aws, packaged, parameters)

    assert not {"UserPool", "UserPoolDomain"} & stack.ids().keys()
    assert stack.user_pool()["Name"] == "a"
    assert stack.app_client()["ClientName"] == "existing-web"
    environment = stack.environment("WebFunction")
    assert environment["COGNITO_ISSUER"].endswith(f"/{one}")
    assert environment["COGNITO_DOMAIN_URL"] == _prefix_origin("older-pool")
    assert stack.environment("RotationFunction")["USER_POOL_ID"] == one
    rotated = _rotated(stack)

    stack.update(packaged, parameters | {"UserPoolId": two})

    assert _is_filled_in(stack)
    value = _secret(stack)
    assert value["client_id"] != rotated["client_id"]
    for key in ("session_key", "previous_session_key"):
        assert value[key] == rotated[key]


def test_a_stack_that_cannot_be_filled_in_fails_at_once_and_says_why(
    aws: LocalAws, packaged: str
) -> None:
    template = json.loads(packaged)
    template["Resources"]["ClientCredentials"]["Properties"]["ClientId"] = "nobody"
    with pytest.raises(AssertionError, match="DescribeUserPoolClient failed"):
        Stack.create("unfilled", aws, json.dumps(template), PLAIN)

    # The rollback has left nothing that stops the next one but the empty stack.
    failed = Stack("unfilled", aws)
    pools = failed.client("cognito-idp").list_user_pools(MaxResults=60)["UserPools"]
    assert "unfilled" not in {pool["Name"] for pool in pools}
    failed.delete()


def test_a_deleted_stack_leaves_its_users_behind_until_they_are_deleted_by_hand(
    aws: LocalAws, packaged: str
) -> None:
    template = json.loads(packaged)
    del template["Resources"]["ClientCredentials"]
    unfilled = json.dumps(template)
    stack = Stack.create("leaving", aws, unfilled, PLAIN)
    pool, domain, ids = stack.user_pool()["Id"], stack.user_pool()["Domain"], stack.ids()
    cognito = stack.client("cognito-idp")

    stack.delete()

    assert cognito.describe_user_pool(UserPoolId=pool)["UserPool"]["Name"] == "leaving"
    assert stack.pool_of_domain(domain) == pool
    clients = cognito.list_user_pool_clients(UserPoolId=pool, MaxResults=10)
    assert clients["UserPoolClients"] == []
    listed = stack.client("lambda").list_functions()["Functions"]
    functions = {each["FunctionName"] for each in listed}
    assert not {ids["WebFunction"], ids["RotationFunction"], ids["CredentialsFunction"]} & functions

    again = Stack.create("leaving", aws, unfilled, PLAIN)
    assert again.user_pool()["Id"] != pool
    assert stack.pool_of_domain(domain) == pool
    assert _verdict(again, confirm.is_filled_in) == "NO"

    cognito.delete_user_pool_domain(Domain=domain, UserPoolId=pool)
    cognito.delete_user_pool(UserPoolId=pool)
    with pytest.raises(cognito.exceptions.ResourceNotFoundException):
        cognito.describe_user_pool(UserPoolId=pool)


# -- Another stack in front, and the script that checks a deployed stack -----------------------


def test_cloudfront_calls_the_api_and_sends_what_foyer_compares(
    deployed: Stack, aws: LocalAws
) -> None:
    template = read("examples/cloudfront/template.yaml")
    front = Stack.create("front", aws, template, {"FoyerStack": deployed.name})

    found = front.client("cloudfront").get_distribution(Id=front.ids()["Distribution"])
    (origin,) = found["Distribution"]["DistributionConfig"]["Origins"]["Items"]
    assert origin["DomainName"].startswith(f"{deployed.ids()['HttpApi']}.execute-api.")
    assert origin["CustomOriginConfig"]["OriginProtocolPolicy"] == "https-only"
    (header,) = origin["CustomHeaders"]["Items"]
    assert header["HeaderName"] == "X-Origin-Verify"
    assert header["HeaderValue"] == _secret(deployed)["origin_verify"]
    assert front.outputs()["AppUrl"].startswith("https://")


def test_a_deployed_stack_is_confirmed_as_far_as_it_can_be(deployed: Stack) -> None:
    is_readable = confirm.keeps_an_unrotated_secret_readable
    for item in (confirm.is_deployed, confirm.is_filled_in, is_readable):
        assert _verdict(deployed, item) == "yes"
    # What the local AWS does not have is not taken for a no.
    assert _verdict(deployed, confirm.lists_the_client_secret) == "not known: InvalidAction"
    assert "no AppDomainName" in _verdict(deployed, confirm.execute_api_address_is_off)
    for item in (confirm.access_log_is_written, confirm.metrics_arrive):
        assert _verdict(deployed, item) == "NO", "nobody has called this stack"


def test_a_rotation_that_secrets_manager_refuses_is_reported(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    refused = ClientError({"Error": {"Code": "InvalidRequestException"}}, "RotateSecret")
    stack = mock.Mock(outputs={"SecretName": "foyer/shop"})
    stack.client.return_value.rotate_secret.side_effect = refused
    monkeypatch.setattr("builtins.input", lambda _: "y")
    confirm.rotate(stack)
    assert "Not started (InvalidRequestException)" in capsys.readouterr().out


def _verdict(stack: Stack, item: Any) -> str:
    return str(confirm.judge(item, confirm.Stack(stack.name, stack.client)))


# -- What the services say ----------------------------------------------------------------------


def _shows(stack: Stack, given: Mapping[str, str]) -> bool:
    """Read the stack back and compare it with the parameters; raises where they differ."""
    declared = source()["Parameters"]
    parameters = {name: given.get(name, str(declared[name]["Default"])) for name in declared}
    outputs, pool, client = stack.outputs(), stack.user_pool(), stack.app_client()
    assert pool["Name"] == stack.name
    assert pool["UserPoolTier"] == parameters["Plan"].upper()
    assert pool["MfaConfiguration"] == parameters["Mfa"].upper()
    app = outputs["AppUrl"].removesuffix("/")
    if parameters["AppDomainName"]:
        assert app == f"https://{parameters['AppDomainName']}"
    origins = [app, *filter(None, [parameters["LocalUrl"]])]
    assert client["CallbackURLs"] == [f"{origin}/callback" for origin in origins]
    assert client["LogoutURLs"] == [f"{origin}/" for origin in origins]

    login = outputs["LoginUrl"]
    domain = parameters["AuthDomainName"] or login.removeprefix("https://").split(".")[0]
    assert login == (f"https://{domain}" if "." in domain else _prefix_origin(domain))
    assert parameters["AuthDomainName"] or parameters["DomainPrefix"] in ("", domain)
    assert stack.pool_of_domain(domain) == outputs["UserPoolId"]

    assert stack.function("WebFunction")["Architectures"] == [parameters["Architecture"]]
    web, rotation = (stack.environment(f"{name}Function") for name in ("Web", "Rotation"))
    assert web["COGNITO_DOMAIN_URL"] == rotation["COGNITO_DOMAIN_URL"] == login
    assert web["BRAND_NAME"] == parameters["BrandName"]
    assert web["SECRET_ID"] == outputs["SecretName"]
    everything = json.dumps([web, rotation, outputs])
    assert client["ClientSecret"] not in everything
    assert _secret(stack)["session_key"] not in everything
    return True


def _is_filled_in(stack: Stack) -> bool:
    value, client = _secret(stack), stack.app_client()
    assert value["client_id"] == client["ClientId"]
    assert value["client_secret"] == client["ClientSecret"]
    return len(value["session_key"]) == 64


def _secret(stack: Stack) -> dict[str, Any]:
    client = stack.client("secretsmanager")
    found = client.get_secret_value(SecretId=stack.outputs()["SecretName"])
    value: dict[str, Any] = json.loads(found["SecretString"])
    return value


def _rotated(stack: Stack) -> dict[str, Any]:
    """The secret as a rotation leaves it; the local AWS has no second client secret."""
    value = SecretValue(_secret(stack)).successor([]).fields
    stack.client("secretsmanager").put_secret_value(
        SecretId=stack.outputs()["SecretName"], SecretString=json.dumps(value)
    )
    return value


def _prefix_origin(prefix: str) -> str:
    return f"https://{prefix}.auth.us-east-1.amazoncognito.com"
