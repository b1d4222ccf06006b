"""Parameters reach their resources."""

from __future__ import annotations

from typing import Any

import pytest

from tests.template.parameter_sets import PARAMETER_SETS
from tests.template.rendering import render, transformed

EXECUTE_API = "https://<HttpApi>.execute-api.eu-west-1.amazonaws.com"
APP = "https://www.example.com"
COGNITO = "arn:aws:cognito-idp:eu-west-1:123456789012"
ISSUERS = "https://cognito-idp.eu-west-1.amazonaws.com"
LOGIN_PAGES = "auth.eu-west-1.amazoncognito.com"
PLUS, MFA_OFF, CLASSIC = {"Plan": "plus"}, {"Mfa": "off"}, {"LoginPages": "classic"}
OWN_DOMAINS, EXISTING, PROXY, SES, ROTATING, EVERYTHING = (
    PARAMETER_SETS[name]
    for name in ("own domains", "existing pool", "proxy", "ses", "production", "everything")
)
CONFIRMED, SCOPES, WEB_ACL = (
    {name: EVERYTHING[name]} for name in ("PostConfirmationArn", "AccessTokenScopes", "WebAclArn")
)
PASSKEYS = OWN_DOMAINS | {"Passkeys": "true"}
INVITED = {"SelfSignUp": "false"}
COLOUR, LOGO = {"BrandColor": "#AB12cd"}, {"BrandLogo": "PHN2Zy8+", "BrandColor": ""}
DARK = LOGO | {"BrandLogoDark": "PHN2Zy8/"}
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


def test_messages_and_classic_pages_carry_the_brand() -> None:
    stack = render(CLASSIC | COLOUR | {"BrandName": "Corner Shop"})
    pool = stack.properties("UserPool")
    invitation = pool["AdminCreateUserConfig"]["InviteMessageTemplate"]["EmailMessage"]
    assert "{username}" in invitation
    for words in (pool["VerificationMessageTemplate"]["EmailMessage"], invitation):
        assert "Corner Shop" in words
        assert "{####}" in words
    assert "background-color: #AB12cd" in stack.properties("ClassicPagesStyle")["CSS"]


@pytest.mark.parametrize("off", [None, {"AccountPage": "false"}, CLASSIC])
def test_only_with_an_account_page_may_tokens_change_accounts(off: dict[str, str] | None) -> None:
    stack = render(off)
    scopes = ["openid", "email", "profile", *([] if off else ["aws.cognito.signin.user.admin"])]
    assert stack.properties("UserPoolClient")["AllowedOAuthScopes"] == scopes
    assert stack.environment("WebFunction")["ACCOUNT_PAGE"] == ("false" if off else "true")


def test_in_govcloud_pages_and_functions_use_fips_endpoints() -> None:
    assert not render().environment("WebFunction")["AWS_USE_FIPS_ENDPOINT"]
    stack = render({"DomainPrefix": "acme"}, region="us-gov-west-1", partition="aws-us-gov")
    host = "https://<UserPoolDomain>.auth-fips.us-gov-west-1.amazoncognito.com"
    assert stack.outputs["LoginUrl"] == host
    for function in ("WebFunction", "RotationFunction"):
        assert stack.environment(function)["COGNITO_DOMAIN_URL"] == host
    for function in ("WebFunction", "GuardFunction", "VisitorFunction"):
        assert stack.environment(function)["AWS_USE_FIPS_ENDPOINT"] == "true"


def test_other_stacks_find_what_they_need_by_the_stacks_name() -> None:
    outputs = transformed()["Outputs"]
    for name in ("AppDomainName", "GuardFunctionArn", "HttpApiId", "UserPoolArn", "UserPoolId"):
        assert outputs[name]["Export"]["Name"] == {"Fn::Sub": f"${{AWS::StackName}}-{name}"}


def test_federated_users_bring_what_the_pool_requires() -> None:
    stack = render(PARAMETER_SETS["other providers"])
    client = stack.properties("UserPoolClient")
    providers = stack.of_type("AWS::Cognito::UserPoolIdentityProvider")
    assert providers
    # By reference, so that the client is created after them.
    assert client["SupportedIdentityProviders"] == ["COGNITO", *(f"<{name}>" for name in providers)]
    schema = stack.properties("UserPool")["Schema"]
    required = {each["Name"] for each in schema if each.get("Required")}
    assert required <= set(client["WriteAttributes"])
    for provider in providers.values():
        assert required <= provider["AttributeMapping"].keys()


@pytest.mark.parametrize("length", ["8", "20"])
def test_the_account_page_shows_the_pools_own_rules_for_passwords(length: str) -> None:
    stack = render({"PasswordMinimumLength": length})
    policy = stack.properties("UserPool")["Policies"]["PasswordPolicy"]
    kinds = ("Lowercase", "Uppercase", "Numbers", "Symbols")
    words = [kind.lower().removesuffix("s") for kind in kinds if policy[f"Require{kind}"]]
    rules = stack.environment("WebFunction")["PASSWORD_RULES"]
    assert rules.split() == [str(policy["MinimumLength"]), *words]
