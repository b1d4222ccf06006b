"""Secrets Manager's one call that we need, on our own HTTP with botocore's signature.

botocore's client reads models and endpoint rules, and makes a TLS context of its own: half of a
cold start went there (docs/decisions/secrets-manager.md). Signing and credentials are its own
still; the call itself is AWS's JSON protocol:
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
from botocore.exceptions import ClientError, HTTPClientError, NoCredentialsError

from .errors import ConfigurationError, SignInError, Unavailable
from .settings import endpoint_variable
from .strict_json import parse_object
from .upstream import Upstream

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import requests

    from .upstream import Answer

# Two tries of three seconds at most leave a sign-in time enough.
_TRIES = 2
_TRY_SECONDS = 3

_TYPE = "application/x-amz-json-1.1"
_PASSING = ("InternalServiceError", "ServiceUnavailable", "ThrottlingException")


class SecretsManager:
    """Behaves as boto3's client of that name does: endpoint, region, credentials and errors.

    Credentials come from the environment, or, under SnapStart, from the container's endpoint:
    https://docs.aws.amazon.com/lambda/latest/dg/snapstart-activate.html#snapstart-credentials
    They are looked for at the first call, so that no snapshot holds any.
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

    def get_secret_value(self, *, SecretId: str) -> dict[str, Any]:  # noqa: N803 - AWS's own name
        """The current version's answer; raise botocore's ClientError or BotoCoreError."""
        for _ in range(_TRIES - 1):
            try:
                return self._ask(SecretId)
            except HTTPClientError:
                pass
            except ClientError as error:
                if error.response["Error"]["Code"] not in _PASSING:
                    raise
            self._pause(random.uniform(0.05, 0.25))  # noqa: S311 - spreads load, keeps no secret
        return self._ask(SecretId)

    def _ask(self, secret_id: str) -> dict[str, Any]:
        body = json.dumps({"SecretId": secret_id}).encode()
        deadline = self._clock() + _TRY_SECONDS
        headers = self._signed(body)
        try:
            answer = self._upstream.post("secret", self.url, headers, body, deadline=deadline)
            fields = parse_object(answer.body)
        except Unavailable as error:
            raise _refused("ThrottlingException") from error
        except SignInError as error:
            raise HTTPClientError(error=error.reason) from error
        except ValueError as error:
            raise HTTPClientError(error="no JSON object") from error
        if answer.status != 200:
            raise _refused(_code(answer, fields))
        return fields

    def _signed(self, body: bytes) -> dict[str, str]:
        if self._credentials is None:
            self._credentials = self._resolver.load_credentials()
        if self._credentials is None:
            raise NoCredentialsError
        headers = {"Content-Type": _TYPE, "X-Amz-Target": "secretsmanager.GetSecretValue"}
        request = AWSRequest("POST", self.url, headers, body)
        # Frozen: the three parts must be of one moment, should they be renewed meanwhile.
        signer = SigV4Auth(
            self._credentials.get_frozen_credentials(), "secretsmanager", self._region
        )
        signer.add_auth(request)
        return dict(request.headers.items())


def endpoint(environ: Mapping[str, str], region: str) -> str:
    """Where Secrets Manager is: where the environment says, else at AWS's own address."""
    variable = endpoint_variable(environ, "AWS_ENDPOINT_URL_SECRETS_MANAGER")
    if variable is not None:
        return f"{environ[variable].rstrip('/')}/"
    fips = "-fips" if environ.get("AWS_USE_FIPS_ENDPOINT", "").lower() == "true" else ""
    suffix = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
    return f"https://secretsmanager{fips}.{region}.{suffix}/"


def _code(answer: Answer, fields: Mapping[str, Any]) -> str:
    """The error's name; a namespace may stand before it, a URL after it."""
    named = answer.headers.get("x-amzn-ErrorType") or str(fields.get("__type", ""))
    code = named.partition(":")[0].rpartition("#")[2]
    return "ServiceUnavailable" if answer.status >= 500 else code or "Unknown"


def _refused(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code}}, "GetSecretValue")
