"""What the guard also needs when sessions are in a table: it checks them with Cognito itself.

``guard`` imports this only then; and this imports requests when a session is due for a check.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .sessions.keepers import keeper_for
from .sessions.visitors import Visitors
from .settings import CognitoSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from aws_lambda_powertools import Logger

    from .aws.secret_store import SecretStore
    from .counters import Counters
    from .sessions.refresh import AsksCognito, Refreshed
    from .sessions.session import Session, SessionCookie
    from .settings import CommonSettings

# API Gateway waits for an authorizer for ten seconds, and the session is written at the end.
_SECONDS = 6


class LateRefresh:
    """Refreshes sessions with what ``make`` makes when the first one is due."""

    def __init__(self, make: Callable[[], AsksCognito]) -> None:
        self._make = make
        self._made: AsksCognito | None = None

    def ask(self, session: Session, *, deadline: float) -> Refreshed:
        if self._made is None:
            self._made = self._make()
        return self._made.ask(session, deadline=deadline)


def visitors_for(
    settings: CommonSettings,
    environ: Mapping[str, str],
    *,
    cookie: SessionCookie,
    secrets: SecretStore,
    log: Logger,
    counters: Counters,
    clock: Callable[[], float],
    now: Callable[[], float],
    pause: Callable[[float], None],
) -> Visitors:
    """Raise ConfigurationError when the environment does not say where Cognito is.

    ``clock`` gives monotonic seconds, ``now`` seconds since the epoch; ``pause`` waits.
    """
    cognito = CognitoSettings.from_environ(environ)

    def make() -> AsksCognito:
        import requests  # noqa: PLC0415 - takes longer to import than the guard to answer

        from .cognito.http import Upstream  # noqa: PLC0415 - likewise
        from .cognito.id_token import IdTokenVerifier  # noqa: PLC0415 - likewise
        from .cognito.oauth import AppClient  # noqa: PLC0415 - likewise
        from .sessions.refresh import Refresh  # noqa: PLC0415 - likewise

        client = AppClient(
            Upstream(requests.Session(), clock),
            secrets,
            domain_url=cognito.cognito_domain_url,
            backchannel_url=cognito.cognito_backchannel_url,
            jwks_url=cognito.cognito_jwks_url,
            scope="",  # it sends nobody to sign in
        )
        verifier = IdTokenVerifier(
            issuer=cognito.cognito_issuer,
            fetch_keys=lambda deadline: client.signing_keys(deadline=deadline),
            now=now,
        )
        return Refresh(client=client, verifier=verifier, clock=clock, now=now)

    keeper = keeper_for(
        settings,
        environ,
        cookie=cookie,
        secrets=secrets,
        log=log,
        counters=counters,
        clock=clock,
        now=now,
        pause=pause,
    )
    return Visitors(
        cookie=cookie,
        keeper=keeper,
        refresh=LateRefresh(make),
        log=log,
        counters=counters,
        clock=clock,
        now=now,
        microseconds=lambda: int(now() * 1_000_000),
        seconds=_SECONDS,
    )
