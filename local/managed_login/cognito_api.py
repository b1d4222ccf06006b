"""A client for the user pool's API, which raises its errors as Rejected."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from local.managed_login.errors import Rejected
from local.managed_login.settings import ManagedLogin

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient


def connect(settings: ManagedLogin) -> CognitoIdentityProviderClient:
    client: CognitoIdentityProviderClient = settings.aws.client(
        "cognito-idp", read_timeout=10, max_pool_connections=40
    )
    return client


@contextmanager
def rejections() -> Iterator[None]:
    """Raise errors of the pool as Rejected, with Cognito's error code."""
    try:
        yield
    except ClientError as error:
        raise Rejected(error.response["Error"]["Code"]) from error
