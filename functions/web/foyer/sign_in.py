"""What managed login sent back: a code that becomes a session (OIDC Core §3.1.3), or an error."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .errors import AccessDenied, BadGateway, BadRequest, Refused, SignInError, Unavailable
from .session import Session, kept_claims

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from aws_lambda_powertools import Logger

    from .attempt import Attempt
    from .cognito import Cognito, Tokens
    from .id_token import IdToken, IdTokenVerifier
    from .secret_store import Credentials, SecretStore

# Seconds that each call may take, within the deadline for all of them.
_EXCHANGE = 5
_KEYS = 3
_USERINFO = 3

# RFC 6749 §4.1.2.1
_WRONG_AT_COGNITO = (
    "invalid_request",
    "unauthorized_client",
    "unsupported_response_type",
    "invalid_scope",
    "server_error",
)


def reported_error(error: str) -> SignInError:
    """What managed login reported to the callback, as one of our errors."""
    if error == "access_denied":
        return AccessDenied(error)
    if error == "temporarily_unavailable":
        return Unavailable("authorize_temporarily_unavailable")
    if error in _WRONG_AT_COGNITO:
        return BadGateway(f"authorize_{error}")
    # Not a word that Cognito has for what we ask: anybody can type this address.
    return BadRequest("authorize_error_unknown")


class SignIn:
    """Finishes sign-ins; ``clock`` gives monotonic seconds, ``now`` those since the epoch."""

    def __init__(
        self,
        *,
        cognito: Cognito,
        verifier: IdTokenVerifier,
        secrets: SecretStore,
        log: Logger,
        clock: Callable[[], float],
        now: Callable[[], float],
    ) -> None:
        self._cognito = cognito
        self._verifier = verifier
        self._secrets = secrets
        self._log = log
        self._clock = clock
        self._now = now

    def finish(self, code: str, attempt: Attempt, *, redirect_uri: str, deadline: float) -> Session:
        """Exchange the code and return the session of whoever signed in, or raise SignInError.

        ``deadline`` is for everything that this takes, on the monotonic clock.
        """
        exchanged_by = self._within(_EXCHANGE, deadline)

        def exchange(credentials: Credentials) -> tuple[Tokens, str]:
            tokens = self._cognito.exchange_code(
                client_id=credentials.client_id,
                client_secret=credentials.client_secret,
                code=code,
                redirect_uri=redirect_uri,
                code_verifier=attempt.code_verifier,
                deadline=exchanged_by,
            )
            return tokens, credentials.client_id

        try:
            tokens, client_id = self._secrets.use(exchange)
        except Refused as error:
            if error.error == "invalid_grant":  # used, expired or made up: the browser's affair
                raise BadRequest(error.reason) from error
            raise
        id_token = self._verifier.verify(
            tokens.id_token,
            client_id=client_id,
            nonce=attempt.nonce,
            access_token=tokens.access_token,
            deadline=self._within(_KEYS, deadline),
        )
        profile = self._profile(tokens, id_token, self._within(_USERINFO, deadline))
        return self._session(tokens, id_token, profile)

    def _within(self, seconds: float, deadline: float) -> float:
        return min(deadline, self._clock() + seconds)

    def _profile(self, tokens: Tokens, id_token: IdToken, deadline: float) -> Mapping[str, object]:
        """UserInfo's claims, which must be about the same person (OIDC Core §5.3.2)."""
        try:
            profile = self._cognito.userinfo(access_token=tokens.access_token, deadline=deadline)
        except SignInError as error:
            self._log.warning("userinfo_failed", reason=error.reason, detail=error.detail)
            return {}
        if profile.get("sub") != id_token.subject:
            raise BadGateway("userinfo_other_subject")
        return profile

    def _session(self, tokens: Tokens, id_token: IdToken, profile: Mapping[str, Any]) -> Session:
        now = int(self._now())
        return Session(
            issuer=id_token.issuer,
            subject=id_token.subject,
            claims=kept_claims(id_token.claims, profile),
            refresh_token=tokens.refresh_token,
            signed_in_at=now,
            seen_at=now,
            refresh_at=now + tokens.expires_in,
        )
