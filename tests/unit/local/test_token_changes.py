"""What a PreTokenGeneration trigger may change in tokens, and how its response is read."""

from __future__ import annotations

from typing import Any

import pytest

from local.managed_login.token_changes import UnreadableError, read_changes

ID = {"sub": "1", "aud": "app", "email": "ada@example.com", "cognito:groups": ["staff"]}
ACCESS = {"sub": "1", "client_id": "app", "scope": "openid email", "cognito:groups": ["staff"]}

Claims = dict[str, Any]


def version_1(**details: Any) -> tuple[Claims, Claims]:
    changes = read_changes({"claimsOverrideDetails": details}, "1")
    return changes.id.apply(ID), changes.access.apply(ACCESS)


def version_2(**details: Any) -> tuple[Claims, Claims]:
    changes = read_changes({"claimsAndScopeOverrideDetails": details}, "2")
    return changes.id.apply(ID), changes.access.apply(ACCESS)


def test_version_1_changes_the_id_token_only_and_into_strings() -> None:
    added = {"tier": "gold", "seats": 3, "paid": True}
    one, other = version_1(claimsToAddOrOverride=added, claimsToSuppress=["email"])
    expected = {**ID, "tier": "gold", "seats": "3", "paid": "true"}
    del expected["email"]
    assert (one, other) == (expected, ACCESS)


def test_version_2_changes_each_token_by_itself() -> None:
    one, other = version_2(
        idTokenGeneration={"claimsToAddOrOverride": {"plan": {"seats": 3}}},
        accessTokenGeneration={
            "claimsToAddOrOverride": {"tenant": "acme"},
            "scopesToAdd": ["notes/write", "two words"],
            "scopesToSuppress": ["email"],
        },
    )
    assert one == {**ID, "plan": {"seats": 3}}
    assert other == {**ACCESS, "tenant": "acme", "scope": "openid notes/write"}


@pytest.mark.parametrize("name", ["sub", "aud", "iss", "exp", "token_use", "username", "dev:x"])
def test_protected_claims_stay(name: str) -> None:
    wish = {"claimsToAddOrOverride": {name: "other"}, "claimsToSuppress": [name]}
    assert version_1(**wish) == (ID, ACCESS)
    assert version_2(idTokenGeneration=wish, accessTokenGeneration=wish) == (ID, ACCESS)


def test_the_scope_changes_by_scopes_only() -> None:
    wish = {"claimsToAddOrOverride": {"scope": "all"}, "claimsToSuppress": ["scope"]}
    assert version_2(accessTokenGeneration=wish) == (ID, ACCESS)


@pytest.mark.parametrize("version", [version_1, version_2])
def test_groups_are_replaced_in_both_tokens_and_roles_in_the_id_token(version: Any) -> None:
    one, other = version(
        groupOverrideDetails={
            "groupsToOverride": ["admins"],
            "iamRolesToOverride": ["arn:a"],
            "preferredRole": "arn:a",
        }
    )
    roles = {"cognito:roles": ["arn:a"], "cognito:preferred_role": "arn:a"}
    assert one == {**ID, "cognito:groups": ["admins"], **roles}
    assert other == {**ACCESS, "cognito:groups": ["admins"]}


@pytest.mark.parametrize("empty", [None, {}])
def test_an_empty_group_override_suppresses_the_groups(empty: object) -> None:
    for claims in version_2(groupOverrideDetails=empty):
        assert "cognito:groups" not in claims


@pytest.mark.parametrize("details", [None, {}])
def test_no_wish_changes_nothing(details: object) -> None:
    changes = read_changes({"claimsAndScopeOverrideDetails": details}, "2")
    assert (changes.id.apply(ID), changes.access.apply(ACCESS)) == (ID, ACCESS)


@pytest.mark.parametrize(
    ("response", "version"),
    [
        ({"claimsOverrideDetails": []}, "1"),
        ({"claimsOverrideDetails": {"claimsToAddOrOverride": {"a": ["no", "list"]}}}, "1"),
        ({"claimsAndScopeOverrideDetails": {"idTokenGeneration": "x"}}, "2"),
        ({"claimsAndScopeOverrideDetails": {"idTokenGeneration": {"claimsToSuppress": "x"}}}, "2"),
        ({"claimsAndScopeOverrideDetails": {"groupOverrideDetails": ["x"]}}, "2"),
    ],
)
def test_a_response_of_another_shape_is_an_error(response: Claims, version: str) -> None:
    with pytest.raises(UnreadableError):
        read_changes(response, version)
