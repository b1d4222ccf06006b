"""Which keeper of sessions the settings ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .cookie_keeper import CookieKeeper

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from aws_lambda_powertools import Logger

    from ..aws.secret_store import SecretStore
    from ..counters import Counters
    from ..settings import CommonSettings
    from .keeper import SessionKeeper
    from .session import SessionCookie


def keeper_for(
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
) -> SessionKeeper:
    """The keeper; ``environ`` has the table's endpoint and credentials.

    ``clock`` gives monotonic seconds, ``now`` those since the epoch; ``pause`` waits.
    """
    if not settings.session_table:
        return CookieKeeper(cookie, secrets, log=log, now=now, groups=settings.session_groups)
    from ..aws.dynamodb import Table  # noqa: PLC0415 - imported only with a table
    from .table_keeper import TableKeeper  # noqa: PLC0415 - likewise

    table = Table(
        environ,
        settings.session_table,
        on_failure=lambda reason: counters.count("TableFailed", reason=reason),
    )
    return TableKeeper(
        table,
        cookie,
        secrets,
        keeps_access_token=settings.pass_access_token,
        log=log,
        clock=clock,
        now=now,
        pause=pause,
    )
