"""Parameters reach their resources."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.template.parameter_sets import PARAMETER_SETS, WITHOUT_REFUSED
from tests.template.rendering import (
    PSEUDO_PARAMETERS,
    Rendered,
    references,
    render,
    source,
    transformed,
)

EXECUTE_API = "https://<HttpApi>.execute-api.eu-west-1.amazonaws.com"
COGNITO = "arn:aws:cognito-idp:eu-west-1:123456789012"
WEB_ACL = {"WebAclArn": PARAMETER_SETS["everything"]["WebAclArn"]}
AUTH_FLOWS = ["ALLOW_USER_SRP_AUTH", "ALLOW_USER_AUTH"]
FACTORS = ["PASSWORD", "WEB_AUTHN"]
_CERTIFICATE = "arn:aws:acm:us-east-1:000000000000:certificate/x"


PLUS, MFA_OFF, CLASSIC = {"Plan": "plus"}, {"Mfa": "off"}, {"LoginPages": "classic"}
PASSKEYS = {**PARAMETER_SETS["own domains"], "Passkeys": "true"}
OWN_DOMAINS, EXISTING = PARAMETER_SETS["own domains"], PARAMETER_SETS["existing pool"]
CONFIRMED = {"PostConfirmationArn": "arn:aws:lambda:eu-west-1:123456789012:function:notes-first"}
COLOUR, LOGO = {"BrandColor": "#AB12cd"}, {"BrandLogo": "PHN2Zy8+", "BrandColor": ""}
BUTTON = "ManagedLoginBranding.Settings.components.primaryButton"


@pytest.mark.parametrize(
    ("parameters", "place", "expected"),
    [
        # Left alone, the parameters make a safe stack.
        ({}, "UserPool.IssuerConfiguration.Type", "ORIGINAL"),
        ({}, "UserPool.MfaConfiguration", "OPTIONAL"),
        ({}, "UserPool.Policies.PasswordPolicy.MinimumLength", "12"),
        ({}, "UserPool.UsernameConfiguration.CaseSensitive", False),
        # On, it would stop the rollback of a first deployment that fails.
        ({}, "UserPool.DeletionProtection", "INACTIVE"),
        ({}, "UserPoolClient.CallbackURLs", [f"{EXECUTE_API}/callback"]),
        ({}, "UserPoolClient.LogoutURLs", [f"{EXECUTE_API}/"]),
        ({}, "UserPoolClient.SupportedIdentityProviders", ["COGNITO"]),
        ({}, "UserPoolClient.PreventUserExistenceErrors", "ENABLED"),
        ({}, "UserPoolClient.RefreshTokenRotation.Feature", "ENABLED"),
        ({}, "UserPoolDomain.Domain", "foyer-0a1b2c3d"),  # made from the stack's id
        # Sign-in
        ({}, "UserPool.UserPoolAddOns", None),
        (PLUS, "UserPool.UserPoolAddOns.AdvancedSecurityMode", "ENFORCED"),
        (MFA_OFF, "UserPool.MfaConfiguration", "OFF"),
        (MFA_OFF, "UserPool.EnabledMfas", None),  # Cognito refuses factors beside OFF
        ({}, "UserPool.Policies.SignInPolicy", None),
        ({}, "UserPool.WebAuthnRelyingPartyID", None),
        (PASSKEYS, "UserPool.Policies.SignInPolicy.AllowedFirstAuthFactors", FACTORS),
        (PASSKEYS, "UserPool.WebAuthnFactorConfiguration", "MULTI_FACTOR_WITH_USER_VERIFICATION"),
        (PASSKEYS, "UserPool.WebAuthnUserVerification", "required"),
        (PASSKEYS, "UserPool.WebAuthnRelyingPartyID", "auth.example.com"),
        (PASSKEYS, "UserPoolClient.ExplicitAuthFlows", AUTH_FLOWS),
        ({}, "UserPool.LambdaConfig", {}),
        (CONFIRMED, "UserPool.LambdaConfig.PostConfirmation", CONFIRMED["PostConfirmationArn"]),
        (CONFIRMED, "PostConfirmationPermission.Principal", "cognito-idp.amazonaws.com"),
        (CONFIRMED, "PostConfirmationPermission.SourceArn", "<UserPool.Arn>"),
        (CONFIRMED, "PostConfirmationPermission.SourceAccount", "123456789012"),
        # Login pages
        ({}, "UserPoolDomain.ManagedLoginVersion", 2),
        (COLOUR, "ManagedLoginBranding.UseCognitoProvidedValues", False),
        (COLOUR, f"{BUTTON}.lightMode.defaults.backgroundColor", "AB12cdff"),
        (COLOUR, f"{BUTTON}.darkMode.hover.backgroundColor", "AB12cdff"),
        (COLOUR, "ManagedLoginBranding.Assets", None),
        (LOGO, "ManagedLoginBranding.Settings.components.form.logo.enabled", True),
        (LOGO, BUTTON, None),
        # Cognito refuses settings beside this flag.
        ({"BrandColor": ""}, "ManagedLoginBranding.UseCognitoProvidedValues", True),
        ({"BrandColor": ""}, "ManagedLoginBranding.Settings", None),
        (CLASSIC, "UserPoolDomain.ManagedLoginVersion", 1),
        (CLASSIC, "ManagedLoginBranding", None),
        (EXISTING | CLASSIC, "ClassicPagesStyle", None),  # which is the pool's owner's
        # Domains and pools
        (OWN_DOMAINS, "AppDomainMapping.DomainName", "<AppDomain>"),
        (OWN_DOMAINS, "UserPoolDomain.Domain", "auth.example.com"),
        (WEB_ACL, "UserPoolWebAcl.ResourceArn", f"{COGNITO}:userpool/<UserPool>"),
        (EXISTING, "UserPool", None),
        (EXISTING, "UserPoolDomain", None),
        (EXISTING, "UserPoolClient.UserPoolId", "us-east-1_Abc123xyz"),
        (EXISTING, "UserPoolClient.WriteAttributes", None),  # what it requires is not known
    ],
)
def test_parameters_reach_resources(
    parameters: dict[str, str], place: str, expected: object
) -> None:
    resource, *path = place.split(".")
    found: Any = render(parameters).resources.get(resource, {}).get("Properties")
    for name in path:
        found = found and found.get(name)
    assert found == expected


def test_in_govcloud_pages_and_functions_use_fips_endpoints(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert not _environment(render(), "WebFunction")["AWS_USE_FIPS_ENDPOINT"]
    monkeypatch.setitem(PSEUDO_PARAMETERS, "AWS::Partition", "aws-us-gov")
    monkeypatch.setitem(PSEUDO_PARAMETERS, "AWS::Region", "us-gov-west-1")
    stack = render({"DomainPrefix": "acme"})
    host = "https://<UserPoolDomain>.auth-fips.us-gov-west-1.amazoncognito.com"
    assert stack.outputs["LoginUrl"] == host
    for function in ("WebFunction", "RotationFunction"):
        assert _environment(stack, function)["COGNITO_DOMAIN_URL"] == host
    for function in ("WebFunction", "GuardFunction", "VisitorFunction"):
        assert _environment(stack, function)["AWS_USE_FIPS_ENDPOINT"] == "true"


def _environment(stack: Rendered, function: str) -> dict[str, str]:
    variables: dict[str, str] = stack.properties(function)["Environment"]["Variables"]
    return variables


# -- Login pages --------------------------------------------------------------------------------


def test_a_logo_stands_above_the_form_in_both_modes() -> None:
    assets = render(LOGO).properties("ManagedLoginBranding")["Assets"]
    shown = {each["ColorMode"]: each["Bytes"] for each in assets}
    assert shown == {"LIGHT": "PHN2Zy8+", "DARK": "PHN2Zy8+"}


def test_classic_pages_get_the_colour_by_css() -> None:
    style = render({**CLASSIC, "BrandColor": "#102030"}).properties("ClassicPagesStyle")
    assert "background-color: #102030" in style["CSS"]


# -- Domains ------------------------------------------------------------------------------------


@pytest.mark.parametrize("front", ["own domains", "proxy"])
def test_an_own_address_is_named_everywhere(front: str) -> None:
    stack = render(PARAMETER_SETS[front])
    client = stack.properties("UserPoolClient")
    assert client["CallbackURLs"] == ["https://www.example.com/callback"]
    assert client["LogoutURLs"] == ["https://www.example.com/"]
    assert stack.outputs["AppUrl"] == "https://www.example.com/"
    for function in ("WebFunction", "RotationFunction"):
        assert _environment(stack, function)["APP_URL"] == "https://www.example.com"
    (server,) = stack.properties("HttpApi")["Body"].get("servers", [{}])
    endpoint = server.get("x-amazon-apigateway-endpoint-configuration", {})
    # A proxy calls the execute-api address; an own domain is the only way in.
    assert endpoint.get("disableExecuteApiEndpoint", False) is (front == "own domains")
    if front == "proxy":
        assert _environment(stack, "WebFunction")["ORIGIN_VERIFY_HEADER"] == "X-Origin-Verify"
        return
    configuration = stack.properties("AppDomain")["DomainNameConfigurations"][0]
    assert configuration["SecurityPolicy"] == "TLS_1_2"
    assert stack.outputs["AppDnsTarget"] == "<AppDomain.RegionalDomainName>"


def test_an_own_domain_of_the_login_pages_is_what_both_functions_call() -> None:
    stack = render(PARAMETER_SETS["own domains"])
    domain = stack.properties("UserPoolDomain")
    assert "us-east-1" in domain["CustomDomainConfig"]["CertificateArn"]
    web = _environment(stack, "WebFunction")["COGNITO_DOMAIN_URL"]
    assert web == "https://auth.example.com"
    # A reference, so that the first rotation waits until the domain answers.
    rotation = _environment(stack, "RotationFunction")["COGNITO_DOMAIN_URL"]
    assert rotation == "https://<UserPoolDomain>"
    assert stack.outputs["AuthDnsTarget"] == "<UserPoolDomain.CloudFrontDistribution>"


def test_other_stacks_find_what_they_need_by_the_stacks_name() -> None:
    exported = {
        name: output["Export"]["Name"]
        for name, output in transformed()["Outputs"].items()
        if "Export" in output
    }
    needed = {"AppDomainName", "GuardFunctionArn", "HttpApiId", "UserPoolArn", "UserPoolId"}
    assert needed <= exported.keys()
    for name, export in exported.items():
        assert export == {"Fn::Sub": f"${{AWS::StackName}}-{name}"}


def test_both_functions_call_an_existing_pool() -> None:
    environment = _environment(render(EXISTING), "WebFunction")
    assert environment["COGNITO_ISSUER"].endswith(".amazonaws.com/us-east-1_Abc123xyz")
    assert environment["COGNITO_DOMAIN_URL"].startswith("https://older-pool.auth.")


def test_a_users_pool_and_domain_outlive_the_stack() -> None:
    resources = render().resources
    assert resources["UserPool"]["DeletionPolicy"] == "RetainExceptOnCreate"
    assert resources["UserPool"]["UpdateReplacePolicy"] == "Retain"
    assert resources["UserPoolDomain"]["DeletionPolicy"] == "RetainExceptOnCreate"


# -- Sign-in ------------------------------------------------------------------------------------


def test_federated_users_bring_what_the_pool_requires() -> None:
    stack = render(PARAMETER_SETS["other providers"])
    client = stack.properties("UserPoolClient")
    providers = stack.of_type("AWS::Cognito::UserPoolIdentityProvider")
    assert providers
    # By reference, so that the client is created after them.
    names = {"COGNITO", *(f"<{name}>" for name in providers)}
    assert set(client["SupportedIdentityProviders"]) == names
    required = {
        each["Name"] for each in stack.properties("UserPool")["Schema"] if each.get("Required")
    }
    assert required <= set(client["WriteAttributes"])
    for provider in providers.values():
        assert required <= provider["AttributeMapping"].keys()


def test_messages_carry_the_brand_and_cognitos_placeholders() -> None:
    pool = render({"BrandName": "Corner Shop"}).properties("UserPool")
    verification = pool["VerificationMessageTemplate"]
    invitation = pool["AdminCreateUserConfig"]["InviteMessageTemplate"]
    for words in (verification["EmailMessage"], invitation["EmailMessage"]):
        assert "Corner Shop" in words
        assert "{####}" in words
    assert "{username}" in invitation["EmailMessage"]


# -- Functions ----------------------------------------------------------------------------------


def test_snapstart_applies_to_the_version_that_the_routes_call() -> None:
    stack = render({"SnapStart": "true"})
    for function in ("WebFunction", "GuardFunction", "VisitorFunction"):
        assert stack.properties(function)["SnapStart"] == {"ApplyOn": "PublishedVersions"}
        assert render().properties(function)["SnapStart"] == {"ApplyOn": "None"}
    paths = stack.properties("HttpApi")["Body"]["paths"]
    assert paths
    for path in paths.values():
        for operation in path.values():
            uri = operation["x-amazon-apigateway-integration"]["uri"]
            assert "<WebFunctionAliaslive>" in uri


def test_each_authorizer_calls_its_function_without_identity_source_or_cache() -> None:
    stack = render()
    schemes = stack.properties("HttpApi")["Body"]["components"]["securitySchemes"]
    functions = {"SignedIn": "GuardFunction", "Visitor": "VisitorFunction"}
    assert schemes.keys() == functions.keys()
    for name, function in functions.items():
        authorizer = schemes[name]["x-amazon-apigateway-authorizer"]
        assert f"<{function}Aliaslive>" in authorizer["authorizerUri"]
        assert authorizer["authorizerPayloadFormatVersion"] == "2.0"
        assert authorizer["enableSimpleResponses"] is True
        assert (authorizer["authorizerResultTtlInSeconds"], authorizer["identitySource"]) == (0, [])
        permission = stack.properties(f"HttpApi{name}AuthorizerPermission")
        assert permission["FunctionName"] == f"<{function}Aliaslive>"
        assert permission["Principal"] == "apigateway.amazonaws.com"


def test_no_route_of_our_own_has_an_authorizer() -> None:
    """They know visitors themselves, and /login must be open to everybody."""
    for path in render().properties("HttpApi")["Body"]["paths"].values():
        assert not any("security" in operation for operation in path.values())


def test_both_guards_are_one_program_with_one_environment() -> None:
    stack = render(PARAMETER_SETS["everything"])
    guard, visitor = stack.properties("GuardFunction"), stack.properties("VisitorFunction")
    assert guard["Environment"] == visitor["Environment"]
    web = stack.properties("WebFunction")["Environment"]["Variables"]
    assert guard["Environment"]["Variables"].items() <= web.items()
    assert (guard["Handler"], visitor["Handler"]) == (
        "foyer.guard.handler",
        "foyer.guard.visitor_handler",
    )


@pytest.mark.parametrize("name", ["WebFunction", "GuardFunction", "VisitorFunction"])
def test_a_changed_parameter_publishes_a_new_version(name: str) -> None:
    # The alias points to a version, and a version keeps the environment that it was made with.
    parameters = source()["Parameters"]
    conditions = source()["Conditions"]
    function = source()["Resources"][name]["Properties"]
    description = function.pop("VersionDescription")
    for left_alone in ("Events", "Role", "LoggingConfig"):
        function.pop(left_alone, None)
    function["Architectures"] = source()["Globals"]["Function"]["Architectures"]
    reaching = set(_parameters_in(function, conditions)) & parameters.keys()
    assert {"AppDomainName", "SessionIdleSeconds", "SnapStart"} <= reaching
    assert reaching == set(_parameters_in(description, conditions)) & parameters.keys()


def test_environment_and_description_fit_whatever_the_parameters_are() -> None:
    longest = {
        "BrandName": "\N{SNOWMAN}" * 40,
        "BrandLogo": "A" * 1200,
        "AccessTokenScopes": "s" * 195 + "/read",
        "AccessTokenResource": "https://" + "r" * 112,
        "SessionGroups": "g" * 500,
        "AllowedEmailDomains": ".".join(["d" * 63] * 3 + ["d" * 54, "com"]),
        "AllowedGroups": "g" * 250,
        "BrandTagline": "t" * 140,
        "AppHome": "/" + "a" * 63,
        "DomainPrefix": "p" * 63,
        "AppDomainName": "a" * 52 + ".example.com",
        "AppCertificateArn": _CERTIFICATE,
        "SessionIdleSeconds": "2592000",
        "SessionMaxSeconds": "2592000",
        "MemorySize": "3008",
        "LogLevel": "WARNING",
    }
    variables = _environment(render(longest), "WebFunction")
    assert variables["BRAND_LOGO"] == longest["BrandLogo"]
    size = sum(len(f"{name}{value}".encode()) for name, value in variables.items())
    # Lambda's limit for all of them; a stack's and a region's name may be longer than here.
    assert size <= 4096 - 3 * 128 - 64
    longest |= {
        "BrandName": "b" * 40,
        "UserPoolId": "ap-southeast-1_" + "A" * 15,
        "Sessions": "table",
        "PassAccessToken": "true",
    }
    versions = render(longest).of_type("AWS::Lambda::Version")
    assert versions
    assert all(len(version["Description"]) <= 256 for version in versions.values())


def test_the_length_of_passwords_in_a_pool_that_is_not_ours_publishes_nothing() -> None:
    # A version costs time, and with SnapStart money, and nothing would have changed.
    pool = PARAMETER_SETS["existing pool"]
    shorter, longer = (
        render({**pool, "PasswordMinimumLength": length}).of_type("AWS::Lambda::Version")
        for length in ("8", "20")
    )
    assert shorter == longer


def test_rotation_follows_its_schedule_only_where_one_is_given() -> None:
    assert "RotationSchedule" not in render().resources
    schedule = render({"RotationDays": "30"}).properties("RotationSchedule")
    assert schedule["RotationRules"] == {"AutomaticallyAfterDays": "30"}
    assert schedule["RotationLambdaARN"] == "<RotationFunction.Arn>"


def test_resources_that_the_local_aws_refuses_stay_out_of_its_stacks() -> None:
    refused = {
        "AWS::Cognito::ManagedLoginBranding",
        "AWS::Cognito::UserPoolUICustomizationAttachment",
        "AWS::SecretsManager::RotationSchedule",
    }
    stack = render(WITHOUT_REFUSED)
    assert not refused & {resource["Type"] for resource in stack.resources.values()}


def _parameters_in(part: Any, conditions: dict[str, Any]) -> Iterator[str]:
    """The names that the part refers to, by itself, by way of a condition or of a fingerprint."""
    yield from references(part)
    if isinstance(part, dict):
        resource, attribute = part.get("Fn::GetAtt", ("", ""))
        if resource == "LongSettings":
            yield from references(source()["Resources"][resource]["Properties"][attribute])
        if "Fn::If" in part:
            yield from _parameters_in(conditions[part["Fn::If"][0]], conditions)
        for value in part.values():
            yield from _parameters_in(value, conditions)
    elif isinstance(part, list):
        for each in part:
            yield from _parameters_in(each, conditions)


def test_only_with_an_account_page_may_tokens_change_accounts() -> None:
    for parameters, has_page in (
        ({}, True),
        ({"AccountPage": "false"}, False),
        ({"LoginPages": "classic"}, False),  # which have no account page
    ):
        stack = render(parameters)
        scopes = stack.properties("UserPoolClient")["AllowedOAuthScopes"]
        assert ("aws.cognito.signin.user.admin" in scopes) == has_page
        assert _environment(stack, "WebFunction")["ACCOUNT_PAGE"] == str(has_page).lower()


def test_the_client_may_ask_for_what_sign_in_asks_for() -> None:
    stack = render({"AccessTokenScopes": "notes-api/read,notes-api/write"})
    scopes = stack.properties("UserPoolClient")["AllowedOAuthScopes"]
    assert scopes[-2:] == ["notes-api/read", "notes-api/write"]
    assert scopes[:-2] == render().properties("UserPoolClient")["AllowedOAuthScopes"]
    assert _environment(stack, "WebFunction")["ACCESS_TOKEN_SCOPES"] == ",".join(scopes[-2:])


@pytest.mark.parametrize("length", ["8", "20"])
def test_the_account_page_shows_the_pools_own_rules_for_passwords(length: str) -> None:
    stack = render({"AccountPage": "true", "PasswordMinimumLength": length})
    policy = stack.properties("UserPool")["Policies"]["PasswordPolicy"]
    kinds = ("Lowercase", "Uppercase", "Numbers", "Symbols")
    words = [kind.lower().removesuffix("s") for kind in kinds if policy[f"Require{kind}"]]
    rules = _environment(stack, "WebFunction")["PASSWORD_RULES"]
    assert rules.split() == [str(policy["MinimumLength"]), *words]
    existing = render(PARAMETER_SETS["existing pool"])
    assert not _environment(existing, "WebFunction")["PASSWORD_RULES"], "not known here"


def test_the_account_page_needs_no_permission_on_the_pool() -> None:
    """Cognito's user API asks for the user's token, and evaluates no policy."""
    assert "cognito" not in str(render({"AccountPage": "true"}).properties("WebRole"))


# One changed parameter each, from two starting points.
_CHANGES = {
    "AppDomainName": {"AppDomainName": "b.example.com", "AppCertificateArn": _CERTIFICATE},
    "AuthDomainName": {"AuthDomainName": "a.example.com", "AuthCertificateArn": _CERTIFICATE},
    "AccessTokenResource": {"AccessTokenResource": "https://notes.example"},
    "AccessTokenScopes": {"AccessTokenScopes": "notes-api/read"},
    "AllowedGroups, table": {"Sessions": "table", "AllowedGroups": "staff"},
    "PassAccessToken": {"Sessions": "table", "PassAccessToken": "true"},
    "UserPoolId": {"UserPoolId": "us-east-1_Zyx987cba", "DomainPrefix": "newer-pool"},
    **{
        name: {name: value}
        for name, value in {
            "AccountPage": "false", "AllowedEmailDomains": "example.com", "AllowedGroups": "staff",
            "AppHome": "/app", "AppUrl": "https://p.example.com", "BrandName": "Other",
            "BrandTagline": "Hello",
            "LogLevel": "DEBUG", "MemorySize": "1024", "OriginVerify": "true",
            "PasswordMinimumLength": "20", "SelfSignUp": "false", "SessionIdleSeconds": "900",
            "Sessions": "table", "SnapStart": "true",
        }.items()
    },
}  # fmt: skip


@pytest.mark.parametrize("start", ["plain", "existing pool"])
@pytest.mark.parametrize("change", _CHANGES)
def test_a_new_version_is_published_only_of_a_changed_function(start: str, change: str) -> None:
    """Lambda has no new version of an unchanged function: the deployment would fail."""
    before = render(PARAMETER_SETS[start])
    after = render(PARAMETER_SETS[start] | _CHANGES[change])
    for name, version in before.of_type("AWS::Lambda::Version").items():
        function = version["FunctionName"].strip("<>")
        if after.properties(name)["Description"] != version["Description"]:
            assert after.properties(function) != before.properties(function), function
