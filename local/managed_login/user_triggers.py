"""Runs the user pool's triggers for a user, with what the pool knows about the user."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from local.managed_login.settings import ManagedLogin

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient


class UserTriggers:
    def __init__(self, settings: ManagedLogin, cognito: CognitoIdentityProviderClient) -> None:
        self._pool_id = settings.user_pool_id
        self._triggers = settings.triggers
        self._cognito = cognito

    def has(self, source: str) -> bool:
        return self._triggers.key(source) is not None

    def version(self, source: str) -> str:
        """The version of the trigger's event: 1, 2 or 3."""
        return self._triggers.version(source)

    def run(
        self,
        source: str,
        username: str,
        client_id: str,
        attributes: Mapping[str, str] | None = None,
        response: Mapping[str, object] | None = None,
        **request: object,
    ) -> Mapping[str, Any]:
        """The response of the trigger's function; empty without a function.

        ``source`` is the event's, such as PreSignUp_SignUp. Without ``attributes``, the user's own
        are sent. Raises TriggerRefused.
        """
        if not self.has(source):
            return {}
        if attributes is None:
            attributes = self.attributes(username)
        if attributes is None:
            return {}  # no such user; the password will not be right either
        return self._triggers.run(
            source,
            user_pool_id=self._pool_id,
            client_id=client_id,
            username=username,
            attributes=attributes,
            response=response,
            **request,
        )

    def attributes(self, username: str) -> dict[str, str] | None:
        """None if there is no such user."""
        try:
            user = self._cognito.admin_get_user(UserPoolId=self._pool_id, Username=username)
        except self._cognito.exceptions.UserNotFoundException:
            return None
        found = {one["Name"]: one.get("Value", "") for one in user.get("UserAttributes", [])}
        return {**found, "cognito:user_status": user.get("UserStatus", "")}
