"""Writes the app client's id and secret into our secret, if they are not there yet.

The template creates the secret with a session key only, and this adds the rest. So CloudFormation
never reads or writes a client secret, and a stack update cannot overwrite a rotated one with an
old one (docs/decisions/rotation.md).
"""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from .aws_calls import code_of, reporting_codes_only
from .errors import ConfigurationError, UnknownOwner
from .secret_value import json_object, origin
from .versions import CURRENT, PREVIOUS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient
    from mypy_boto3_secretsmanager import SecretsManagerClient

# The fields of one app client; the secret's other fields do not change with the client.
_OF_THE_CLIENT = ("client_id", "client_secret", "client_secret_origin")
# A Cognito without this call: a client then has exactly one secret.
_UNKNOWN_CALL = {"UnknownOperationException", "InvalidAction"}


@dataclass(frozen=True)
class Credentials:
    """Fills in the credentials of one pool's app clients; deletes nothing."""

    secrets_manager: SecretsManagerClient
    cognito: CognitoIdentityProviderClient
    user_pool_id: str

    def fill_in(self, secret_id: str, client_id: str) -> str:
        """Return what was done. Raise RotationError if it fails; nothing has changed then.

        Can be repeated safely: a secret that contains this client is not changed, even if its
        client secret was rotated.
        """
        current = self._version(secret_id, CURRENT)
        if _holds(current, client_id):
            return "the secret holds this client already"
        # The deployment of a new client was rolled back: the previous version is the old client's.
        previous = self._version(secret_id, PREVIOUS)
        if _holds(previous, client_id):
            own = {name: previous[name] for name in _OF_THE_CLIENT if name in previous}
            outcome = "the client of the version before is back"
        else:
            client_secret = self._client_secret(client_id)
            own = {
                "client_id": client_id,
                "client_secret": client_secret,
                "client_secret_origin": origin(client_secret, []),
            }
            outcome = "client id and client secret written"
        others = {name: current[name] for name in current if name not in _OF_THE_CLIENT}
        others.setdefault("origin_verify", secrets.token_urlsafe(32))
        with reporting_codes_only():
            self.secrets_manager.put_secret_value(
                SecretId=secret_id, SecretString=json.dumps(others | own)
            )
        return outcome

    def _version(self, secret_id: str, stage: str) -> dict[str, Any]:
        with reporting_codes_only():
            try:
                answer = self.secrets_manager.get_secret_value(
                    SecretId=secret_id, VersionStage=stage
                )
            except ClientError as error:
                if stage == PREVIOUS and code_of(error) == "ResourceNotFoundException":
                    return {}
                raise
        return json_object(answer.get("SecretString", ""))

    def _client_secret(self, client_id: str) -> str:
        """The secret that Cognito generated for the client. After a rotation, it may be invalid."""
        if self._active_secrets(client_id) > 1:
            raise UnknownOwner(
                "The app client has two secrets, and the secret in Secrets Manager is of another "
                "client. Delete one of the two (aws cognito-idp delete-user-pool-client-secret) "
                "and deploy again"
            )
        with reporting_codes_only():
            answer = self.cognito.describe_user_pool_client(
                UserPoolId=self.user_pool_id, ClientId=client_id
            )
        client_secret = answer["UserPoolClient"].get("ClientSecret")
        if not client_secret:
            raise ConfigurationError("The app client has no client secret")
        return client_secret

    def _active_secrets(self, client_id: str) -> int:
        with reporting_codes_only():
            try:
                answer = self.cognito.list_user_pool_client_secrets(
                    UserPoolId=self.user_pool_id, ClientId=client_id
                )
            except ClientError as error:
                if code_of(error) in _UNKNOWN_CALL:
                    return 1
                raise
        return len(answer.get("ClientSecrets", []))


def _holds(fields: Mapping[str, Any], client_id: str) -> bool:
    return fields.get("client_id") == client_id and bool(fields.get("client_secret"))
