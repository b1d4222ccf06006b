"""The handler of the custom resources ClientCredentials and LongSettings.

It always answers CloudFormation.

A stack waits for the answer; without one, it waits until ServiceTimeout. So failures are answered
too, and a timer answers before Lambda ends the function.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-requests.html
"""

from __future__ import annotations

import json
import logging
import time
from dataclasses import dataclass, field
from functools import cache
from threading import Lock, Timer
from typing import TYPE_CHECKING, Any

import boto3
import urllib3
from aws_lambda_powertools import Logger

from . import fingerprints
from .aws_calls import CLIENT_CONFIG
from .credentials import Credentials
from .errors import CallFailed, ConfigurationError, NotAllowed, RotationError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from aws_lambda_powertools.utilities.typing import LambdaContext

# Seconds between attempts until a new role's permissions are active.
_PAUSES = (2, 4, 8, 16)
_ANSWER_MARGIN = 10.0  # seconds, reserved for sending the answer

_log = Logger(service="foyer-credentials")
# urllib3 warns of each retry, with the presigned URL.
logging.getLogger("urllib3").setLevel(logging.ERROR)


def handler(event: dict[str, Any], context: LambdaContext) -> None:
    """Raises only if the answer could not be sent; Lambda then retries the event."""
    answer = Answer(event, send)
    timer = Timer(
        max(context.get_remaining_time_in_millis() / 1000 - _ANSWER_MARGIN, 0),
        answer.give,
        ("FAILED", "Secrets Manager and Cognito did not answer in time"),
    )
    timer.daemon = True
    timer.start()
    try:
        status, reason = _outcome(event, time.sleep)
    finally:
        timer.cancel()
    answer.give(status, reason, _data(event))


def send(url: str, body: bytes) -> None:
    """PUT to the presigned URL; raises CallFailed if it is rejected."""
    retries = urllib3.Retry(
        3, backoff_factor=0.5, status_forcelist=(500, 502, 503, 504), allowed_methods=["PUT"]
    )
    with urllib3.PoolManager(timeout=urllib3.Timeout(connect=2, read=5)) as http:
        try:
            # S3's signature requires an empty content type.
            sent = http.request(
                "PUT", url, body=body, headers={"content-type": ""}, retries=retries, redirect=False
            )
        except urllib3.exceptions.HTTPError as error:
            # Its message contains the URL, which must not be logged.
            raise CallFailed(f"CloudFormation got no answer: {type(error).__name__}") from None
    if not 200 <= sent.status < 300:
        raise CallFailed(f"CloudFormation got no answer: status {sent.status}")


@dataclass
class Answer:
    """The answer to an event; only the first one is sent."""

    event: Mapping[str, Any]
    send: Callable[[str, bytes], None]
    _given: bool = False
    _lock: Lock = field(default_factory=Lock)

    def give(self, status: str, reason: str, data: Mapping[str, str] | None = None) -> None:
        """``data`` are the resource's attributes."""
        with self._lock:
            if self._given:
                return
            body = {**self._body(status, reason), "Data": data or {}}
            self.send(self.event["ResponseURL"], json.dumps(body).encode())
            self._given = True
        _log.info("CloudFormation answered", status=status, outcome=reason)

    def _body(self, status: str, reason: str) -> dict[str, str]:
        return {
            "Status": status,
            "Reason": reason,
            # Must stay the same: CloudFormation would delete the resource with the old id.
            "PhysicalResourceId": self.event.get("PhysicalResourceId") or _physical_id(self.event),
            **{name: self.event[name] for name in ("StackId", "RequestId", "LogicalResourceId")},
        }


def _is_fingerprints(event: Mapping[str, Any]) -> bool:
    return event.get("ResourceType") == fingerprints.TYPE


def _physical_id(event: Mapping[str, Any]) -> str:
    return "fingerprints" if _is_fingerprints(event) else "credentials"


def _data(event: Mapping[str, Any]) -> dict[str, str]:
    if not _is_fingerprints(event):
        return {}
    return fingerprints.fingerprints(event.get("ResourceProperties", {}))


def _outcome(event: Mapping[str, Any], sleep: Callable[[float], None]) -> tuple[str, str]:
    """SUCCESS or FAILED, and the reason."""
    if event.get("RequestType") == "Delete":
        return "SUCCESS", "nothing to delete: the values go with the secret"
    if _is_fingerprints(event):
        return "SUCCESS", "fingerprints made"
    try:
        return "SUCCESS", _fill_in(event.get("ResourceProperties", {}), sleep)
    except RotationError as error:
        return "FAILED", f"{type(error).__name__}: {error}"
    except Exception as error:  # the stack waits for an answer in any case
        _log.error("unexpected error", error=type(error).__name__)
        return "FAILED", f"Unexpected error: {type(error).__name__}"


def _fill_in(properties: Mapping[str, Any], sleep: Callable[[float], None]) -> str:
    secret_id, client_id, user_pool_id = (
        _text(properties, name) for name in ("SecretId", "ClientId", "UserPoolId")
    )
    secrets_manager, cognito = _clients()
    credentials = Credentials(secrets_manager, cognito, user_pool_id)
    for pause in _PAUSES:
        try:
            return credentials.fill_in(secret_id, client_id)
        except NotAllowed:
            sleep(pause)
    return credentials.fill_in(secret_id, client_id)


@cache
def _clients() -> tuple[Any, Any]:
    """boto3's own variables (AWS_REGION, AWS_ENDPOINT_URL…) set their endpoints."""
    return (
        boto3.client("secretsmanager", config=CLIENT_CONFIG),
        boto3.client("cognito-idp", config=CLIENT_CONFIG),
    )


def _text(properties: Mapping[str, Any], name: str) -> str:
    value = properties.get(name)
    if not isinstance(value, str) or not value:
        raise ConfigurationError(f"The property {name} is missing")
    return value
