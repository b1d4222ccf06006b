"""The user pool's users and clients, as an administrator sees them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from local.managed_login.cognito_api import rejections
from local.managed_login.pool import Client, Pool
from local.managed_login.settings import ManagedLogin

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient


@dataclass(frozen=True)
class User:
    """A user, as shown in the console's Users tab."""

    username: str
    attributes: Mapping[str, str]
    status: str
    is_enabled: bool
    factors: tuple[str, ...]
    created: datetime
    groups: tuple[str, ...]

    @property
    def is_email_verified(self) -> bool:
        return self.attributes.get("email_verified", "").lower() == "true"


class Directory:
    def __init__(self, settings: ManagedLogin, cognito: CognitoIdentityProviderClient) -> None:
        self._pool_id = settings.user_pool_id
        self._cognito = cognito

    def pool(self) -> Pool:
        with rejections():
            described = self._cognito.describe_user_pool(UserPoolId=self._pool_id)
        return Pool.read(described["UserPool"])

    def client(self, client_id: str) -> Client | None:
        """The app client, or None if the pool has none with this id."""
        try:
            described = self._cognito.describe_user_pool_client(
                UserPoolId=self._pool_id, ClientId=client_id
            )
        except self._cognito.exceptions.ResourceNotFoundException:
            return None
        return Client.read(described["UserPoolClient"])

    def find(self, username: str) -> User | None:
        """The user with this name, id or verified e-mail address."""
        try:
            user = self._cognito.admin_get_user(UserPoolId=self._pool_id, Username=username)
        except self._cognito.exceptions.UserNotFoundException:
            return None
        return User(
            username=user["Username"],
            attributes={a["Name"]: a.get("Value", "") for a in user.get("UserAttributes", [])},
            status=user.get("UserStatus", ""),
            is_enabled=user.get("Enabled", True),
            factors=tuple(user.get("UserMFASettingList", [])),
            created=user["UserCreateDate"],
            groups=self._groups(user["Username"]),
        )

    def _groups(self, username: str) -> tuple[str, ...]:
        answer = self._cognito.admin_list_groups_for_user(
            UserPoolId=self._pool_id, Username=username
        )
        return tuple(group["GroupName"] for group in answer["Groups"])

    def groups(self) -> list[str]:
        """The names of all groups."""
        answer = self._cognito.list_groups(UserPoolId=self._pool_id)
        return sorted(group["GroupName"] for group in answer["Groups"])

    def add_to_group(self, username: str, group: str) -> None:
        """The group is created if there is none of this name."""
        with rejections():
            if group not in self.groups():
                self._cognito.create_group(UserPoolId=self._pool_id, GroupName=group)
            self._cognito.admin_add_user_to_group(
                UserPoolId=self._pool_id, Username=username, GroupName=group
            )

    def remove_from_group(self, username: str, group: str) -> None:
        with rejections():
            self._cognito.admin_remove_user_from_group(
                UserPoolId=self._pool_id, Username=username, GroupName=group
            )

    def users(self) -> list[User]:
        """All users, newest first."""
        pages = self._cognito.get_paginator("list_users").paginate(UserPoolId=self._pool_id)
        names = [user["Username"] for page in pages for user in page["Users"]]
        found = [user for user in map(self.find, names) if user]
        return sorted(found, key=lambda user: user.created, reverse=True)

    def set_enabled(self, username: str, enabled: bool) -> None:
        change = self._cognito.admin_enable_user if enabled else self._cognito.admin_disable_user
        with rejections():
            change(UserPoolId=self._pool_id, Username=username)

    def delete(self, username: str) -> None:
        with rejections():
            self._cognito.admin_delete_user(UserPoolId=self._pool_id, Username=username)

    def require_new_password(self, username: str, temporary_password: str) -> None:
        with rejections():
            self._cognito.admin_set_user_password(
                UserPoolId=self._pool_id,
                Username=username,
                Password=temporary_password,
                Permanent=False,
            )
