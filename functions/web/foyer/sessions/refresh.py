"""Asks Cognito whether a visitor may stay signed in, and what it knows about them now."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol

from ..errors import AccessDenied, BadGateway, Refused, RequestFailed
from .revocation import revoke
from .session import auth_time, hash_of_nonce, next_refresh

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from aws_lambda_powertools import Logger

    from ..clocks import Clocks
    from ..cognito.answers import Tokens
    from ..cognito.id_token import IdToken, IdTokenVerifier
    from ..cognito.oauth import AppClient
    from .entry import EntryRules
    from .session import Session

# Seconds: for the refresh, for the key set, for the revocation, and until a refresh that failed is
# tried again.
_REFRESH = 3
_KEYS = 3
_REVOKE = 2
_TRY_AGAIN_AFTER = 30

# Only the ID token itself may prove that a session must end. Without the right key nothing is
# proven, whether the key set was unavailable, malformed or lacked the key; and a token from the
# future says that a clock is wrong.
_PROVES_NOTHING = (
    "jwks_",
    "id_token_unknown_key",
    "id_token_ambiguous_key",
    "id_token_issued_in_future",
    "id_token_not_valid_yet",
)


@dataclass(frozen=True)
class Access:
    """What a refresh gave for this one request: an access token and the ID token's claims."""

    token: str = field(repr=False)
    claims: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True)
class Refreshed:
    """The session after Cognito was asked.

    ``postponed`` is why that gave nothing, ``ended`` why the session is over.
    """

    session: Session
    access: Access | None = None
    postponed: RequestFailed | None = None
    ended: RequestFailed | None = None


class AsksCognito(Protocol):
    """Refreshes sessions."""

    def ask(self, session: Session, *, deadline: float, now: Callable[[], float]) -> Refreshed:
        """What Cognito says until ``deadline``, on the monotonic clock.

        ``now`` gives seconds since the epoch, by the clock of the session's times.
        """


class Refresh:
    """Refreshes sessions at the token endpoint.

    ``entry`` limits who may enter, and so who may stay; None limits nothing.
    """

    def __init__(
        self,
        *,
        client: AppClient,
        verifier: IdTokenVerifier,
        entry: EntryRules | None,
        log: Logger,
        clocks: Clocks,
    ) -> None:
        self._client = client
        self._verifier = verifier
        self._entry = entry
        self._log = log
        self._clocks = clocks

    def ask(self, session: Session, *, deadline: float, now: Callable[[], float]) -> Refreshed:
        answered_by = min(deadline, self._clocks.monotonic() + _REFRESH)
        try:
            tokens = self._client.refresh(session.refresh_token or "", deadline=answered_by)
        except Refused as error:
            # Any refusal of the token means that this visitor may not stay: disabled, deleted,
            # signed out everywhere.
            if error.error == "invalid_client":  # the operator's mistake
                return self._later(session, error, now())
            return Refreshed(session, ended=error)
        except RequestFailed as error:
            return self._later(session, error, now())
        # From here on only a rotated token works, so a cookie gets a new name.
        session = replace(
            session,
            refresh_token=tokens.refresh_token or session.refresh_token,
            refreshes=session.refreshes + 1,
        )
        return self._confirmed(session, tokens, deadline, now)

    def _confirmed(
        self, session: Session, tokens: Tokens, deadline: float, now: Callable[[], float]
    ) -> Refreshed:
        """After a refresh. Its ID token is optional, but Cognito always sends one."""
        session = replace(session, access_token=tokens.access_token)
        if tokens.id_token is None:
            if self._entry is not None:
                return self._refused(session, "entry_unknown", deadline)
            refresh_at = next_refresh(tokens.expires_in, {}, now())
            return Refreshed(replace(session, refresh_at=refresh_at))
        try:
            id_token = self._verified(session, tokens, tokens.id_token, deadline)
        except RequestFailed as error:
            if error.reason.startswith(_PROVES_NOTHING):
                return self._later(session, error, now())
            return Refreshed(session, ended=error)
        refusal = self._entry.refusal(id_token.claims) if self._entry else ""
        if refusal:
            return self._refused(session, refusal, deadline)
        gaps = {
            name: session.claims[name] for name in session.from_userinfo if name in session.claims
        }
        refreshed = replace(
            session.with_claims(id_token.claims, gaps),
            refresh_at=next_refresh(tokens.expires_in, id_token.claims, now()),
            auth_time=auth_time(id_token.claims),
        )
        return Refreshed(refreshed, Access(tokens.access_token, id_token.claims))

    def _verified(self, session: Session, tokens: Tokens, new: str, deadline: float) -> IdToken:
        """The new ID token, after the checks of OIDC Core §12.2."""
        id_token = self._verifier.verify(
            new,
            client_id=tokens.client_id,
            nonce=None,
            access_token=tokens.access_token,
            deadline=min(deadline, self._clocks.monotonic() + _KEYS),
        )
        if (id_token.issuer, id_token.subject) != (session.issuer, session.subject):
            raise BadGateway("refresh_other_subject")
        nonce = id_token.claims.get("nonce")
        if nonce is not None and hash_of_nonce(str(nonce)) != session.nonce_hash:
            raise BadGateway("refresh_other_nonce")
        return id_token

    def _refused(self, session: Session, reason: str, deadline: float) -> Refreshed:
        """The user may not stay."""
        revoked_by = min(deadline, self._clocks.monotonic() + _REVOKE)
        revoke(session, self._client, self._log, deadline=revoked_by)
        return Refreshed(session, ended=AccessDenied(reason))

    def _later(self, session: Session, error: RequestFailed, now: float) -> Refreshed:
        """Cognito is unavailable: nobody's session ends, and the refresh is tried again later."""
        refresh_at = int(now) + _TRY_AGAIN_AFTER
        return Refreshed(replace(session, refresh_at=refresh_at), postponed=error)
