"""What managed login sends back: a code that becomes a session (OIDC Core §3.1.3)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ..errors import BadGateway, BadRequest, EntryRefused, Refused, RequestFailed
from .revocation import revoke
from .session import Session, auth_time, hash_of_nonce, next_refresh

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aws_lambda_powertools import Logger

    from ..clocks import Clocks
    from ..cognito.answers import Tokens
    from ..cognito.id_token import IdToken, IdTokenVerifier
    from ..cognito.oauth import AppClient
    from .attempt import Attempt
    from .entry import EntryRules

# Seconds that each call may take, within the deadline for all of them.
_EXCHANGE = 5
_KEYS = 3
_USERINFO = 3
_REVOKE = 2


class SignIn:
    """Finishes sign-ins.

    ``entry`` limits who may enter; with None, everybody who signs in at Cognito may enter.
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

    def is_from_issuer(self, named: str | None) -> bool:
        """Whether the callback's ``iss``, if there is one, names our issuer (RFC 9207 §2.4)."""
        return named is None or self._verifier.is_issuer(named)

    def finish(self, code: str, attempt: Attempt, *, redirect_uri: str, deadline: float) -> Session:
        """Exchange the code and return the session of anyone who signed in, or raise RequestFailed.

        ``deadline`` is for everything that this takes, on the monotonic clock.
        """
        try:
            tokens = self._client.exchange_code(
                code=code,
                redirect_uri=redirect_uri,
                code_verifier=attempt.code_verifier,
                deadline=self._within(_EXCHANGE, deadline),
            )
        except Refused as error:
            if error.error == "invalid_grant":  # used, expired or made up by the browser
                raise BadRequest(error.reason) from error
            raise
        id_token = self._verifier.verify(
            tokens.id_token or "",
            client_id=tokens.client_id,
            nonce=attempt.nonce,
            access_token=tokens.access_token,
            deadline=self._within(_KEYS, deadline),
        )
        self._admit(tokens, id_token, return_to=attempt.return_to, deadline=deadline)
        profile = self._profile(tokens, id_token, self._within(_USERINFO, deadline))
        session = self._session(tokens, id_token, profile)
        return replace(session, nonce_hash=hash_of_nonce(attempt.nonce))

    def _admit(self, tokens: Tokens, id_token: IdToken, *, return_to: str, deadline: float) -> None:
        """Revoke the tokens and raise EntryRefused if this user may not enter."""
        if self._entry is None:
            return
        reason = self._entry.refusal(id_token.claims)
        if reason:
            deadline = self._within(_REVOKE, deadline)
            revoke(self._session(tokens, id_token, {}), self._client, self._log, deadline=deadline)
            raise EntryRefused(
                reason,
                account=self._entry.account_name(id_token.claims, id_token.subject),
                subject=id_token.subject,
                return_to=return_to,
            )

    def _within(self, seconds: float, deadline: float) -> float:
        return min(deadline, self._clocks.monotonic() + seconds)

    def _profile(self, tokens: Tokens, id_token: IdToken, deadline: float) -> Mapping[str, object]:
        """UserInfo's claims, which must be about the same person (OIDC Core §5.3.2)."""
        try:
            profile = self._client.userinfo(tokens.access_token, deadline=deadline)
        except RequestFailed as error:
            self._log.warning("userinfo_failed", reason=error.reason, detail=error.detail)
            return {}
        if profile.get("sub") != id_token.subject:
            raise BadGateway("userinfo_other_subject")
        return profile

    def _session(self, tokens: Tokens, id_token: IdToken, profile: Mapping[str, Any]) -> Session:
        now = int(self._clocks.now())
        session = Session(
            issuer=id_token.issuer,
            subject=id_token.subject,
            claims={},
            refresh_token=tokens.refresh_token,
            signed_in_at=now,
            seen_at=now,
            refresh_at=next_refresh(tokens.expires_in, id_token.claims, now),
            auth_time=auth_time(id_token.claims),
            access_token=tokens.access_token,
        )
        return session.with_claims(id_token.claims, profile)
