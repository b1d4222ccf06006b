"""Functions: what calls them, their environment, and when a version of them is published."""

from __future__ import annotations

import re

import pytest

from tests.template.parameter_sets import PARAMETER_SETS
from tests.template.rendering import Rendered, render, source

EXISTING, TABLE, EVERYTHING = (
    PARAMETER_SETS[name] for name in ("existing pool", "session table", "everything")
)


def test_a_variable_that_shows_a_parameter_has_its_name() -> None:
    for name in ("WebFunction", "GuardFunction"):
        variables = source()["Resources"][name]["Properties"]["Environment"]["Variables"]
        for variable, value in variables.items():
            parameter = value.get("Ref", "") if isinstance(value, dict) else ""
            if parameter in source()["Parameters"]:
                assert re.sub(r"\B([A-Z])", r"_\1", parameter).upper() == variable


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
    stack = render(EVERYTHING)
    guard, visitor = stack.properties("GuardFunction"), stack.properties("VisitorFunction")
    assert guard["Environment"] == visitor["Environment"]
    assert stack.environment("GuardFunction").items() <= stack.environment("WebFunction").items()
    handlers = [guard["Handler"], visitor["Handler"]]
    assert handlers == ["foyer.guard.handler", "foyer.guard.visitor_handler"]


# A value of each parameter whose pattern allows many.
_EXAMPLES = {name: value for each in PARAMETER_SETS.values() for name, value in each.items()}
_EXAMPLES["UserPoolId"] = "us-east-1_Zyx987cba"  # another than that of "existing pool"


def _other(name: str, value: str | None) -> str:
    """Another value of the parameter than this one, or than its default."""
    declared = source()["Parameters"][name]
    two = [declared.get("MaxValue", _EXAMPLES.get(name)), declared["Default"]]
    values = map(str, declared.get("AllowedValues", two))
    return next(each for each in values if each != (value or str(declared["Default"])))


@pytest.mark.parametrize(
    "start", [{}, EXISTING, EXISTING | TABLE, EVERYTHING, EVERYTHING | EXISTING]
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
        "LogLevel": "WARNING",
    }
    declared = source()["Parameters"].items()
    longest |= {name: str(each["MaxValue"]) for name, each in declared if "MaxValue" in each}
    variables = render(longest, check_rules=False).environment("WebFunction")
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
    versions = render(longest, check_rules=False).of_type("AWS::Lambda::Version")
    assert versions
    assert all(len(version["Description"]) <= 256 for version in versions.values())
