"""What a PreTokenGeneration trigger may change in tokens, and how its response is read."""

from __future__ import annotations

from typing import Any

import pytest

from local.managed_login.token_changes import UnreadableError, details_name, read_changes

ID = {"sub": "1", "aud": "app", "email": "ada@example.com", "cognito:groups": ["staff"]}
ACCESS = {"sub": "1", "client_id": "app", "scope": "openid email", "cognito:groups": ["staff"]}

Claims = dict[str, Any]


def changed(version: str, details: object) -> tuple[Claims, Claims]:
    """The claims of both tokens, after a response with these details."""
    changes = read_changes({details_name(version): details}, version)
    return changes.id.apply(ID), changes.access.apply(ACCESS)


def test_version_1_changes_the_id_token_only_and_into_strings() -> None:
    added = {"tier": "gold", "seats": 3, "paid": True}
    wish = {"claimsToAddOrOverride": added, "claimsToSuppress": ["email"]}
    expected = {**ID, "tier": "gold", "seats": "3", "paid": "true"}
    del expected["email"]
    assert changed("1", wish) == (expected, ACCESS)


def test_version_2_changes_each_token_by_itself() -> None:
    access = {
        "claimsToAddOrOverride": {"tenant": "acme"},
        "scopesToAdd": ["notes/write", "two words"],
        "scopesToSuppress": ["email"],
    }
    wish = {"claimsToAddOrOverride": {"plan": {"seats": 3}}}
    assert changed("2", {"idTokenGeneration": wish, "accessTokenGeneration": access}) == (
        {**ID, "plan": {"seats": 3}},
        {**ACCESS, "tenant": "acme", "scope": "openid notes/write"},
    )


@pytest.mark.parametrize(
    "name", ["sub", "aud", "iss", "exp", "token_use", "username", "dev:x", "scope"]
)
def test_protected_claims_stay(name: str) -> None:
    wish = {"claimsToAddOrOverride": {name: "other"}, "claimsToSuppress": [name]}
    both = {"idTokenGeneration": wish, "accessTokenGeneration": wish}
    assert changed("1", wish) == changed("2", both) == (ID, ACCESS)


@pytest.mark.parametrize("version", ["1", "2"])
def test_groups_are_replaced_in_both_tokens_and_roles_in_the_id_token(version: str) -> None:
    roles = {"iamRolesToOverride": ["arn:a"], "preferredRole": "arn:a"}
    override = {"groupsToOverride": ["admins"], **roles}
    groups = {"cognito:groups": ["admins"]}
    assert changed(version, {"groupOverrideDetails": override}) == (
        {**ID, **groups, "cognito:roles": ["arn:a"], "cognito:preferred_role": "arn:a"},
        {**ACCESS, **groups},
    )


@pytest.mark.parametrize("empty", [None, {}])
def test_an_empty_object_suppresses_the_groups_and_changes_nothing_else(empty: object) -> None:
    assert changed("2", empty) == (ID, ACCESS)
    for claims in changed("2", {"groupOverrideDetails": empty}):
        assert "cognito:groups" not in claims


@pytest.mark.parametrize(
    ("version", "details"),
    [
        ("1", []),
        ("1", {"claimsToAddOrOverride": {"a": ["no", "list"]}}),
        ("2", {"idTokenGeneration": "x"}),
        ("2", {"idTokenGeneration": {"claimsToSuppress": "x"}}),
        ("2", {"groupOverrideDetails": ["x"]}),
    ],
)
def test_a_response_of_another_shape_is_an_error(version: str, details: object) -> None:
    with pytest.raises(UnreadableError):
        changed(version, details)
