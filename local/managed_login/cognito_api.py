"""The user pool's API: a client for it, and its refusals as our own error."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from local.managed_login.errors import Rejected
from local.managed_login.settings import ManagedLogin

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient


def connect(settings: ManagedLogin) -> CognitoIdentityProviderClient:
    return boto3.client(
        "cognito-idp",
        endpoint_url=settings.aws_endpoint,
        region_name=settings.region,
        aws_access_key_id="test",
        aws_secret_access_key="test",  # noqa: S106 - MiniStack's root, on loopback
        config=Config(
            connect_timeout=2,
            read_timeout=10,
            retries={"total_max_attempts": 1},
            max_pool_connections=40,
        ),
    )


@contextmanager
def rejections() -> Iterator[None]:
    """Whatever the pool refuses inside raises Rejected, with Cognito's error code."""
    try:
        yield
    except ClientError as error:
        raise Rejected(error.response["Error"]["Code"]) from error
