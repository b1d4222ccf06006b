"""A secret in moto, and Secrets Manager's part of a rotation, which moto does not implement.

RotateSecret stages an empty version as AWSPENDING and then calls the function four times, from
the first step on again if one fails; moto would call a function in Docker.
"""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Mapping
from io import StringIO
from typing import TYPE_CHECKING, Any

import boto3
from aws_lambda_powertools import Logger
from foyer_rotation.client_secrets import ClientSecrets
from foyer_rotation.rotation import Rotation
from foyer_rotation.token_endpoint import TokenEndpoint, one_request
from moto.backends import get_backend
from moto.core.models import DEFAULT_ACCOUNT_ID

from tests.fake_cognito import FakeCognito

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

STEPS = ("createSecret", "setSecret", "testSecret", "finishSecret")
REGION = "eu-central-1"


class RotatingSecret:
    """Needs ``mock_aws``. The web function's ``Source`` too."""

    def __init__(self, fields: Mapping[str, Any]) -> None:
        self.boto3_client: SecretsManagerClient = boto3.client("secretsmanager", REGION)
        text = json.dumps(fields)
        self.arn = self.boto3_client.create_secret(Name="s", SecretString=text)["ARN"]
        self._kept: Any = get_backend("secretsmanager")[DEFAULT_ACCOUNT_ID][REGION].secrets["s"]
        self.enable(rotation=True)

    def enable(self, *, rotation: bool) -> None:
        self._kept.rotation_requested = True
        self._kept.rotation_enabled = rotation

    def stage(self) -> str:
        """The first part of RotateSecret; returns the ClientRequestToken."""
        token = str(uuid.uuid4())
        self._kept.remove_version_stages_from_old_versions(["AWSPENDING"])
        self._kept.versions[token] = {
            "createdate": int(time.time()),
            "version_id": token,
            "version_stages": ["AWSPENDING"],
        }
        return token

    def value(self, label: str = "AWSCURRENT") -> dict[str, Any]:
        answer = self.boto3_client.get_secret_value(SecretId=self.arn, VersionStage=label)
        value: dict[str, Any] = json.loads(answer["SecretString"])
        return value

    def secret_text(self, _secret_id: str, /) -> str:
        return json.dumps(self.value())

    def undo(self) -> None:
        """Moves AWSCURRENT back to the version before, as an operator does."""
        found = self.boto3_client.list_secret_version_ids(SecretId=self.arn)["Versions"]
        by_label = {label: each for each in found for label in each.get("VersionStages", [])}
        self.boto3_client.update_secret_version_stage(
            SecretId=self.arn,
            VersionStage="AWSCURRENT",
            MoveToVersionId=by_label["AWSPREVIOUS"]["VersionId"],
            RemoveFromVersionId=by_label["AWSCURRENT"]["VersionId"],
        )

    def labels(self, token: str) -> list[str]:
        labels: list[str] = self._kept.versions[token]["version_stages"]
        return labels

    def put(self, **changes: Any) -> None:
        """An operator edits the secret: a new version that is current at once."""
        versions, text = self._kept.versions.items(), json.dumps(self.value() | changes)
        (current,) = [each for each, v in versions if "AWSCURRENT" in v["version_stages"]]
        self._kept.set_default_version_id(current)  # moto takes the label from this one
        self.boto3_client.put_secret_value(SecretId=self.arn, SecretString=text)


class Rotating:
    """A secret, the app client that it is of, and the function that rotates both."""

    def __init__(self, cognito: FakeCognito, fields: Mapping[str, Any], log: StringIO) -> None:
        self.cognito = cognito
        self.secret = RotatingSecret(fields)
        self.log = log
        self.function = Rotation(
            secrets_manager=self.secret.boto3_client,
            client_secrets=ClientSecrets(cognito.api.connect(), cognito.api.user_pool_id),
            token_endpoint=TokenEndpoint(
                cognito.domain_url, cognito.redirect_uris[0], one_request, lambda _: None
            ),
            log=Logger(service=uuid.uuid4().hex, stream=log),
        )

    def event(self, step: str, token: str) -> dict[str, str]:
        return {"Step": step, "SecretId": self.secret.arn, "ClientRequestToken": token}

    def step(self, name: str, token: str) -> None:
        self.function.run(self.event(name, token))

    def rotate(self, token: str | None = None) -> str:
        """Runs all four steps; with a token, retries that rotation."""
        token = token or self.secret.stage()
        for step in STEPS:
            self.step(step, token)
        return token
