"""The app client's secrets at Cognito: at most two are active, and no call tells their values.

Which of the two listed ids belongs to AWSCURRENT is therefore worked out from what each version
of our secret notes down when it is made: the ids that were there already. The version's own
client secret is the first that came after. Why this holds, also after half a rotation, is
written down in docs/decisions/rotation.md.
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
        """The ids of the active client secrets, the oldest first."""
        with reporting_codes_only():
            answer = self.client.list_user_pool_client_secrets(
                UserPoolId=self.user_pool_id, ClientId=client_id
            )
        descriptors = answer.get("ClientSecrets", [])
        descriptors.sort(key=lambda each: each["ClientSecretCreateDate"])
        return [each["ClientSecretId"] for each in descriptors]

    def activate(self, pending: SecretValue, *, current: SecretValue) -> bool:
        """Add the pending client secret and keep the current one; False if it was added before.

        The one that goes, when there is no room, is neither the current one nor the pending one:
        the predecessor that the last rotation left for those who had it cached.
        """
        listed = self.listed(pending.client_id)
        if _own_id(pending, listed) is not None:
            return False
        if len(listed) > 1:
            keep = _own_id(current, listed)
            if keep is None:
                raise UnknownOwner(
                    "Two client secrets are active and AWSCURRENT does not tell which one is its "
                    "own. Delete the unused one (aws cognito-idp delete-user-pool-client-secret); "
                    "the rotation then goes on by itself"
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
                # Gone since it was listed: an attempt that was given up had still been under way.
                if code_of(error) != "ResourceNotFoundException":
                    raise


def _own_id(value: SecretValue, listed: Sequence[str]) -> str | None:
    """The listed id of the value's own client secret; None if not added yet, or not known."""
    before = value.listed_before
    if before is None:
        return None
    return next((each for each in listed if each not in before), None)
