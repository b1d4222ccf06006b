"""Calls of AWS's JSON protocol, for Secrets Manager and DynamoDB.

boto3's client reads models and endpoint rules and makes its own TLS context, which was half of a
cold start (docs/decisions/secrets-manager.md). The protocol itself is one POST:
https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html
"""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from ..clocks import SYSTEM, Clocks
from ..errors import AwsRefused, AwsUnreachable, ConfigurationError
from ..strict_json import parse_object
from ..variables import endpoint_variable
from .connections import Connections
from .credentials import CredentialSource
from .signing import signed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .connections import Answer

_TRIES = 2
TRY_SECONDS = 3.0

_SMALL_DIFFERENCE = 2.0  # seconds; a Date header is cut to whole seconds, and takes time to arrive

# Errors that may have passed by the next attempt, in addition to those with a status of 5xx.
_TRANSIENT = {
    "InternalServiceError",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "RequestTimeout",
    "ServiceUnavailable",
    "ThrottlingException",
}


# Of host names, by the beginning of the region's name; elsewhere amazonaws.com.
_SUFFIXES = {
    "cn-": "amazonaws.com.cn",
    "eu-isoe-": "cloud.adc-e.uk",
    "eusc-": "amazonaws.eu",
    "us-iso-": "c2s.ic.gov",
    "us-isob-": "sc2s.sgov.gov",
    "us-isof-": "csp.hci.ic.gov",
}


@dataclass(frozen=True)
class Service:
    """How a service is addressed; ``name`` stands in host names and signatures."""

    name: str
    target: str  # before the operation's name in X-Amz-Target
    json_version: str
    endpoint_variable: str
    fips_in_usual_gov: bool = False  # GovCloud's usual endpoint is the FIPS one


SECRETS_MANAGER = Service(
    "secretsmanager", "secretsmanager", "1.1", "AWS_ENDPOINT_URL_SECRETS_MANAGER"
)
DYNAMODB = Service(
    "dynamodb", "DynamoDB_20120810", "1.0", "AWS_ENDPOINT_URL_DYNAMODB", fips_in_usual_gov=True
)


class Calls:
    """Calls to one service, with the endpoint, region and credentials of the environment."""

    def __init__(
        self,
        environ: Mapping[str, str],
        service: Service,
        *,
        authorities: str | None = None,
        clocks: Clocks = SYSTEM,
    ) -> None:
        """Raise ConfigurationError without a region. Nothing is sent yet."""
        self._region = environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION") or ""
        if not self._region:
            raise ConfigurationError("AWS_REGION is not set")
        self._service = service
        url = endpoint(environ, service, self._region)
        self._connections = Connections(url, authorities=authorities, clocks=clocks)
        self._credentials = CredentialSource(environ, clocks)
        self._clocks = clocks
        self._ahead = 0.0  # seconds that the service's clock is ahead of ours

    def now(self) -> float:
        """Seconds since the epoch by the service's clock, so that all containers agree.

        By our own clock before the first answer, or if the two differ by little.
        """
        return self._clocks.now() + self._ahead

    def call(
        self, operation: str, fields: Mapping[str, Any], *, seconds: float = TRY_SECONDS
    ) -> dict[str, Any]:
        """Return the answer's fields; raise AwsRefused or AwsUnreachable.

        A call is tried twice, each time for at most ``seconds``; so AWS may carry it out twice.
        """
        body = json.dumps(fields).encode()
        for _ in range(_TRIES - 1):
            try:
                return self._ask(operation, body, seconds)
            except AwsUnreachable:
                pass
            except AwsRefused as error:
                if not error.is_transient:
                    raise
            self._clocks.pause(random.uniform(0.05, 0.25))  # noqa: S311 - spreads load, not a secret
        return self._ask(operation, body, seconds)

    def close(self) -> None:
        """Close connections; a function's container has no need to."""
        self._connections.close()

    def _ask(self, operation: str, body: bytes, seconds: float) -> dict[str, Any]:
        deadline = self._clocks.monotonic() + seconds
        headers = signed(
            {
                "Content-Type": f"application/x-amz-json-{self._service.json_version}",
                "X-Amz-Target": f"{self._service.target}.{operation}",
            },
            body,
            host=self._connections.host,
            service=self._service.name,
            region=self._region,
            credentials=self._credentials.current(),
            now=self._clocks.now(),
        )
        answer = self._connections.exchange("POST", "/", headers, body, deadline=deadline)
        self._ahead = _ahead(answer.headers.get("Date", ""), self._clocks.now())
        fields = _fields(answer)
        if answer.status != 200:
            code = _code(answer, fields)
            is_transient = answer.status >= 500 or code in _TRANSIENT
            raise AwsRefused(code, is_transient=is_transient)
        return fields


def endpoint(environ: Mapping[str, str], service: Service, region: str) -> str:
    """The service's origin: from the environment, else AWS's own.

    Raise ConfigurationError if the environment's has a path: signatures are for ``/``.
    """
    variable = endpoint_variable(environ, service.endpoint_variable)
    if variable is not None:
        origin = environ[variable].rstrip("/")
        if origin.count("/") > 2 or "?" in origin:
            raise ConfigurationError(f"{variable} must be an origin, without a path")
        return origin
    is_fips = environ.get("AWS_USE_FIPS_ENDPOINT", "").lower() == "true"
    is_usual = service.fips_in_usual_gov and region.startswith("us-gov-")
    fips = "-fips" if is_fips and not is_usual else ""
    partition = next((each for each in _SUFFIXES if region.startswith(each)), "")
    return f"https://{service.name}{fips}.{region}.{_SUFFIXES.get(partition, 'amazonaws.com')}"


def _ahead(date: str, now: float) -> float:
    """How far the clock that wrote this ``Date`` header is ahead; 0.0 if unknown, or if little."""
    try:
        seconds = parsedate_to_datetime(date).timestamp() - now
    except (ValueError, OverflowError):
        return 0.0
    return 0.0 if abs(seconds) <= _SMALL_DIFFERENCE else seconds


def _fields(answer: Answer) -> dict[str, Any]:
    if answer.status == 429:
        return {"__type": "ThrottlingException"}
    try:
        return parse_object(answer.body)
    except ValueError:
        raise AwsUnreachable(f"HTTP {answer.status}, no JSON object") from None


def _code(answer: Answer, fields: Mapping[str, Any]) -> str:
    """The error's name, without the namespace before it and the URL after it."""
    named = answer.headers.get("x-amzn-ErrorType") or str(fields.get("__type", ""))
    return named.partition(":")[0].rpartition("#")[2] or f"HTTP {answer.status}"
