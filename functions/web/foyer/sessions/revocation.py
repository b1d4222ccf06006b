"""Revokes a session's refresh token at Cognito (RFC 7009)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import RequestFailed

if TYPE_CHECKING:
    from aws_lambda_powertools import Logger

    from ..cognito.oauth import AppClient
    from .session import Session


def revoke(session: Session | None, client: AppClient, log: Logger, *, deadline: float) -> None:
    """Best effort: nothing fails because Cognito is slow. ``deadline`` is on the upstream's clock.

    Without a session or a refresh token, there is nothing to do.
    """
    if session is None or session.refresh_token is None:
        return
    try:
        client.revoke(session.refresh_token, deadline=deadline)
    except RequestFailed as error:
        log.warning(
            "revocation_failed", reason=error.reason, detail=error.detail, sub=session.subject
        )
