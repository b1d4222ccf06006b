"""Secrets Manager's one call that we need.

https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..clocks import SYSTEM, Clocks
from ..errors import AwsRefused, AwsUnreachable, Unavailable
from .calls import SECRETS_MANAGER, Calls

if TYPE_CHECKING:
    from collections.abc import Mapping

# Reasons by error code. Other codes are "secret_refused".
_REASONS = {
    "ResourceNotFoundException": "secret_not_found",
    "AccessDeniedException": "secret_denied",
    "DecryptionFailure": "secret_denied",
    "ThrottlingException": "secret_throttled",
}


class SecretsManager:
    """Has the endpoint, region and credentials that boto3's client of that name would have.

    Reads the secret in at most two tries of three seconds, which leaves enough time for a sign-in.
    """

    def __init__(self, environ: Mapping[str, str], clocks: Clocks = SYSTEM) -> None:
        """Raise ConfigurationError without a region."""
        self._calls = Calls(environ, SECRETS_MANAGER, clocks=clocks)

    def close(self) -> None:
        """Close connections; a function's container has no need to."""
        self._calls.close()

    def secret_text(self, secret_id: str) -> str:
        """The current version's ``SecretString``; raise Unavailable with a ``secret_…`` reason."""
        try:
            fields = self._calls.call("GetSecretValue", {"SecretId": secret_id})
        except AwsUnreachable as error:
            raise Unavailable("secret_unreachable", str(error)) from error
        except AwsRefused as error:
            raise Unavailable(_REASONS.get(error.code, "secret_refused"), error.code) from error
        return str(fields.get("SecretString", ""))
