"""Who a request comes from: the session it shows, renewed, refreshed or ended as is due."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from .errors import BadGateway, PerhapsNewKey, Refused, SealBroken, SignInError
from .session import Session, SessionCookie, kept_claims

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from aws_lambda_powertools import Logger

    from .cognito import Cognito, Tokens
    from .counters import Counters
    from .id_token import IdToken, IdTokenVerifier
    from .secret_store import Credentials, SecretStore

# Seconds. The first is for finding out who is here, the secret included; within it, or not at
# all, a session is refreshed, because nobody should wait long for a page.
_RECOGNISE = 10
_REFRESH = 3
_KEYS = 3
_TRY_AGAIN_AFTER = 30

# Only what the ID token itself proves wrong may end a session. Without the right key nothing is
# proven, whether the key set could not be had, made no sense or lacked the key.
_PROVES_NOTHING = ("jwks_", "id_token_unknown_key", "id_token_ambiguous_key")


@dataclass(frozen=True)
class Access:
    """What a refresh gave besides, for this one request: an access token, the ID token's claims."""

    token: str = field(repr=False)
    claims: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True)
class Visit:
    """Who is here, and the ``Set-Cookie`` lines that have to go with the answer.

    ``postponed`` says why Cognito could not be asked about a session that was to be refreshed.
    """

    session: Session | None
    cookies: tuple[str, ...] = ()
    was_ended: bool = False
    access: Access | None = None
    postponed: SignInError | None = None


class Visitors:
    """Recognises visitors; ``clock`` gives monotonic seconds, ``now`` those since the epoch."""

    def __init__(
        self,
        *,
        cookie: SessionCookie,
        cognito: Cognito,
        verifier: IdTokenVerifier,
        secrets: SecretStore,
        log: Logger,
        counters: Counters,
        clock: Callable[[], float],
        now: Callable[[], float],
    ) -> None:
        self._cookie = cookie
        self._cognito = cognito
        self._verifier = verifier
        self._secrets = secrets
        self._log = log
        self._counters = counters
        self._clock = clock
        self._now = now

    def recognise(self, cookies: Mapping[str, str]) -> Visit:
        """Who is here. Asks Cognito once the access token's life is over; else no upstream call."""
        deadline = self._clock() + _RECOGNISE
        visit = self._shown(cookies)
        session = visit.session
        if session is None:
            return visit
        now = self._now()
        if session.is_due_for_refresh(now):
            return self._refreshed(replace(session, seen_at=int(now)), deadline)
        if self._cookie.is_worth_renewing(session, now):
            return self.remember(replace(session, seen_at=int(now)))
        return visit

    def ask(self, cookies: Mapping[str, str]) -> Visit:
        """Who is here by Cognito's word of this moment, with an access token.

        A session without a refresh token has no ``access``, and no ``postponed`` either.
        """
        deadline = self._clock() + _RECOGNISE
        visit = self._shown(cookies)
        session = visit.session
        if session is None or session.refresh_token is None:
            return visit
        return self._refreshed(replace(session, seen_at=int(self._now())), deadline)

    def session_in(self, cookies: Mapping[str, str]) -> Session | None:
        """The session as the browser shows it, or None when there is none or it is no good."""
        return self._shown(cookies).session

    def _shown(self, cookies: Mapping[str, str]) -> Visit:
        """The session in the cookie, as it is; a cookie that is no good is to be cleared."""
        if not self._cookie.is_in(cookies):
            return Visit(None)
        try:
            session = self._secrets.use(
                lambda credentials: self._cookie.open(
                    cookies, keys=credentials.key_ring, now=self._now()
                )
            )
        except SealBroken as error:
            self._log.info("session_not_usable", reason=str(error))
            if isinstance(error, PerhapsNewKey):  # who knows the key should not find it gone
                return Visit(None)
            return Visit(None, (self._cookie.clear(),))
        return Visit(session)

    def remember(self, session: Session) -> Visit:
        """Seal the session into its cookie."""
        line, left_out = self._cookie.set(session, keys=self._secrets.credentials().key_ring)
        if left_out:
            self._log.warning("session_too_large", left_out=list(left_out))
        return Visit(session, (line,))

    def _refreshed(self, session: Session, deadline: float) -> Visit:
        answered_by = min(deadline, self._clock() + _REFRESH)
        try:
            tokens, client_id = self._secrets.use(
                lambda credentials: self._new_tokens(session, credentials, answered_by)
            )
        except Refused as error:
            # Anything else is Cognito's word that this visitor may not stay: disabled, deleted,
            # signed out everywhere.
            is_operators_mistake = error.error == "invalid_client"
            return self._later(session, error) if is_operators_mistake else self._ended(error)
        except SignInError as error:
            return self._later(session, error)
        # From here on a rotated token is the only one that will work.
        session = replace(session, refresh_token=tokens.refresh_token or session.refresh_token)
        try:
            id_token = self._confirmed(session, tokens, client_id)
        except SignInError as error:
            proves_nothing = error.reason.startswith(_PROVES_NOTHING)
            return self._later(session, error) if proves_nothing else self._ended(error)
        refreshed = replace(
            session,
            claims=kept_claims(id_token.claims),
            refresh_at=int(self._now()) + tokens.expires_in,
        )
        access = Access(tokens.access_token, id_token.claims)
        return replace(self.remember(refreshed), access=access)

    def _new_tokens(
        self, session: Session, credentials: Credentials, deadline: float
    ) -> tuple[Tokens, str]:
        tokens = self._cognito.refresh(
            client_id=credentials.client_id,
            client_secret=credentials.client_secret,
            refresh_token=session.refresh_token or "",
            deadline=deadline,
        )
        return tokens, credentials.client_id

    def _confirmed(self, session: Session, tokens: Tokens, client_id: str) -> IdToken:
        """The new ID token, after the checks of OIDC Core §12.2."""
        id_token = self._verifier.verify(
            tokens.id_token,
            client_id=client_id,
            nonce=None,
            access_token=tokens.access_token,
            deadline=self._clock() + _KEYS,
        )
        if (id_token.issuer, id_token.subject) != (session.issuer, session.subject):
            raise BadGateway("refresh_other_subject")
        return id_token

    def _later(self, session: Session, error: SignInError) -> Visit:
        """Cognito cannot be asked: that ends nobody's session, and is tried again in a while."""
        self._log.warning("refresh_postponed", reason=error.reason, detail=error.detail)
        self._counters.count("RefreshPostponed", reason=error.reason)
        later = replace(session, refresh_at=int(self._now()) + _TRY_AGAIN_AFTER)
        return replace(self.remember(later), postponed=error)

    def _ended(self, error: SignInError) -> Visit:
        self._log.info("session_ended", reason=error.reason, detail=error.detail)
        self._counters.count("SessionEnded", reason=error.reason)
        return Visit(None, (self._cookie.clear(),), was_ended=True)
