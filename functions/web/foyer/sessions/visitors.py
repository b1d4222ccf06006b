"""Who a request comes from: its session, which is renewed, refreshed or ended as needed."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from .. import flash
from ..errors import BadGateway, PerhapsNewKey, Refused, RequestFailed
from .reader import SessionReader
from .session import (
    Session,
    SessionCookie,
    auth_time,
    hash_of_nonce,
    next_refresh,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from aws_lambda_powertools import Logger

    from ..aws.secret_store import SecretStore
    from ..cognito.answers import Tokens
    from ..cognito.id_token import IdToken, IdTokenVerifier
    from ..cognito.oauth import AppClient
    from ..counters import Counters

# Seconds: for all of it, reading the secret included; for the refresh and for the key set within
# that; and until a refresh that failed is tried again.
_RECOGNISE = 10
_REFRESH = 3
_KEYS = 3
_TRY_AGAIN_AFTER = 30

# Only the ID token itself may prove that a session must end. Without the right key nothing is
# proven, whether the key set was unavailable, malformed or lacked the key.
_PROVES_NOTHING = ("jwks_", "id_token_unknown_key", "id_token_ambiguous_key")


@dataclass(frozen=True)
class Access:
    """What a refresh gave for this one request: an access token and the ID token's claims."""

    token: str = field(repr=False)
    claims: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True)
class Visit:
    """Who is here, and the ``Set-Cookie`` lines that must go with the answer.

    ``postponed`` is why a refresh that was due did not happen. ``was_refused``: the session ended
    because its refresh token does not count any more.
    """

    session: Session | None
    cookies: tuple[str, ...] = ()
    was_ended: bool = False
    was_refused: bool = False
    access: Access | None = None
    postponed: RequestFailed | None = None

    @property
    def signed_in(self) -> Session:
        """The session, on a route that needs one."""
        if self.session is None:
            raise LookupError("nobody is signed in; the route must say needs=Needs.SESSION")
        return self.session

    def is_recent(self, seconds: float, now: float) -> bool:
        """Whether the visitor proved who they are within ``seconds``.

        By ``auth_time`` (OIDC Core §2), since managed login may sign in without asking, and by the
        sign-in here, in case the token's time is wrong.
        """
        if self.access is None or self.session is None:
            return False
        authenticated_at = min(auth_time(self.access.claims), self.session.signed_in_at)
        return now - authenticated_at <= seconds


