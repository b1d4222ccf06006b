"""What one container of the web function or of the guard is built from, and its start."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from aws_lambda_powertools import Logger

from .aws.secret_store import SecretStore, load_ahead
from .aws.secrets_manager import SecretsManager
from .clocks import SYSTEM, Clocks
from .cookies import CookieStyle
from .counters import Counters
from .errors import ConfigurationError
from .sessions.session import SessionCookie
from .settings import CommonSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .aws.secret_store import Source

S = TypeVar("S", bound=CommonSettings)
T = TypeVar("T")


@dataclass(frozen=True)
class Container:
    """Built once per container."""

    # Of the environment; with AWS's own, such as credentials.
    variables: Mapping[str, str] = field(repr=False)
    secrets: SecretStore
    cookie: SessionCookie
    log: Logger
    counters: Counters
    clocks: Clocks

    @classmethod
    def of(
        cls,
        settings: CommonSettings,
        environ: Mapping[str, str],
        *,
        source: Source,
        log: Logger,
        clocks: Clocks = SYSTEM,
    ) -> Container:
        log.setLevel(settings.log_level)
        return cls(
            variables=environ,
            secrets=SecretStore(source, settings.secret_id, clock=clocks.monotonic, log=log),
            cookie=SessionCookie(
                CookieStyle.of_app(settings.app_url),
                settings.session_idle_seconds,
                settings.session_max_seconds,
            ),
            log=log,
            counters=Counters(namespace=settings.metrics_namespace, stack_name=settings.stack_name),
            clocks=clocks,
        )


def start(
    environ: Mapping[str, str],
    read: Callable[[Mapping[str, str]], S],
    build: Callable[[S, Container], T],
) -> T:
    """Read the settings and build; a mistake in them is logged and stops the function."""
    log = Logger(service=environ.get("STACK_NAME") or "foyer")
    try:
        settings = read(environ)
        container = Container.of(settings, environ, source=SecretsManager(environ), log=log)
        built = build(settings, container)
    except ConfigurationError as error:
        log.critical("configuration_error", detail=str(error))
        raise
    # A snapshot must hold no secret, and lives longer than any connection.
    if environ.get("AWS_LAMBDA_INITIALIZATION_TYPE") != "snap-start":
        load_ahead(container.secrets, log)
    return built
