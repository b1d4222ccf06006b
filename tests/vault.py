"""Where the secret comes from in tests: memory, or a boto3 client."""

from __future__ import annotations

import json
import secrets
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError
from foyer.errors import Unavailable

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient


class Vault:
    """One secret in memory; ``fields`` replace those that are made up."""

    def __init__(self, **fields: str) -> None:
        self.fields = {
            "client_id": secrets.token_hex(13),
            "client_secret": secrets.token_hex(25),
            "session_key": secrets.token_urlsafe(48),
            **fields,
        }

    def secret_text(self, _secret_id: str, /) -> str:
        return json.dumps(self.fields)


class Boto3Vault:
    """The secrets of a boto3 client."""

    def __init__(self, client: SecretsManagerClient) -> None:
        self._client = client

    def secret_text(self, secret_id: str) -> str:
        try:
            return str(self._client.get_secret_value(SecretId=secret_id)["SecretString"])
        except ClientError as error:
            raise Unavailable("secret_not_found", error.response["Error"]["Code"]) from error
