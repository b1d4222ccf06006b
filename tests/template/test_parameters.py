"""Parameters have descriptions, reject invalid values, and have safe defaults."""

from __future__ import annotations

import pytest

from tests.template.parameter_sets import PARAMETER_SETS
from tests.template.rendering import render, resolved, source

PARAMETERS = source()["Parameters"]
POOL = PARAMETER_SETS["existing pool"]
SES = "arn:aws:ses:eu-west-1:123456789012:identity/example.com"
TRIGGER = "arn:aws:lambda:eu-west-1:123456789012:function:notes-first"
CLASSIC = {"LoginPages": "classic"}


def test_every_parameter_is_explained_constrained_and_in_one_group() -> None:
    for name, declared in PARAMETERS.items():
        resolved({name: str(declared["Default"])})
        assert declared["Description"]
        assert declared["ConstraintDescription"]
        constraints = {"AllowedValues", "AllowedPattern", "MinValue", "MaxValue"} & declared.keys()
        assert constraints not in (set(), {"MinValue"}, {"MaxValue"}), "anything goes"
    groups = source()["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]
    grouped = [name for group in groups for name in group["Parameters"]]
    assert sorted(grouped) == sorted(PARAMETERS)


REFUSED = {
    "DomainPrefix": ["my-aws-login", "amazonas", "cognito", "-shop", "shop-", "Shop", "s" * 64,
                     "shop.example"],
    "AuthDomainName": ["https://auth.example.com", "localhost", "a" * 55 + ".example.com"],
    "AppDomainName": ["www.example.com/"],
    "AuthCertificateArn": ["arn:aws:acm:eu-west-1:123456789012:certificate/a"],
    "BrandName": ['The "Shop"', "<b>", ""],
    "BrandColor": ["red", "#12345"],
    "BrandLogo": ["<svg/>", "A" * 2701],
    "EmailFrom": ["no-reply", "Shop\r\nBcc: a@example.com <b@example.com>"],
    "LocalUrl": ["http://localhost:3000/", "https://evil.example"],
    "AppUrl": ["https://www.example.com/", "http://www.example.com"],
    "AccessTokenScopes": ["notes-api", "notes-api/read notes-api/write", "notes-api/read,"],
    "AccessTokenResource": ["notes-api", "http://notes.example", "https://notes.example/#api",
                            "https://bücher.example"],
    "AllowedEmailDomains": ["ada@example.com", "@example.com", "*.example.com", "example",
                            "https://example.com", "example.com,", ",", "example.com example.org",
                            "my_shop.example", "-shop.example", "shop-.example", "shop.example.",
                            "d" * 64 + ".example", "example.com, "],
    "AllowedGroups": ["staff admins", ",staff", "g" * 251],
    "PostConfirmationArn": ["notes-first"],
    "UserPoolId": ["eu-west-1"],
    "GoogleSecret": ["name:SecretString:other}}"],
    "Mfa": ["ON"],
    "PasswordMinimumLength": ["7"],
    "RotationDays": ["366"],
    "AlarmTopicArn": ["alarms"],
    "WebAclArn": ["arn:aws:wafv2:us-east-1:123456789012:global/webacl/a/b"],
}  # fmt: skip
ACCEPTED = {
    "DomainPrefix": ["a", "corner-shop-2"],
    "AuthDomainName": ["auth.example.com", "auth.example.xn--p1ai"],
    "AppDomainName": ["www.example.xn--p1ai"],
    "AppUrl": ["https://www.example.xn--p1ai"],
    "BrandName": ["Bäckerei Müller und Sohn"],
    "EmailFrom": ["no-reply@example.com", "Corner Shop <no-reply@example.com>"],
    "AccessTokenScopes": ["notes-api/read,https://notes.example/notes.write"],
    "AccessTokenResource": ["https://notes.example", "http://localhost:3000/notes"],
    "AllowedEmailDomains": ["example.com", "Example.com, xn--bcher-kva.example,bücher.example"],
    "AllowedGroups": ["staff, eu-west-1_AbCdEfGhI_Okta"],
    "GoogleSecret": ["foyer/google"],
    "UserPoolId": ["ap-southeast-1_AbCdEfGhI"],
}


@pytest.mark.parametrize("name", REFUSED)
def test_values_that_a_service_would_refuse_are_refused_first(name: str) -> None:
    for value in REFUSED[name]:
        with pytest.raises(ValueError, match=name):
            resolved({name: value})
    for value in ACCEPTED.get(name, []):
        resolved({name: value})


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"Plan": "lite"}, "plan lite does not include managed login"),
        (CLASSIC | {"Passkeys": "true"}, "classic pages do not support passkeys"),
        (CLASSIC | {"AccessTokenResource": "https://a.example"}, "support AccessTokenResource"),
        ({"PassAccessToken": "true"}, "A cookie never contains an access token"),
        ({"EmailFrom": "a@example.com"}, "both EmailFrom and SesIdentityArn"),
        ({"SesIdentityArn": SES}, "both EmailFrom and SesIdentityArn"),
        ({"AppDomainName": "www.example.com"}, "AppCertificateArn"),
        ({"AuthDomainName": "auth.example.com"}, "AuthCertificateArn"),
        (
            PARAMETER_SETS["own domains"] | {"AppUrl": "https://a.example"},
            "both set the app's address",
        ),
        (POOL | {"PostConfirmationArn": TRIGGER}, "does not change an existing pool"),
        ({"UserPoolId": "eu-west-1_Abc"}, "needs the pool's domain"),
    ],
)
def test_combinations_that_cannot_work_are_refused(given: dict[str, str], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        render(given)
