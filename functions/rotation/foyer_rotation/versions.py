"""The secret's versions and their staging labels, in Secrets Manager."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from .aws_calls import code_of, reporting_codes_only
from .errors import ConfigurationError, NotStaged
from .secret_value import SecretValue

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

CURRENT = "AWSCURRENT"
PREVIOUS = "AWSPREVIOUS"
PENDING = "AWSPENDING"


@dataclass(frozen=True)
class Versions:
    """The versions of one secret during the rotation with this ``token``.

    The token is also the id of the new version.
    """

    client: SecretsManagerClient
    secret_id: str
    token: str

    def is_finished(self) -> bool:
        """True if the token's version is already current. Raise NotStaged if it is not pending.

        Removes the label AWSPENDING from a current version: finishSecret may have been interrupted.
        """
        with reporting_codes_only():
            secret = self.client.describe_secret(SecretId=self.secret_id)
        if not secret.get("RotationEnabled"):
            raise NotStaged("Rotation is not enabled for this secret")
        labels = secret.get("VersionIdsToStages", {}).get(self.token)
        if labels is None:
            raise NotStaged("The secret has no version with this ClientRequestToken")
        if CURRENT in labels:
            if PENDING in labels:
                self._end_pending()
            return True
        if PENDING not in labels:
            raise NotStaged(f"This ClientRequestToken's version is not labelled {PENDING}")
        return False

    def current(self) -> SecretValue:
        with reporting_codes_only():
            answer = self.client.get_secret_value(SecretId=self.secret_id, VersionStage=CURRENT)
        return SecretValue.parse(answer.get("SecretString", ""))

    def pending(self) -> SecretValue | None:
        """None until createSecret has written it; Secrets Manager stages an empty version."""
        with reporting_codes_only():
            try:
                answer = self.client.get_secret_value(
                    SecretId=self.secret_id, VersionId=self.token, VersionStage=PENDING
                )
            except ClientError as error:
                if code_of(error) == "ResourceNotFoundException":
                    return None
                raise
        return SecretValue.parse(answer.get("SecretString", ""))

    def put_pending(self, value: SecretValue) -> None:
        with reporting_codes_only():
            self.client.put_secret_value(
                SecretId=self.secret_id,
                ClientRequestToken=self.token,
                SecretString=value.dump(),
                VersionStages=[PENDING],
            )

    def make_current(self) -> None:
        """Move AWSCURRENT to the token's version in a single call."""
        with reporting_codes_only():
            secret = self.client.describe_secret(SecretId=self.secret_id)
            labels = secret.get("VersionIdsToStages", {})
            holder = next((each for each, names in labels.items() if CURRENT in names), None)
            if holder is None:
                raise ConfigurationError(f"No version of the secret is labelled {CURRENT}")
            self.client.update_secret_version_stage(
                SecretId=self.secret_id,
                VersionStage=CURRENT,
                MoveToVersionId=self.token,
                RemoveFromVersionId=holder,
            )
        self._end_pending()

    def _end_pending(self) -> None:
        """Remove the label AWSPENDING.

        Otherwise, moving AWSCURRENT back would look like an incomplete rotation, and Secrets
        Manager would complete it.
        """
        with reporting_codes_only():
            self.client.update_secret_version_stage(
                SecretId=self.secret_id, VersionStage=PENDING, RemoveFromVersionId=self.token
            )