class Visitors:
    """Recognises visitors; ``clock`` gives monotonic seconds, ``now`` those since the epoch.

    ``microseconds`` gives those since the epoch; it orders sign-ins and sign-outs (order.py).
    """

    def __init__(
        self,
        *,
        cookie: SessionCookie,
        client: AppClient,
        verifier: IdTokenVerifier,
        secrets: SecretStore,
        log: Logger,
        counters: Counters,
        clock: Callable[[], float],
        now: Callable[[], float],
        microseconds: Callable[[], int],
    ) -> None:
        self._cookie = cookie
        self._reader = SessionReader(cookie, secrets, now=now)
        self._client = client
        self._verifier = verifier
        self._secrets = secrets
        self._log = log
        self._counters = counters
        self._clock = clock
        self._now = now
        self._microseconds = microseconds

    def recognise(self, cookies: Mapping[str, str]) -> Visit:
        """Who is here. Asks Cognito only when the access token has expired."""
        deadline = self._clock() + _RECOGNISE
        visit = self._shown(cookies)
        session = visit.session
        if session is None:
            return visit
        now = self._now()
        if session.is_due_for_refresh(now):
            return self._refreshed(session, visit.cookies, deadline)
        if self._cookie.is_worth_renewing(session, now):
            return self._sealed(session, visit.cookies)
        return visit

    def ask(self, cookies: Mapping[str, str]) -> Visit:
        """Who is here. Refreshes now and returns a new access token.

        A session without a refresh token has no ``access``, and no ``postponed`` either.
        """
        deadline = self._clock() + _RECOGNISE
        visit = self._shown(cookies)
        session = visit.session
        if session is None or session.refresh_token is None:
            return visit
        return self._refreshed(session, visit.cookies, deadline)

    def begin(self, session: Session, cookies: Mapping[str, str]) -> Visit:
        """Begin a session, in place of all that the browser has."""
        shown = self._cookie.shown(cookies)
        session = replace(session, began=shown.next_began(self._microseconds()))
        return self._sealed(session, self._cookie.clear(shown.sessions))

    def has_cookie(self, cookies: Mapping[str, str]) -> bool:
        """Whether the browser sent a session cookie that counts, valid or not."""
        return self._cookie.shown(cookies).current is not None

    def sign_out(self, cookies: Mapping[str, str]) -> tuple[str, ...]:
        """``Set-Cookie`` lines that sign this browser out, whatever else is still on its way."""
        return self._cookie.sign_out(self._cookie.shown(cookies), self._microseconds())

    def session_in(self, cookies: Mapping[str, str]) -> Session | None:
        """The session in the cookie as it is, or None when there is none or it is invalid."""
        return self._shown(cookies).session

    def _shown(self, cookies: Mapping[str, str]) -> Visit:
        """The session as it is; cookies that are invalid or left over are cleared."""
        reading = self._reader.read(cookies)
        if reading.broken is None:
            return Visit(reading.session, self._cookie.clear(reading.shown.left_over))
        self._log.info("session_not_usable", reason=str(reading.broken))
        if isinstance(reading.broken, PerhapsNewKey):  # another container may be able to open it
            return Visit(None)
        return Visit(None, self._cookie.clear(reading.shown.sessions))

    def _sealed(self, session: Session, cleared: tuple[str, ...]) -> Visit:
        """The session, in use now, in its cookie; the lines in ``cleared`` go with it."""
        session = replace(session, seen_at=int(self._now()))
        line, left_out = self._cookie.line(session, keys=self._secrets.credentials().key_ring)
        if left_out:
            self._log.warning("session_too_large", left_out=list(left_out))
            session = session.without(left_out)
        return Visit(session, (line, *cleared))

    def _refreshed(self, session: Session, cleared: tuple[str, ...], deadline: float) -> Visit:
        """Ask Cognito; the lines in ``cleared`` go with the answer."""
        ended = (*self._cookie.clear([session.place.name]), *cleared)
        answered_by = min(deadline, self._clock() + _REFRESH)
        try:
            tokens = self._client.refresh(session.refresh_token or "", deadline=answered_by)
        except Refused as error:
            # Any refusal of the token means that this visitor may not stay: disabled, deleted,
            # signed out everywhere.
            if error.error == "invalid_client":  # the operator's mistake
                return self._later(session, cleared, error)
            return self._ended(session, ended, error)
        except RequestFailed as error:
            return self._later(session, cleared, error)
        # From here on only a rotated token works, so this is a new cookie.
        session = replace(
            session,
            refresh_token=tokens.refresh_token or session.refresh_token,
            refreshes=session.refreshes + 1,
        )
        return self._confirmed(session, tokens, ended, deadline)

    def _confirmed(
        self, session: Session, tokens: Tokens, cleared: tuple[str, ...], deadline: float
    ) -> Visit:
        """The visit after a refresh. Its ID token is optional, but Cognito always sends one."""
        if tokens.id_token is None:
            refresh_at = next_refresh(tokens.expires_in, {}, self._now())
            return self._sealed(replace(session, refresh_at=refresh_at), cleared)
        try:
            id_token = self._verified(session, tokens, tokens.id_token, deadline)
        except RequestFailed as error:
            if error.reason.startswith(_PROVES_NOTHING):
                return self._later(session, cleared, error)
            return self._ended(session, cleared, error)
        gaps = {
            name: session.claims[name] for name in session.from_userinfo if name in session.claims
        }
        refreshed = replace(
            session.with_claims(id_token.claims, gaps),
            refresh_at=next_refresh(tokens.expires_in, id_token.claims, self._now()),
            auth_time=auth_time(id_token.claims),
        )
        access = Access(tokens.access_token, id_token.claims)
        return replace(self._sealed(refreshed, cleared), access=access)

    def _verified(self, session: Session, tokens: Tokens, new: str, deadline: float) -> IdToken:
        """The new ID token, after the checks of OIDC Core §12.2."""
        id_token = self._verifier.verify(
            new,
            client_id=tokens.client_id,
            nonce=None,
            access_token=tokens.access_token,
            deadline=min(deadline, self._clock() + _KEYS),
        )
        if (id_token.issuer, id_token.subject) != (session.issuer, session.subject):
            raise BadGateway("refresh_other_subject")
        nonce = id_token.claims.get("nonce")
        if nonce is not None and hash_of_nonce(str(nonce)) != session.nonce_hash:
            raise BadGateway("refresh_other_nonce")
        return id_token

    def _later(self, session: Session, cleared: tuple[str, ...], error: RequestFailed) -> Visit:
        """Cognito is unavailable: nobody's session ends, and the refresh is tried again later."""
        sub = session.subject
        self._log.warning("refresh_postponed", reason=error.reason, detail=error.detail, sub=sub)
        self._counters.count("RefreshPostponed", reason=error.reason)
        later = replace(session, refresh_at=int(self._now()) + _TRY_AGAIN_AFTER)
        return replace(self._sealed(later, cleared), postponed=error)

    def _ended(self, session: Session, cleared: tuple[str, ...], error: RequestFailed) -> Visit:
        sub = session.subject
        self._log.info("session_ended", reason=error.reason, detail=error.detail, sub=sub)
        self._counters.count("SessionEnded", reason=error.reason)
        if error.reason != "token_invalid_grant":
            return Visit(None, cleared, was_ended=True)
        # Signed out everywhere, disabled, or used by somebody with a copy of the cookie.
        refused = flash.remember_refusal(style=self._cookie.style)
        return Visit(None, (*cleared, refused), was_ended=True, was_refused=True)
