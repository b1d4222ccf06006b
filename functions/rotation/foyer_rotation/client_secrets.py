"""The app client's secrets at Cognito: at most two are active, and no call returns their values.

Each version of the secret therefore stores the ids that existed before it was created. Its own
client secret is the first one that was added later. docs/decisions/rotation.md explains why this
is correct even after an incomplete rotation.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from .aws_calls import code_of, reporting_codes_only
from .errors import UnknownOwner

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient

    from .secret_value import SecretValue


@dataclass(frozen=True)
class ClientSecrets:
    """Lists, adds and deletes the secrets of the pool's app clients."""

    client: CognitoIdentityProviderClient
    user_pool_id: str

    def listed(self, client_id: str) -> list[str]:
        """The ids of the active client secrets, oldest first."""
        with reporting_codes_only():
            answer = self.client.list_user_pool_client_secrets(
                UserPoolId=self.user_pool_id, ClientId=client_id
            )
        descriptors = answer.get("ClientSecrets", [])
        descriptors.sort(key=lambda each: each["ClientSecretCreateDate"])
        return [each["ClientSecretId"] for each in descriptors]

    def activate(self, pending: SecretValue, *, current: SecretValue) -> bool:
        """Add the pending client secret and keep the current one; False if it was added before.

        If there are already two, deletes the one that is neither current nor pending: the
        previous one, which the last rotation kept for containers that had cached it.
        """
        listed = self.listed(pending.client_id)
        if _own_id(pending, listed) is not None:
            return False
        if len(listed) > 1:
            keep = _own_id(current, listed)
            if keep is None:
                raise UnknownOwner(
                    "Two client secrets are active and it is unknown which one is AWSCURRENT's "
                    "own. Delete the unused one (aws cognito-idp delete-user-pool-client-secret); "
                    "the rotation then continues"
                )
            for each in listed:
                if each != keep:
                    self._delete(pending.client_id, each)
        with reporting_codes_only():
            self.client.add_user_pool_client_secret(
                UserPoolId=self.user_pool_id,
                ClientId=pending.client_id,
                ClientSecret=pending.client_secret,
            )
        return True

    def _delete(self, client_id: str, client_secret_id: str) -> None:
        with reporting_codes_only():
            try:
                self.client.delete_user_pool_client_secret(
                    UserPoolId=self.user_pool_id,
                    ClientId=client_id,
                    ClientSecretId=client_secret_id,
                )
            except ClientError as error:
                # Already deleted by an earlier attempt that was still running.
                if code_of(error) != "ResourceNotFoundException":
                    raise


def _own_id(value: SecretValue, listed: Sequence[str]) -> str | None:
    """The listed id of the value's own client secret; None if it is not added yet, or unknown."""
    before = value.listed_before
    if before is None:
        return None
    return next((each for each in listed if each not in before), None)
