"""The user pool's API: a client for it, and its refusals as our own error."""

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
    """Whatever the pool refuses inside raises Rejected, with Cognito's error code."""
    try:
        yield
    except ClientError as error:
        raise Rejected(error.response["Error"]["Code"]) from error
