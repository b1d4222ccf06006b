"""A secret in moto, and Secrets Manager's part of a rotation, which moto does not implement.

RotateSecret stages an empty version as AWSPENDING and then calls the function four times, from
the first step on again if one fails; moto would call a function in Docker.
"""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import boto3
from moto.backends import get_backend
from moto.core.models import DEFAULT_ACCOUNT_ID

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

STEPS = ("createSecret", "setSecret", "testSecret", "finishSecret")
REGION = "eu-central-1"


class RotatingSecret:
    """Needs ``mock_aws``. The web function's ``Source`` too."""

    def __init__(self, fields: Mapping[str, Any], name: str = "foyer/test") -> None:
        self.boto3_client: SecretsManagerClient = boto3.client(
            "secretsmanager",
            region_name=REGION,
            aws_access_key_id="made-up",
            aws_secret_access_key="made-up",
        )
        made = self.boto3_client.create_secret(Name=name, SecretString=json.dumps(fields))
        self.arn = made["ARN"]
        backend = get_backend("secretsmanager")[DEFAULT_ACCOUNT_ID][REGION]
        self._kept: Any = backend.secrets[name]
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

    def event(self, step: str, token: str) -> dict[str, str]:
        return {"Step": step, "SecretId": self.arn, "ClientRequestToken": token}

    def rotate(self, run: Callable[[dict[str, str]], None], token: str | None = None) -> str:
        """Runs all four steps; with a token, retries that rotation."""
        token = token or self.stage()
        for step in STEPS:
            run(self.event(step, token))
        self.settle()
        return token

    def settle(self) -> None:
        """Without a stage, moto reads the first current version; AWS reads AWSCURRENT."""
        versions = self._kept.versions.items()
        (holder,) = [each for each, v in versions if "AWSCURRENT" in v["version_stages"]]
        self._kept.set_default_version_id(holder)

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
        self.settle()

    def labels(self, token: str) -> list[str]:
        labels: list[str] = self._kept.versions[token]["version_stages"]
        return labels

    def label_pending(self, token: str) -> None:
        self.labels(token).append("AWSPENDING")

    def put(self, value: dict[str, Any]) -> None:
        """An operator edits the secret: a new version that is current at once."""
        self.boto3_client.put_secret_value(SecretId=self.arn, SecretString=json.dumps(value))
