"""How sessions are kept, visitors recognised, and who may enter, as the settings ask."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from .cookie_keeper import CookieKeeper
from .visitors import RECOGNISE_SECONDS, Visitors

if TYPE_CHECKING:
    from ..clocks import Clocks
    from ..container import Container
    from ..settings import CommonSettings
    from .entry import EntryRules
    from .keeper import SessionKeeper
    from .refresh import AsksCognito


def visitors_for(
    settings: CommonSettings,
    container: Container,
    refresh: AsksCognito,
    *,
    seconds: float = RECOGNISE_SECONDS,
) -> Visitors:
    """``seconds`` is how long it may take to recognise one."""
    keeper, clocks = _keeper_for(settings, container)
    return Visitors(
        cookie=container.cookie,
        keeper=keeper,
        refresh=refresh,
        log=container.log,
        counters=container.counters,
        clocks=clocks,
        seconds=seconds,
    )


def entry_rules_for(settings: CommonSettings) -> EntryRules | None:
    """None if everybody may enter."""
    if not (settings.allowed_email_domains or settings.allowed_groups):
        return None
    from .entry import EntryRules  # noqa: PLC0415 - imported only where entry is limited

    return EntryRules(settings.allowed_email_domains, settings.allowed_groups)


def _keeper_for(settings: CommonSettings, container: Container) -> tuple[SessionKeeper, Clocks]:
    """The keeper, and the clocks that times in its sessions are compared with."""
    if not settings.session_table:
        in_cookies = CookieKeeper(
            container.cookie,
            container.secrets,
            log=container.log,
            now=container.clocks.now,
            groups=settings.session_groups,
        )
        return in_cookies, container.clocks
    from ..aws.dynamodb import Table  # noqa: PLC0415 - imported only with a table
    from .rows import Rows  # noqa: PLC0415 - likewise
    from .table_keeper import TableKeeper  # noqa: PLC0415 - likewise

    table = Table(
        container.variables,
        settings.session_table,
        on_failure=lambda reason: container.counters.count("TableFailed", reason=reason),
        clocks=container.clocks,
    )
    # Locks and idle times are written by one container and read by others, whose clocks may differ.
    clocks = replace(container.clocks, now=table.now)
    rows = Rows(
        container.cookie,
        container.secrets,
        clocks,
        keeps_access_token=settings.pass_access_token,
    )
    return TableKeeper(table, rows, container.cookie, log=container.log, clocks=clocks), clocks
