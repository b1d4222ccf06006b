"""The function's AWS credentials: from the environment or, under SnapStart, from the container.

https://docs.aws.amazon.com/lambda/latest/dg/snapstart-activate.html#snapstart-credentials
https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html
"""

from __future__ import annotations

import contextlib
import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ..errors import AwsUnreachable, ConfigurationError
from ..strict_json import parse_object
from .connections import Connections

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..clocks import Clocks

_SECONDS = 2
_RENEW_BEFORE = 10 * 60  # seconds before they expire

# Over HTTP, a token may go to this machine and to these addresses of AWS's only.
_HTTP_HOSTS = {
    "localhost", "127.0.0.1", "::1", "169.254.170.2", "169.254.170.23", "fd00:ec2::23",
}  # fmt: skip


@dataclass(frozen=True)
class AwsCredentials:
    """Whose requests these are; ``session_token`` is "" for a user's own keys."""

    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str = field(repr=False)


class CredentialSource:
    """Reads nothing before the first call, so that no snapshot holds credentials."""

    def __init__(self, environ: Mapping[str, str], clocks: Clocks) -> None:
        self._environ = environ
        self._clocks = clocks
        self._kept: AwsCredentials | None = None
        self._expires_at = 0.0

    def current(self) -> AwsCredentials:
        """Raise AwsUnreachable when there are none."""
        if self._kept is None or self._clocks.now() >= self._expires_at - _RENEW_BEFORE:
            self._renew()
        if self._kept is None:
            raise AwsUnreachable("no credentials")
        return self._kept

    def _renew(self) -> None:
        """Ask the container; credentials that have not expired outlive a failure."""
        try:
            self._kept, self._expires_at = self._of_environment() or self._of_the_container()
        except AwsUnreachable:
            if self._kept is None or self._clocks.now() >= self._expires_at:
                self._kept = None
                raise

    def _of_environment(self) -> tuple[AwsCredentials, float] | None:
        """Those in variables stay as they are as long as the container lives."""
        key_id = self._environ.get("AWS_ACCESS_KEY_ID")
        secret_key = self._environ.get("AWS_SECRET_ACCESS_KEY")
        if not key_id or not secret_key:
            return None
        token = self._environ.get("AWS_SESSION_TOKEN", "")
        return AwsCredentials(key_id, secret_key, token), math.inf

    def _of_the_container(self) -> tuple[AwsCredentials, float]:
        url = self._environ.get("AWS_CONTAINER_CREDENTIALS_FULL_URI")
        if not url:
            raise AwsUnreachable("no credentials")
        parts = urlsplit(url)
        if parts.scheme != "https" and parts.hostname not in _HTTP_HOSTS:
            raise AwsUnreachable("no credentials: the container's endpoint is not local")
        path = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
        try:
            connections = Connections(f"{parts.scheme}://{parts.netloc}", clocks=self._clocks)
        except ConfigurationError as error:
            raise AwsUnreachable("no credentials: no URL") from error
        with contextlib.closing(connections):
            deadline = self._clocks.monotonic() + _SECONDS
            answer = connections.exchange("GET", path, self._authorization(), deadline=deadline)
        return _parse(answer.status, answer.body)

    def _authorization(self) -> dict[str, str]:
        """The file is read each time, because its token changes."""
        file = self._environ.get("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE")
        token = self._environ.get("AWS_CONTAINER_AUTHORIZATION_TOKEN", "")
        if file:
            try:
                token = Path(file).read_text("utf-8")
            except (OSError, ValueError):
                raise AwsUnreachable("no credentials: no token") from None
        return {"Authorization": token} if token else {}


def _parse(status: int, body: bytes) -> tuple[AwsCredentials, float]:
    """The credentials and when they expire, in seconds since the epoch."""
    try:
        fields = parse_object(body)
        credentials = AwsCredentials(
            str(fields["AccessKeyId"]), str(fields["SecretAccessKey"]), str(fields["Token"])
        )
        expires_at = _seconds(str(fields["Expiration"]))
    except (KeyError, ValueError):
        raise AwsUnreachable(f"no credentials: HTTP {status}") from None
    return credentials, expires_at


def _seconds(time_stamp: str) -> float:
    from datetime import datetime  # noqa: PLC0415 - needed under SnapStart only

    return datetime.fromisoformat(time_stamp).timestamp()
