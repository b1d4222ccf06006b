"""Users from a file, for tests of an app: created or brought back to what the file says."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from botocore.exceptions import ClientError

from local.aws import LocalAws
from local.places import RunError

_EXAMPLE = "docs/local.md has an example"


@dataclass(frozen=True)
class SeedUser:
    """``attributes`` by Cognito's names; ``email_verified`` is true unless it is given."""

    username: str
    password: str = field(repr=False)
    attributes: Mapping[str, str]
    groups: tuple[str, ...]


def read(path: Path | None) -> list[SeedUser]:
    """A list of users in JSON or YAML; raises RunError when it is not one."""
    if path is None:
        return []
    try:
        listed = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise RunError(
            f"{path} cannot be read ({str(error.strerror).lower()}); correct --users"
        ) from error
    except yaml.YAMLError as error:
        raise RunError(f"{path} is neither JSON nor YAML; {_EXAMPLE}") from error
    if not isinstance(listed, list):
        raise RunError(f"{path} is not a list of users; {_EXAMPLE}")
    return [_user(path, number, one) for number, one in enumerate(listed, 1)]


def apply(aws: LocalAws, user_pool_id: str, users: list[SeedUser]) -> None:
    """Raises RunError when the pool refuses one of them."""
    cognito = aws.client("cognito-idp")
    for user in users:
        try:
            _put(cognito, user_pool_id, user)
            _join(cognito, user_pool_id, user)
        except ClientError as error:
            why = error.response["Error"]["Message"]
            raise RunError(
                f"the user {user.username} cannot be created ({why}); correct the file of users"
            ) from error


def _user(path: Path, number: int, given: object) -> SeedUser:
    def wrong(what: str) -> RunError:
        return RunError(f"{path}: user {number} {what}; {_EXAMPLE}")

    if not isinstance(given, dict):
        raise wrong("is not an object")
    unknown = given.keys() - {"username", "password", "attributes", "groups"}
    if unknown:
        raise wrong(f"has an unknown field, {sorted(map(str, unknown))[0]}")
    for name in ("username", "password"):
        if not isinstance(given.get(name), str) or not given[name]:
            raise wrong(f"has no {name}")
    attributes, groups = given.get("attributes") or {}, given.get("groups") or []
    if not isinstance(attributes, dict) or not isinstance(groups, list):
        raise wrong("has attributes that are no object, or groups that are no list")
    verified = {"email_verified": "true"} if "email" in attributes else {}
    return SeedUser(
        given["username"],
        given["password"],
        {**verified, **{name: _text(value) for name, value in attributes.items()}},
        tuple(str(group) for group in groups),
    )


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _put(cognito: Any, pool: str, user: SeedUser) -> None:
    attributes = [{"Name": name, "Value": value} for name, value in user.attributes.items()]
    try:
        cognito.admin_create_user(
            UserPoolId=pool,
            Username=user.username,
            MessageAction="SUPPRESS",
            TemporaryPassword=user.password,
            UserAttributes=attributes,
        )
    except cognito.exceptions.UsernameExistsException:
        cognito.admin_update_user_attributes(
            UserPoolId=pool, Username=user.username, UserAttributes=attributes
        )
    cognito.admin_set_user_password(
        UserPoolId=pool, Username=user.username, Password=user.password, Permanent=True
    )


def _join(cognito: Any, pool: str, user: SeedUser) -> None:
    name = {"UserPoolId": pool, "Username": user.username}
    there = {group["GroupName"] for group in cognito.admin_list_groups_for_user(**name)["Groups"]}
    for group in there - set(user.groups):
        cognito.admin_remove_user_from_group(GroupName=group, **name)
    for group in user.groups:
        with suppress(cognito.exceptions.GroupExistsException):
            cognito.create_group(GroupName=group, UserPoolId=pool)
        cognito.admin_add_user_to_group(GroupName=group, **name)
