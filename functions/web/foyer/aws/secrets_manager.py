"""Secrets Manager's one call that we need, with our own HTTP and botocore's signature.

botocore's client reads models and endpoint rules and makes its own TLS context, which was half of
a cold start (docs/decisions/secrets-manager.md). Signing and credentials still come from botocore;
the call itself is AWS's JSON protocol:
https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html
"""

from __future__ import annotations

import json
import random
import time
from typing import TYPE_CHECKING, Any

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import ContainerProvider, CredentialResolver, EnvProvider
from botocore.exceptions import BotoCoreError

from ..cognito.http import Upstream
from ..errors import ConfigurationError, RequestFailed, Unavailable
from ..settings import endpoint_variable
from ..strict_json import parse_object

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import requests

    from ..cognito.http import Answer

# Two tries of at most three seconds leave enough time for a sign-in.
_TRIES = 2
_TRY_SECONDS = 3

_TYPE = "application/x-amz-json-1.1"

# Reasons by error code. Other codes are "secret_refused".
_REASONS = {
    "ResourceNotFoundException": "secret_not_found",
    "AccessDeniedException": "secret_denied",
    "DecryptionFailure": "secret_denied",
    "ThrottlingException": "secret_throttled",
}
_TRANSIENT = ("InternalServiceError", "ServiceUnavailable", "ThrottlingException")


class _TryAgain(Exception):
    """A failure that may pass; ``failure`` is what it is if it does not."""

    def __init__(self, failure: Unavailable) -> None:
        self.failure = failure


class SecretsManager:
    """Has the endpoint, region and credentials that boto3's client of that name would have.

    Credentials come from the environment, or, under SnapStart, from the container's endpoint:
    https://docs.aws.amazon.com/lambda/latest/dg/snapstart-activate.html#snapstart-credentials
    They are read at the first call, so that no snapshot holds any.
    """

    def __init__(
        self,
        environ: Mapping[str, str],
        *,
        http: requests.Session,
        clock: Callable[[], float] = time.monotonic,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        """Raise ConfigurationError without a region."""
        self._region = environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION") or ""
        if not self._region:
            raise ConfigurationError("AWS_REGION is not set")
        self.url = endpoint(environ, self._region)
        self._resolver = CredentialResolver([EnvProvider(environ), ContainerProvider(environ)])
        self._credentials: Any = None
        self._upstream = Upstream(http, clock)
        self._clock = clock
        self._pause = pause

    def secret_text(self, secret_id: str) -> str:
        """The current version's ``SecretString``; raise Unavailable with a ``secret_…`` reason."""
        for _ in range(_TRIES - 1):
            try:
                return self._ask(secret_id)
            except _TryAgain:
                self._pause(random.uniform(0.05, 0.25))  # noqa: S311 - spreads load, not a secret
        try:
            return self._ask(secret_id)
        except _TryAgain as last:
            raise last.failure from last

    def _ask(self, secret_id: str) -> str:
        body = json.dumps({"SecretId": secret_id}).encode()
        deadline = self._clock() + _TRY_SECONDS
        headers = self._signed(body)
        try:
            answer = self._upstream.post("secret", self.url, headers, body, deadline=deadline)
            fields = parse_object(answer.body)
        except Unavailable as error:  # throttled
            raise _failure("ThrottlingException") from error
        except RequestFailed as error:
            raise _TryAgain(Unavailable("secret_unreachable", error.reason)) from error
        except ValueError as error:
            raise _TryAgain(Unavailable("secret_unreachable", "no JSON object")) from error
        if answer.status != 200:
            raise _failure(_code(answer, fields))
        return str(fields.get("SecretString", ""))

    def _signed(self, body: bytes) -> dict[str, str]:
        try:
            if self._credentials is None:
                self._credentials = self._resolver.load_credentials()
            # Frozen, because the three parts must be of the same moment.
            frozen = self._credentials and self._credentials.get_frozen_credentials()
        except BotoCoreError as error:
            raise Unavailable("secret_unreachable", type(error).__name__) from error
        if not frozen:
            raise Unavailable("secret_unreachable", "no credentials")
        headers = {"Content-Type": _TYPE, "X-Amz-Target": "secretsmanager.GetSecretValue"}
        request = AWSRequest("POST", self.url, headers, body)
        SigV4Auth(frozen, "secretsmanager", self._region).add_auth(request)
        return dict(request.headers.items())


def endpoint(environ: Mapping[str, str], region: str) -> str:
    """Secrets Manager's URL: from the environment, else AWS's own."""
    variable = endpoint_variable(environ, "AWS_ENDPOINT_URL_SECRETS_MANAGER")
    if variable is not None:
        return f"{environ[variable].rstrip('/')}/"
    fips = "-fips" if environ.get("AWS_USE_FIPS_ENDPOINT", "").lower() == "true" else ""
    suffix = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
    return f"https://secretsmanager{fips}.{region}.{suffix}/"


def _code(answer: Answer, fields: Mapping[str, Any]) -> str:
    """The error's name, without the namespace before it and the URL after it."""
    named = answer.headers.get("x-amzn-ErrorType") or str(fields.get("__type", ""))
    code = named.partition(":")[0].rpartition("#")[2]
    return "ServiceUnavailable" if answer.status >= 500 else code or "Unknown"


def _failure(code: str) -> Exception:
    failure = Unavailable(_REASONS.get(code, "secret_refused"), code)
    return _TryAgain(failure) if code in _TRANSIENT else failure
