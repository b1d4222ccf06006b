"""The Lambda handler: builds everything once, then runs one step for each event."""

from __future__ import annotations

import os
import time
from functools import cache
from typing import TYPE_CHECKING, Any

import boto3
from aws_lambda_powertools import Logger

from .aws_calls import CLIENT_CONFIG
from .client_secrets import ClientSecrets
from .rotation import Rotation
from .settings import Settings
from .token_endpoint import TokenEndpoint, one_request

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


def build(settings: Settings) -> Rotation:
    """boto3's own variables (AWS_REGION, AWS_ENDPOINT_URL…) set the endpoints of its clients."""
    return Rotation(
        secrets_manager=boto3.client("secretsmanager", config=CLIENT_CONFIG),
        client_secrets=ClientSecrets(
            boto3.client("cognito-idp", config=CLIENT_CONFIG), settings.user_pool_id
        ),
        token_endpoint=TokenEndpoint(
            settings.backchannel_url, settings.callback_url, one_request, time.sleep
        ),
        log=Logger(service="foyer-rotation"),
    )


@cache
def _rotation() -> Rotation:
    return build(Settings.from_environ(os.environ))


def handler(event: dict[str, Any], _context: LambdaContext) -> None:
    """Run one step of a rotation (``foyer_rotation.app.handler``)."""
    _rotation().run(event)
