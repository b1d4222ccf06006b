"""The Lambda function: built while the container starts, then called for each event."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import requests
from aws_lambda_powertools import Logger

from .assembly import App, build
from .errors import ConfigurationError
from .secrets_manager import SecretsManager

if TYPE_CHECKING:
    from collections.abc import Mapping


def start(environ: Mapping[str, str]) -> App:
    """Build the app; a mistake in the environment is logged and stops the function."""
    log = Logger(service=environ.get("STACK_NAME") or "foyer")
    try:
        secrets_manager = SecretsManager(environ, http=requests.Session())
        app = build(environ, http=requests.Session(), secrets_manager=secrets_manager, log=log)
    except ConfigurationError as error:
        log.critical("configuration_error", detail=str(error))
        raise
    # A snapshot must hold no secret, and outlives any connection.
    if environ.get("AWS_LAMBDA_INITIALIZATION_TYPE") != "snap-start":
        app.load_secret()
    return app


handler = start(os.environ)
