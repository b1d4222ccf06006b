"""Builds the template, deploys it to a local AWS, reads it back, and compares it.

One stack goes through `make deploy`, another through the guided dialogue. The others are created
from the template that was packaged, by CloudFormation's own call; `sam`'s start-up would be most
of their time.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from foyer_rotation.secret_value import SecretValue
from samtranslator.yaml_helper import yaml_parse  # type: ignore[import-untyped]

from local.aws import LocalAws
from tests.confirm import confirm
from tests.deploy.project import FIRST, ROOT, Project, Stack
from tests.template.parameter_sets import PARAMETER_SETS, WITHOUT_REFUSED
from tests.template.rendering import source

pytestmark = pytest.mark.sam

# Further resources that MiniStack does not support (tests/template covers them).
_REFUSED = {
    "AWS::Cognito::ManagedLoginBranding",
    "AWS::Cognito::UserPoolIdentityProvider",
    "AWS::Cognito::UserPoolUICustomizationAttachment",
    "AWS::SecretsManager::RotationSchedule",
    "AWS::WAFv2::WebACLAssociation",
}
_OFF = {
    "Passkeys": "false",
    "WebAclArn": "",
    **dict.fromkeys(("GoogleSecret", "FacebookSecret", "AmazonSecret", "OidcSecret"), ""),
}
# As different as stacks can be; tests/template renders each set of parameters by itself.
_SETS = {
    "everything": PARAMETER_SETS["everything"],
    "nothing": PARAMETER_SETS["mfa off"] | PARAMETER_SETS["own prefix"] | PARAMETER_SETS["proxy"],
}


def _deployable(chosen: Mapping[str, str], stack: str) -> dict[str, str]:
    """The parameters without unsupported ones, with unique domains for each stack."""
    own_domains = {
        name: value.replace("example.com", f"{stack}.example.com")
        for name, value in chosen.items()
        if name in ("AppDomainName", "AuthDomainName")
    }
    return {**chosen, **own_domains, **WITHOUT_REFUSED, **_OFF}


def _accepted(template: dict[str, Any]) -> dict[str, Any]:
    """The template without what is refused."""
    kept = {
        name: resource
        for name, resource in template["Resources"].items()
        if resource["Type"] not in _REFUSED
    }
    return template | {"Resources": kept}


def _without_refused(template: Path) -> None:
    parsed = yaml_parse(template.read_text(encoding="utf-8"))
    template.write_text(json.dumps(_accepted(parsed)), encoding="utf-8")


def _effective(given: Mapping[str, str]) -> dict[str, str]:
    declared = source()["Parameters"]
    return {name: given.get(name, str(declared[name]["Default"])) for name in declared}


# -- `make deploy`: packages that Lambda can run, whatever Python the machine has ---------------


def test_each_function_ships_what_it_imports_for_its_processor(
    project: Project,
    deployed: Stack,  # noqa: ARG001 - builds the packages
) -> None:
    template = yaml_parse((project.built / "template.yaml").read_text(encoding="utf-8"))

    def package(function: str) -> Path:
        """Functions with the same code share a folder."""
        return project.built / str(template["Resources"][function]["Properties"]["CodeUri"])

    web, rotation = package("WebFunction"), package("RotationFunction")
    assert rotation == package("CredentialsFunction")
    assert (web / "foyer/app.py").is_file()
    assert (web / "foyer/pages/layout.html").is_file()
    assert (web / "cryptography").is_dir()
    assert (rotation / "foyer_rotation/app.py").is_file()
    # Its own boto3: the runtime's may be older than the calls for client secrets.
    assert (rotation / "boto3").is_dir()
    for folder in (web, rotation):
        names = {path.name for path in folder.iterdir()}
        assert not {"local", "tests", "ministack", "moto"} & names
    modules = [path.name for path in web.rglob("*.so")]
    assert modules
    for name in modules:
        assert "cpython-313-aarch64-linux" in name or ".abi3." in name


def test_make_deploy_creates_a_stack_and_updates_it_with_its_processor_and_users(
    project: Project, deployed: Stack
) -> None:
    assert _shows(deployed, FIRST)
    _shows_secret(deployed)
    before, secret = deployed.ids(), _secret(deployed)
    changed = PARAMETER_SETS["mfa on"] | {"SelfSignUp": "false", "LogLevel": "DEBUG"}

    project.make_deploy(*(f"{name}={value}" for name, value in changed.items()), answers="y\n")

    assert _shows(deployed, FIRST | changed)
    for kept in ("UserPool", "UserPoolClient", "UserPoolDomain", "Secret", "HttpApi"):
        assert deployed.ids()[kept] == before[kept]
    assert _secret(deployed) == secret
    modules = (project.built / "WebFunction").rglob("*.cpython-*.so")
    assert {re.findall(r"x86_64|aarch64", module.name)[0] for module in modules} == {"aarch64"}


def test_the_guided_dialogue_deploys_with_enter_for_every_question(
    project: Project, tmp_path: Path
) -> None:
    guided = project.copied(tmp_path / "guided")
    _without_refused(guided.folder / ".aws-sam/build/template.yaml")
    parameters = len(source()["Parameters"])

    # More Enters than questions before the last one would answer that one with no.
    questions = ("Stack Name", "Region", "Confirm", "Allow", "rollback", "Save", "file", "env")
    printed = guided.sam(
        "deploy",
        "--guided",
        "--stack-name",
        "guided",
        answers="\n" * (parameters + len(questions)) + "y\n",
    )

    assert "Successfully created/updated stack - guided" in printed
    assert "no authentication" not in printed
    stack = Stack("guided", project.aws)
    assert _shows(stack, {})
    _shows_secret(stack)
    # What was saved is what the next plain `sam deploy` uses.
    saved = tomllib.loads((guided.folder / "samconfig.toml").read_text(encoding="utf-8"))
    assert saved["default"]["deploy"]["parameters"]["stack_name"] == "guided"


# -- One stack for each set of parameters -------------------------------------------------------


@pytest.mark.parametrize("name", _SETS)
def test_a_set_of_parameters_arrives(name: str, aws: LocalAws, unfilled: str) -> None:
    parameters = _deployable(_SETS[name], name)
    assert _shows(Stack.create(name, aws, unfilled, parameters), parameters)


def test_an_existing_pool_gets_a_client_and_keeps_the_rest(aws: LocalAws, unfilled: str) -> None:
    cognito = Stack("", aws).client("cognito-idp")
    pool = cognito.create_user_pool(PoolName="older")["UserPool"]
    cognito.create_user_pool_domain(Domain="older-pool", UserPoolId=pool["Id"])
    parameters = WITHOUT_REFUSED | {"UserPoolId": pool["Id"], "DomainPrefix": "older-pool"}

    stack = Stack.create("existing-pool", aws, unfilled, parameters)

    assert not {"UserPool", "UserPoolDomain"} & stack.ids().keys()
    assert stack.user_pool()["Name"] == "older"
    assert stack.app_client()["ClientName"] == "existing-pool-web"
    environment = stack.environment("WebFunction")
    assert environment["COGNITO_ISSUER"].endswith(f"/{pool['Id']}")
    assert environment["COGNITO_DOMAIN_URL"] == _prefix_origin("older-pool")
    assert stack.environment("RotationFunction")["USER_POOL_ID"] == pool["Id"]


# -- From one set to another, and away ----------------------------------------------------------


def test_a_stack_moves_to_own_domains_and_back(aws: LocalAws, unfilled: str) -> None:
    plain = dict(WITHOUT_REFUSED)
    own = _deployable(PARAMETER_SETS["own domains"], "moving")
    stack = Stack.create("moving", aws, unfilled, plain)
    pool, secret = stack.outputs()["UserPoolId"], _secret(stack)

    stack.update(unfilled, own)
    assert _shows(stack, own)
    stack.update(unfilled, plain)
    assert _shows(stack, plain)

    assert stack.outputs()["UserPoolId"] == pool
    assert _secret(stack) == secret


def test_a_change_of_who_may_enter_reaches_the_version_that_routes_call(
    aws: LocalAws, unfilled: str
) -> None:
    stack = Stack.create("entry", aws, unfilled, WITHOUT_REFUSED | {"AllowedGroups": "staff"})
    assert _published(stack)["ALLOWED_GROUPS"] == "staff"
    stack.update(unfilled, WITHOUT_REFUSED | {"AllowedGroups": "admins"})
    assert _published(stack)["ALLOWED_GROUPS"] == "admins"


def _published(stack: Stack) -> dict[str, str]:
    configuration = stack.client("lambda").get_function_configuration(
        FunctionName=stack.ids()["WebFunction"], Qualifier="live"
    )
    variables: dict[str, str] = configuration["Environment"]["Variables"]
    return variables


def test_updates_of_the_client_leave_a_rotated_secret_alone(aws: LocalAws, packaged: str) -> None:
    stack = Stack.create("rotated", aws, packaged, dict(WITHOUT_REFUSED))
    rotated = _rotate(_rotate(_secret(stack)))
    _put_secret(stack, rotated)
    own = _deployable(PARAMETER_SETS["own domains"], "rotated")

    stack.update(packaged, WITHOUT_REFUSED | own | {"LocalUrl": "http://localhost:3000"})

    assert _secret(stack) == rotated


def test_a_replaced_client_is_filled_in_with_its_own_secret(aws: LocalAws, packaged: str) -> None:
    cognito = Stack("", aws).client("cognito-idp")
    pools = [cognito.create_user_pool(PoolName=name)["UserPool"]["Id"] for name in ("one", "two")]
    one, two = (
        WITHOUT_REFUSED | {"UserPoolId": pool, "DomainPrefix": "somewhere"} for pool in pools
    )
    stack = Stack.create("replaced", aws, packaged, one)
    rotated = _rotate(_secret(stack))
    _put_secret(stack, rotated)

    stack.update(packaged, two)

    _shows_secret(stack)
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
        Stack.create("unfilled", aws, json.dumps(template), dict(WITHOUT_REFUSED))

    # The rollback has left nothing that stops the next one but the empty stack.
    failed = Stack("unfilled", aws)
    pools = failed.client("cognito-idp").list_user_pools(MaxResults=60)["UserPools"]
    assert "unfilled" not in {pool["Name"] for pool in pools}
    failed.delete()


def test_a_deleted_stack_leaves_its_users_behind_for_a_new_one(
    aws: LocalAws, packaged: str, unfilled: str
) -> None:
    stack = Stack.create("leaving", aws, unfilled, dict(WITHOUT_REFUSED))
    pool, ids = stack.user_pool(), stack.ids()
    cognito = stack.client("cognito-idp")

    stack.delete()

    assert cognito.describe_user_pool(UserPoolId=pool["Id"])["UserPool"]["Name"] == "leaving"
    assert stack.domain(pool["Domain"])["UserPoolId"] == pool["Id"]
    clients = cognito.list_user_pool_clients(UserPoolId=pool["Id"], MaxResults=10)
    assert clients["UserPoolClients"] == []
    listed = stack.client("lambda").list_functions()["Functions"]
    functions = {each["FunctionName"] for each in listed}
    assert not {ids["WebFunction"], ids["RotationFunction"], ids["CredentialsFunction"]} & functions

    with_new_pool = Stack.create("leaving", aws, packaged, dict(WITHOUT_REFUSED))
    assert with_new_pool.user_pool()["Id"] != pool["Id"]
    assert with_new_pool.domain(pool["Domain"])["UserPoolId"] == pool["Id"]
    _shows_secret(with_new_pool)

    kept = {"UserPoolId": pool["Id"], "DomainPrefix": pool["Domain"]}
    again = Stack.create("again", aws, packaged, WITHOUT_REFUSED | kept)
    assert again.app_client()["UserPoolId"] == pool["Id"]
    assert again.outputs()["LoginUrl"] == _prefix_origin(pool["Domain"])
    _shows_secret(again)


def test_without_protection_a_pool_can_be_deleted_by_hand(aws: LocalAws, unfilled: str) -> None:
    parameters = WITHOUT_REFUSED | {"DeletionProtection": "false"}
    stack = Stack.create("unprotected", aws, unfilled, parameters)
    assert _shows(stack, parameters)
    pool = stack.user_pool()
    stack.delete()
    cognito = stack.client("cognito-idp")
    cognito.delete_user_pool_domain(Domain=pool["Domain"], UserPoolId=pool["Id"])
    cognito.delete_user_pool(UserPoolId=pool["Id"])
    with pytest.raises(cognito.exceptions.ResourceNotFoundException):
        cognito.describe_user_pool(UserPoolId=pool["Id"])


# -- Another stack in front ---------------------------------------------------------------------


def test_cloudfront_calls_the_api_and_sends_what_foyer_compares(
    deployed: Stack, aws: LocalAws
) -> None:
    template = (ROOT / "examples/cloudfront/template.yaml").read_text(encoding="utf-8")
    front = Stack.create("front", aws, template, {"FoyerStack": deployed.name})

    found = front.client("cloudfront").get_distribution(Id=front.ids()["Distribution"])
    (origin,) = found["Distribution"]["DistributionConfig"]["Origins"]["Items"]
    assert origin["DomainName"].startswith(f"{deployed.ids()['HttpApi']}.execute-api.")
    assert origin["CustomOriginConfig"]["OriginProtocolPolicy"] == "https-only"
    (header,) = origin["CustomHeaders"]["Items"]
    assert header["HeaderName"] == "X-Origin-Verify"
    assert header["HeaderValue"] == _secret(deployed)["origin_verify"]
    assert front.outputs()["AppUrl"].startswith("https://")


# -- The script that checks a deployed stack ----------------------------------------------------


def test_a_deployed_stack_is_confirmed_as_far_as_it_can_be(deployed: Stack, aws: LocalAws) -> None:
    stack = confirm.Stack(deployed.name, aws.client)
    assert _verdict(stack, confirm.is_deployed) == "yes"
    assert _verdict(stack, confirm.is_filled_in) == "yes"
    assert _verdict(stack, confirm.keeps_an_unrotated_secret_readable) == "yes"
    # What the local AWS does not have is not taken for a no.
    assert _verdict(stack, confirm.lists_the_client_secret) == "not known: InvalidAction"
    assert "no AppDomainName" in _verdict(stack, confirm.execute_api_address_is_off)
    # Nobody has called this stack.
    assert _verdict(stack, confirm.access_log_is_written) == "NO"
    assert _verdict(stack, confirm.metrics_arrive) == "NO"


def test_a_stack_whose_secret_is_of_another_client_is_not_confirmed(
    aws: LocalAws, unfilled: str
) -> None:
    stack = Stack.create("unconfirmed", aws, unfilled, dict(WITHOUT_REFUSED))
    assert _verdict(confirm.Stack(stack.name, aws.client), confirm.is_filled_in) == "NO"


def _verdict(stack: Any, item: Any) -> str:
    return str(confirm.judge(item, stack))


# -- What CloudFormation refuses ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"DomainPrefix": "my-aws-shop"}, "without the words aws, amazon and cognito"),
        ({"EmailFrom": "a@example.com"}, "both EmailFrom and SesIdentityArn"),
        ({"AuthDomainName": "auth.example.com"}, "AuthCertificateArn"),
    ],
)
def test_a_wrong_value_is_refused_with_the_templates_message(
    wrong: dict[str, str], words: str, aws: LocalAws, packaged: str
) -> None:
    with pytest.raises(ClientError, match=words):
        Stack.create("refused", aws, packaged, WITHOUT_REFUSED | wrong)


# -- What the services say ----------------------------------------------------------------------


def _shows(stack: Stack, given: Mapping[str, str]) -> bool:
    """Read the stack back and compare it with the parameters; raises where they differ."""
    parameters = _effective(given)
    _shows_pool(stack, parameters)
    _shows_client(stack, parameters)
    _shows_domain(stack, parameters)
    _shows_functions(stack, parameters)
    _shows_watching(stack, parameters)
    return True


def _shows_pool(stack: Stack, parameters: Mapping[str, str]) -> None:
    pool = stack.user_pool()
    brand = parameters["BrandName"]
    assert pool["Name"] == stack.name
    assert pool["UserPoolTier"] == parameters["Plan"].upper()
    assert pool["MfaConfiguration"] == parameters["Mfa"].upper()
    minimum = pool["Policies"]["PasswordPolicy"]["MinimumLength"]
    assert int(minimum) == int(parameters["PasswordMinimumLength"])
    assert pool["AliasAttributes"] == ["email"]
    assert pool["UsernameConfiguration"] == {"CaseSensitive": False}
    assert pool["DeletionProtection"] == _either(parameters["DeletionProtection"], "", "IN")
    only_admins = pool["AdminCreateUserConfig"]["AllowAdminCreateUserOnly"]
    assert only_admins == (parameters["SelfSignUp"] == "false")
    assert brand in pool["VerificationMessageTemplate"]["EmailMessage"]
    assert brand in pool["AdminCreateUserConfig"]["InviteMessageTemplate"]["EmailMessage"]
    required = {each["Name"] for each in pool["SchemaAttributes"] if each["Required"]}
    assert required == {"sub", "email", "name"}
    mail = pool["EmailConfiguration"]
    if parameters["EmailFrom"]:
        assert mail["EmailSendingAccount"] == "DEVELOPER"
        assert mail["From"] == parameters["EmailFrom"]
        assert mail["SourceArn"] == parameters["SesIdentityArn"]
    else:
        assert mail == {"EmailSendingAccount": "COGNITO_DEFAULT"}


def _either(switch: str, on: str, off: str) -> str:
    return f"{on if switch == 'true' else off}ACTIVE"


def _shows_client(stack: Stack, parameters: Mapping[str, str]) -> None:
    client = stack.app_client()
    app = stack.outputs()["AppUrl"].removesuffix("/")
    if parameters["AppDomainName"]:
        assert app == f"https://{parameters['AppDomainName']}"
    origins = [app, *filter(None, [parameters["LocalUrl"]])]
    assert client["CallbackURLs"] == [f"{origin}/callback" for origin in origins]
    assert client["LogoutURLs"] == [f"{origin}/" for origin in origins]
    assert client["AllowedOAuthFlows"] == ["code"]
    scopes = ["openid", "email", "profile"]
    if parameters["LoginPages"] == "managed" and parameters["AccountPage"] == "true":
        scopes.append("aws.cognito.signin.user.admin")
    assert client["AllowedOAuthScopes"] == scopes
    assert client["SupportedIdentityProviders"] == ["COGNITO"]
    assert int(client["AccessTokenValidity"]) == int(parameters["AccessTokenMinutes"])
    assert client["TokenValidityUnits"]["AccessToken"] == "minutes"
    assert client["EnableTokenRevocation"] is True
    assert client["PreventUserExistenceErrors"] == "ENABLED"


def _shows_domain(stack: Stack, parameters: Mapping[str, str]) -> None:
    origin = stack.outputs()["LoginUrl"]
    assert stack.environment("WebFunction")["COGNITO_DOMAIN_URL"] == origin
    assert stack.environment("RotationFunction")["COGNITO_DOMAIN_URL"] == origin
    if name := parameters["AuthDomainName"]:
        assert origin == f"https://{name}"
    else:
        name = origin.removeprefix("https://").split(".")[0]
        assert origin == _prefix_origin(name)
        assert name == (parameters["DomainPrefix"] or name)
    assert stack.domain(name)["UserPoolId"] == stack.outputs()["UserPoolId"]


def _shows_secret(stack: Stack) -> None:
    value = _secret(stack)
    client = stack.app_client()
    assert value["client_id"] == client["ClientId"]
    assert value["client_secret"] == client["ClientSecret"]
    assert len(value["session_key"]) == 64


def _shows_functions(stack: Stack, parameters: Mapping[str, str]) -> None:
    web = stack.function("WebFunction")
    assert int(web["MemorySize"]) == int(parameters["MemorySize"])
    assert web["Architectures"] == [parameters["Architecture"]]
    environment = stack.environment("WebFunction")
    for variable, parameter in {
        "BRAND_NAME": "BrandName",
        "BRAND_COLOR": "BrandColor",
        "BRAND_LOGO": "BrandLogo",
        "SESSION_IDLE_SECONDS": "SessionIdleSeconds",
        "SESSION_MAX_SECONDS": "SessionMaxSeconds",
        "LOG_LEVEL": "LogLevel",
    }.items():
        assert environment[variable] == parameters[parameter]
    assert environment["SECRET_ID"] == stack.outputs()["SecretName"]
    domain = parameters["AppDomainName"]
    own_address = f"https://{domain}" if domain else ""
    assert environment["APP_URL"] == (parameters["AppUrl"] or own_address)
    everything = json.dumps([environment, stack.environment("RotationFunction"), stack.outputs()])
    assert stack.app_client()["ClientSecret"] not in everything
    assert _secret(stack)["session_key"] not in everything


def _shows_watching(stack: Stack, parameters: Mapping[str, str]) -> None:
    ids = stack.ids()
    logs = stack.client("logs")
    for group in ("WebLogs", "RotationLogs", "AccessLogs"):
        (found,) = logs.describe_log_groups(logGroupNamePrefix=ids[group])["logGroups"]
        assert int(found["retentionInDays"]) == int(parameters["LogRetentionDays"])
    names = [physical for logical, physical in ids.items() if logical.endswith("Alarm")]
    alarms = stack.client("cloudwatch").describe_alarms(AlarmNames=names)["MetricAlarms"]
    assert {alarm["AlarmName"] for alarm in alarms} == {*names}
    assert names
    for alarm in alarms:
        topic = parameters["AlarmTopicArn"]
        assert alarm["AlarmActions"] == ([topic] if topic else [])


def _secret(stack: Stack) -> dict[str, str]:
    client = stack.client("secretsmanager")
    found = client.get_secret_value(SecretId=stack.outputs()["SecretName"])
    value: dict[str, str] = json.loads(found["SecretString"])
    return value


def _put_secret(stack: Stack, value: dict[str, Any]) -> None:
    stack.client("secretsmanager").put_secret_value(
        SecretId=stack.outputs()["SecretName"], SecretString=json.dumps(value)
    )


def _rotate(value: dict[str, Any]) -> dict[str, Any]:
    """What a rotation writes; the local AWS has no second client secret."""
    return SecretValue(value).successor([]).fields


def _prefix_origin(prefix: str) -> str:
    return f"https://{prefix}.auth.us-east-1.amazoncognito.com"
