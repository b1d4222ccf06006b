"""The local AWS as seen by clients: an address, and credentials that are new for each run."""

from __future__ import annotations

import configparser
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from local.places import RunError

REGION = "us-east-1"
# Sent by our own processes to endpoints of the emulator that do not support signed requests: OAuth,
# the record of mails, the health check. Its value is the secret access key.
KEY_HEADER = "x-local-key"


@dataclass(frozen=True)
class LocalAws:
    """``endpoint`` is its origin for processes on this machine."""

    endpoint: str
    access_key_id: str
    secret_access_key: str = field(repr=False)

    @classmethod
    def new(cls, port: int) -> LocalAws:
        """At this port, with new credentials."""
        key_id = f"LOCAL{secrets.token_hex(8).upper()}"
        return cls(f"http://127.0.0.1:{port}", key_id, secrets.token_urlsafe(30))

    @classmethod
    def read(cls, file: Path) -> LocalAws:
        """Read what ``write`` wrote; raises RunError if there is no such file."""
        parser = configparser.RawConfigParser()
        parser.read(file, encoding="utf-8")
        try:
            found = parser["default"]
            return cls(
                found["endpoint_url"], found["aws_access_key_id"], found["aws_secret_access_key"]
            )
        except KeyError as error:
            raise RunError(
                f"no local stack runs here ({file} is missing); start `make run`"
            ) from error

    def write(self, file: Path) -> None:
        """Write a configuration file for AWS's tools that only the current user can read."""
        content = (
            "[default]\n"
            f"region = {REGION}\n"
            f"endpoint_url = {self.endpoint}\n"
            f"aws_access_key_id = {self.access_key_id}\n"
            f"aws_secret_access_key = {self.secret_access_key}\n"
        )
        file.unlink(missing_ok=True)  # an older file may have other permissions
        file.touch(0o600, exist_ok=False)
        file.write_text(content, encoding="utf-8")

    def credentials(self) -> dict[str, str]:
        """The environment variables for AWS clients."""
        return {
            "AWS_ACCESS_KEY_ID": self.access_key_id,
            "AWS_SECRET_ACCESS_KEY": self.secret_access_key,
        }

    def client(self, service: str, **settings: Any) -> Any:
        """A boto3 client; ``settings`` are passed to botocore's Config."""
        import boto3  # noqa: PLC0415 - slow, and the local AWS can start meanwhile
        from botocore.config import Config  # noqa: PLC0415

        defaults: dict[str, Any] = {
            "connect_timeout": 2,
            "read_timeout": 30,
            "retries": {"total_max_attempts": 1},
        }
        return boto3.client(  # type: ignore[call-overload]
            service,
            endpoint_url=self.endpoint,
            region_name=REGION,
            aws_access_key_id=self.access_key_id,
            aws_secret_access_key=self.secret_access_key,
            config=Config(**defaults | settings),
        )
