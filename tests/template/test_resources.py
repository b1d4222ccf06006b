"""Parameters reach their resources."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.template.parameter_sets import PARAMETER_SETS
from tests.template.rendering import PSEUDO_PARAMETERS, Rendered, render, source, transformed

EXECUTE_API = "https://<HttpApi>.execute-api.eu-west-1.amazonaws.com"
APP = "https://www.example.com"
COGNITO = "arn:aws:cognito-idp:eu-west-1:123456789012"
ISSUERS = "https://cognito-idp.eu-west-1.amazonaws.com"
LOGIN_PAGES = "auth.eu-west-1.amazoncognito.com"
CONFIRMED = {"PostConfirmationArn": "arn:aws:lambda:eu-west-1:123456789012:function:notes-first"}
PLUS, MFA_OFF, CLASSIC = {"Plan": "plus"}, {"Mfa": "off"}, {"LoginPages": "classic"}
OWN_DOMAINS, EXISTING, PROXY, SES, WEB_ACL, ROTATING = (
    PARAMETER_SETS[name]
    for name in ("own domains", "existing pool", "proxy", "ses", "everything", "production")
)
PASSKEYS = OWN_DOMAINS | {"Passkeys": "true"}
INVITED = {"SelfSignUp": "false"}
COLOUR, LOGO = {"BrandColor": "#AB12cd"}, {"BrandLogo": "PHN2Zy8+", "BrandColor": ""}
DARK = LOGO | {"BrandLogoDark": "PHN2Zy8/"}
SCOPES = {"AccessTokenScopes": "notes-api/read,notes-api/write"}
WEB, ROTATION = (f"{name}Function.Environment.Variables" for name in ("Web", "Rotation"))
DOMAIN = "UserPoolDomain.CustomDomainConfig"
SERVER = "HttpApi.Body.servers.0.x-amazon-apigateway-endpoint-configuration"
EXECUTE_API_OFF = f"{SERVER}.disableExecuteApiEndpoint"
BUTTON = "ManagedLoginBranding.Settings.components.primaryButton"


@pytest.mark.parametrize(
    ("parameters", "place", "expected"),
    [
        # Left alone, the parameters make a safe stack.
        ({}, "UserPool.IssuerConfiguration.Type", "ORIGINAL"),
        ({}, "UserPool.MfaConfiguration", "OPTIONAL"),
        ({}, "UserPool.Policies.PasswordPolicy.MinimumLength", "12"),
        ({}, "UserPool.UsernameConfiguration.CaseSensitive", False),
        ({}, "UserPool.AliasAttributes", ["email"]),
        # On, it would stop the rollback of a first deployment that fails.
        ({}, "UserPool.DeletionProtection", "INACTIVE"),
        ({"DeletionProtection": "true"}, "UserPool.DeletionProtection", "ACTIVE"),
        ({}, "UserPoolClient.CallbackURLs", [f"{EXECUTE_API}/callback"]),
        ({}, "UserPoolClient.LogoutURLs", [f"{EXECUTE_API}/"]),
        ({}, "UserPoolClient.SupportedIdentityProviders", ["COGNITO"]),
        ({}, "UserPoolClient.PreventUserExistenceErrors", "ENABLED"),
        ({}, "UserPoolClient.EnableTokenRevocation", True),
        ({}, "UserPoolClient.RefreshTokenRotation.Feature", "ENABLED"),
        ({}, "UserPoolDomain.Domain", "foyer-0a1b2c3d"),  # made from the stack's id
        # Sign-in
        ({}, "UserPool.UserPoolAddOns", None),
        (PLUS, "UserPool.UserPoolAddOns.AdvancedSecurityMode", "ENFORCED"),
        (MFA_OFF, "UserPool.MfaConfiguration", "OFF"),
        (MFA_OFF, "UserPool.EnabledMfas", None),  # Cognito refuses factors beside OFF
        ({}, "UserPool.Policies.SignInPolicy", None),
        ({}, "UserPool.WebAuthnRelyingPartyID", None),
        (PASSKEYS, "UserPool.Policies.SignInPolicy.AllowedFirstAuthFactors.1", "WEB_AUTHN"),
        (PASSKEYS, "UserPool.WebAuthnFactorConfiguration", "MULTI_FACTOR_WITH_USER_VERIFICATION"),
        (PASSKEYS, "UserPool.WebAuthnUserVerification", "required"),
        (PASSKEYS, "UserPool.WebAuthnRelyingPartyID", "auth.example.com"),
        (PASSKEYS, "UserPoolClient.ExplicitAuthFlows.1", "ALLOW_USER_AUTH"),
        ({}, "UserPool.LambdaConfig", {}),
        (CONFIRMED, "UserPool.LambdaConfig.PostConfirmation", CONFIRMED["PostConfirmationArn"]),
        (CONFIRMED, "PostConfirmationPermission.Principal", "cognito-idp.amazonaws.com"),
        (CONFIRMED, "PostConfirmationPermission.SourceArn", "<UserPool.Arn>"),
        (CONFIRMED, "PostConfirmationPermission.SourceAccount", "123456789012"),
        ({"AccessTokenMinutes": "60"}, "UserPoolClient.AccessTokenValidity", "60"),
        ({}, "UserPoolClient.TokenValidityUnits.AccessToken", "minutes"),
        ({}, "UserPool.AdminCreateUserConfig.AllowAdminCreateUserOnly", False),
        (INVITED, "UserPool.AdminCreateUserConfig.AllowAdminCreateUserOnly", True),
        (SCOPES, "UserPoolClient.AllowedOAuthScopes.4", "notes-api/read"),
        (SCOPES, "UserPoolClient.AllowedOAuthScopes.5", "notes-api/write"),
        # Mails
        ({}, "UserPool.EmailConfiguration", {"EmailSendingAccount": "COGNITO_DEFAULT"}),
        (SES, "UserPool.EmailConfiguration.EmailSendingAccount", "DEVELOPER"),
        (SES, "UserPool.EmailConfiguration.From", SES["EmailFrom"]),
        (SES, "UserPool.EmailConfiguration.SourceArn", SES["SesIdentityArn"]),
        # Login pages
        ({}, "UserPoolDomain.ManagedLoginVersion", 2),
        (COLOUR, "ManagedLoginBranding.UseCognitoProvidedValues", False),
        (COLOUR, f"{BUTTON}.lightMode.defaults.backgroundColor", "AB12cdff"),
        (COLOUR, f"{BUTTON}.darkMode.hover.backgroundColor", "AB12cdff"),
        (COLOUR, "ManagedLoginBranding.Assets", None),
        (LOGO, "ManagedLoginBranding.Settings.components.form.logo.enabled", True),
        (LOGO, "ManagedLoginBranding.Assets.0.Bytes", LOGO["BrandLogo"]),
        (LOGO, "ManagedLoginBranding.Assets.1.Bytes", LOGO["BrandLogo"]),
        (DARK, "ManagedLoginBranding.Assets.1.ColorMode", "DARK"),
        (DARK, "ManagedLoginBranding.Assets.1.Bytes", DARK["BrandLogoDark"]),
        (LOGO, BUTTON, None),
        # Cognito refuses settings beside this flag.
        ({"BrandColor": ""}, "ManagedLoginBranding.UseCognitoProvidedValues", True),
        ({"BrandColor": ""}, "ManagedLoginBranding.Settings", None),
        (CLASSIC, "UserPoolDomain.ManagedLoginVersion", 1),
        (CLASSIC, "ManagedLoginBranding", None),
        (EXISTING | CLASSIC, "ClassicPagesStyle", None),  # which is the pool's owner's
        # Own addresses; a proxy calls the execute-api address, an own domain is the only way in
        (OWN_DOMAINS, "Outputs.AppUrl", f"{APP}/"),
        (OWN_DOMAINS, "UserPoolClient.CallbackURLs", [f"{APP}/callback"]),
        (OWN_DOMAINS, "UserPoolClient.LogoutURLs", [f"{APP}/"]),
        (OWN_DOMAINS, f"{WEB}.APP_URL", APP),
        (OWN_DOMAINS, f"{ROTATION}.APP_URL", APP),
        (OWN_DOMAINS, "AppDomainMapping.DomainName", "<AppDomain>"),
        (OWN_DOMAINS, "AppDomain.DomainNameConfigurations.0.SecurityPolicy", "TLS_1_2"),
        (OWN_DOMAINS, "Outputs.AppDnsTarget", "<AppDomain.RegionalDomainName>"),
        (PROXY, "Outputs.AppUrl", f"{APP}/"),
        (PROXY, "UserPoolClient.CallbackURLs", [f"{APP}/callback"]),
        (PROXY, f"{WEB}.APP_URL", APP),
        (PROXY, f"{ROTATION}.APP_URL", APP),
        (PROXY, f"{WEB}.ORIGIN_VERIFY_HEADER", "X-Origin-Verify"),
        (PROXY, EXECUTE_API_OFF, False),
        (OWN_DOMAINS, EXECUTE_API_OFF, True),
        (OWN_DOMAINS, "UserPoolDomain.Domain", "auth.example.com"),
        (OWN_DOMAINS, f"{DOMAIN}.CertificateArn", OWN_DOMAINS["AuthCertificateArn"]),
        (OWN_DOMAINS, f"{WEB}.COGNITO_DOMAIN_URL", "https://auth.example.com"),
        # A reference, so that the first rotation waits until the domain answers.
        (OWN_DOMAINS, f"{ROTATION}.COGNITO_DOMAIN_URL", "https://<UserPoolDomain>"),
        (OWN_DOMAINS, "Outputs.AuthDnsTarget", "<UserPoolDomain.CloudFrontDistribution>"),
        (WEB_ACL, "UserPoolWebAcl.ResourceArn", f"{COGNITO}:userpool/<UserPool>"),
        # An existing pool
        (EXISTING, "UserPool", None),
        (EXISTING, "UserPoolDomain", None),
        (EXISTING, "UserPoolClient.UserPoolId", "us-east-1_Abc123xyz"),
        (EXISTING, "UserPoolClient.WriteAttributes", None),  # what it requires is not known
        (EXISTING, f"{WEB}.COGNITO_ISSUER", f"{ISSUERS}/us-east-1_Abc123xyz"),
        (EXISTING, f"{WEB}.COGNITO_DOMAIN_URL", f"https://older-pool.{LOGIN_PAGES}"),
        (EXISTING, f"{WEB}.PASSWORD_RULES", ""),  # not known here
        # Rotation
        ({}, "RotationSchedule", None),
        (ROTATING, "RotationSchedule.RotationRules", {"AutomaticallyAfterDays": "30"}),
        (ROTATING, "RotationSchedule.RotationLambdaARN", "<RotationFunction.Arn>"),
    ],
)
def test_parameters_reach_resources(
    parameters: dict[str, str], place: str, expected: object
) -> None:
    stack = render(parameters)
    name, *path = place.split(".")
    found: Any = (
        stack.outputs if name == "Outputs" else stack.resources.get(name, {}).get("Properties")
    )
    for name in path:
        found = found and (found[int(name)] if isinstance(found, list) else found.get(name))
    assert found == expected


@pytest.mark.parametrize(
    ("parameters", "resource", "words"),
    [
        (CLASSIC | COLOUR, "ClassicPagesStyle", ["background-color: #AB12cd"]),
        ({"BrandName": "Corner Shop"}, "UserPool", ["code is {####}.", "name: {username}, temp"]),
        ({"BrandName": "Corner Shop"}, "UserPool", ["Your Corner Shop v", "you at Corner Shop."]),
    ],
)
def test_parameters_reach_texts(
    parameters: dict[str, str], resource: str, words: list[str]
) -> None:
    text = str(render(parameters).properties(resource))
    for each in words:
        assert each in text


def _environment(stack: Rendered, function: str) -> dict[str, str]:
    variables: dict[str, str] = stack.properties(function)["Environment"]["Variables"]
    return variables


def test_a_variable_that_shows_a_parameter_has_its_name() -> None:
    for name in ("WebFunction", "GuardFunction"):
        for variable, value in source()["Resources"][name]["Properties"]["Environment"][
            "Variables"
        ].items():
            parameter = value.get("Ref", "") if isinstance(value, dict) else ""
            if parameter in source()["Parameters"]:
                assert re.sub(r"\B([A-Z])", r"_\1", parameter).upper() == variable


@pytest.mark.parametrize("off", [None, {"AccountPage": "false"}, CLASSIC])
def test_only_with_an_account_page_may_tokens_change_accounts(off: dict[str, str] | None) -> None:
    stack = render(off)
    scopes = ["openid", "email", "profile", *([] if off else ["aws.cognito.signin.user.admin"])]
    assert stack.properties("UserPoolClient")["AllowedOAuthScopes"] == scopes
    assert _environment(stack, "WebFunction")["ACCOUNT_PAGE"] == ("false" if off else "true")


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


@pytest.mark.parametrize("length", ["8", "20"])
def test_the_account_page_shows_the_pools_own_rules_for_passwords(length: str) -> None:
    stack = render({"PasswordMinimumLength": length})
    policy = stack.properties("UserPool")["Policies"]["PasswordPolicy"]
    kinds = ("Lowercase", "Uppercase", "Numbers", "Symbols")
    words = [kind.lower().removesuffix("s") for kind in kinds if policy[f"Require{kind}"]]
    rules = _environment(stack, "WebFunction")["PASSWORD_RULES"]
    assert rules.split() == [str(policy["MinimumLength"]), *words]


# -- Functions, routes and authorizers ----------------------------------------------------------


def test_routes_are_open_and_call_the_version_that_snapstart_applies_to() -> None:
    """They know visitors themselves, and /login must be open to everybody."""
    stack = render({"SnapStart": "true"})
    for function in ("WebFunction", "GuardFunction", "VisitorFunction"):
        assert stack.properties(function)["SnapStart"] == {"ApplyOn": "PublishedVersions"}
        assert render().properties(function)["SnapStart"] == {"ApplyOn": "None"}
    paths = stack.properties("HttpApi")["Body"]["paths"].values()
    operations = [operation for path in paths for operation in path.values()]
    assert operations
    for operation in operations:
        integration = operation["x-amazon-apigateway-integration"]
        assert "<WebFunctionAliaslive>" in integration["uri"]
        assert "security" not in operation


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


def test_both_guards_are_one_program_with_one_environment() -> None:
    stack = render(PARAMETER_SETS["everything"])
    guard, visitor = stack.properties("GuardFunction"), stack.properties("VisitorFunction")
    assert guard["Environment"] == visitor["Environment"]
    web = stack.properties("WebFunction")["Environment"]["Variables"]
    assert guard["Environment"]["Variables"].items() <= web.items()
    handlers = [guard["Handler"], visitor["Handler"]]
    assert handlers == ["foyer.guard.handler", "foyer.guard.visitor_handler"]


# A value of each parameter whose pattern allows many.
_EXAMPLES = {
    **{name: value for each in PARAMETER_SETS.values() for name, value in each.items()},
    **CONFIRMED,
    **COLOUR,
    **DARK,
    **SCOPES,
    "AccessTokenResource": "https://notes.example",
    "AppHome": "/app",
    "BrandTagline": "Hello",
    "SessionGroups": "staff",
    "UserPoolId": "us-east-1_Zyx987cba",
}
_FULL = PARAMETER_SETS["everything"] | {
    name: _EXAMPLES[name]
    for name in ("AccessTokenResource", "AppHome", "BrandTagline", "DomainPrefix", *SCOPES, *DARK)
}


def _other(name: str, value: str | None) -> str:
    """Another value of the parameter than this one, or than its default."""
    declared = source()["Parameters"][name]
    values = declared.get("AllowedValues") or [
        declared.get("MaxValue", _EXAMPLES.get(name)),
        declared["Default"],
    ]
    value = value or str(declared["Default"])
    return next(str(each) for each in values if str(each) != value)


@pytest.mark.parametrize(
    "start", [{}, EXISTING, EXISTING | PARAMETER_SETS["session table"], _FULL, _FULL | EXISTING]
)
def test_a_changed_parameter_publishes_versions_of_the_functions_that_it_changes_and_of_no_other(
    start: dict[str, str],
) -> None:
    """The alias points to a version, which keeps the environment that it was made with. And
    Lambda has no new version of an unchanged function: the deployment would fail."""
    before = _published(render(start, check_rules=False))
    assert before.keys() == {"WebFunction", "GuardFunction", "VisitorFunction"}
    for name in source()["Parameters"]:
        changed = start | {name: _other(name, start.get(name))}
        after = _published(render(changed, check_rules=False))
        for function, (description, content) in after.items():
            is_new, is_changed = description != before[function][0], content != before[function][1]
            assert is_new == is_changed, (name, function)


def _published(stack: Rendered) -> dict[str, tuple[str, str]]:
    """By function: its version's description, and what a version keeps of it."""
    domain = stack.resources.get("UserPoolDomain", {}).get("Properties", {}).get("Domain", "")
    published = {}
    for version in stack.of_type("AWS::Lambda::Version").values():
        name = version["FunctionName"].strip("<>")
        content = str(stack.properties(name)).replace("<UserPoolDomain>", domain)
        published[name] = version["Description"], content
    return published


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
        "AppCertificateArn": OWN_DOMAINS["AppCertificateArn"],
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
