"""What the guard also needs when sessions are in a table: it checks them with Cognito itself.

``guard`` imports this only then; and this imports requests when a session is due for a check.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .sessions import keepers
from .settings import CognitoSettings

if TYPE_CHECKING:
    from collections.abc import Callable

    from .container import Container
    from .sessions.refresh import AsksCognito, Refreshed
    from .sessions.session import Session
    from .sessions.visitors import Visitors
    from .settings import CommonSettings

# API Gateway waits for an authorizer for ten seconds, and the session is written at the end.
_SECONDS = 6


class LateRefresh:
    """Refreshes sessions with what it builds when the first one is due."""

    def __init__(
        self, settings: CommonSettings, cognito: CognitoSettings, container: Container
    ) -> None:
        self._settings = settings
        self._cognito = cognito
        self._container = container
        self._built: AsksCognito | None = None

    def ask(self, session: Session, *, deadline: float, now: Callable[[], float]) -> Refreshed:
        if self._built is None:
            self._built = self._build()
        return self._built.ask(session, deadline=deadline, now=now)

    def _build(self) -> AsksCognito:
        import requests  # noqa: PLC0415 - takes longer to import than the guard to answer

        from .cognito.http import Upstream  # noqa: PLC0415 - likewise
        from .cognito.pool import client_and_verifier  # noqa: PLC0415 - likewise
        from .sessions.refresh import Refresh  # noqa: PLC0415 - likewise

        clocks = self._container.clocks
        client, verifier = client_and_verifier(
            self._cognito,
            Upstream(requests.Session(), clocks.monotonic),
            self._container.secrets,
            scope="",  # it sends nobody to sign in
            resource="",
            passes_access_token=self._settings.pass_access_token,
            now=clocks.now,
        )
        return Refresh(
            client=client,
            verifier=verifier,
            entry=keepers.entry_rules_for(self._settings),
            log=self._container.log,
            clocks=clocks,
        )


def visitors_for(settings: CommonSettings, container: Container) -> Visitors:
    """Raise ConfigurationError when the environment does not say where Cognito is."""
    cognito = CognitoSettings.from_environ(container.variables)
    refresh = LateRefresh(settings, cognito, container)
    return keepers.visitors_for(settings, container, refresh, seconds=_SECONDS)
