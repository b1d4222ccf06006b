"""Creates Cognito's tokens for one pool and its client, and the keys that sign them."""

from __future__ import annotations

import secrets
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.fake_tokens import ID_TOKEN_DEFECTS, JWKS_DEFECTS, Draft, Json, SigningKey, at_hash


@dataclass
class User:
    """The user who signs in at managed login; tests may change it."""

    sub: str = field(default_factory=lambda: str(uuid.uuid4()))
    username: str = "visitor"
    name: str = "Test Visitor"
    email: str = "visitor+test@example.com"
    email_verified: bool = True
    groups: list[str] = field(default_factory=list)
    custom: dict[str, str] = field(default_factory=dict)
    enabled: bool = True


@dataclass
class Grant:
    """The grant of one sign-in, which its tokens and refreshes belong to."""

    user: User
    scopes: list[str]
    redirect_uri: str
    nonce: str | None
    code_challenge: str | None
    signed_in_at: float
    origin_jti: str = field(default_factory=lambda: str(uuid.uuid4()))
    revoked: bool = False

    @property
    def good(self) -> bool:
        return self.user.enabled and not self.revoked


@dataclass
class RefreshToken:
    grant: Grant
    replaced_at: float | None = None


class TokenMint:
    """Creates tokens; tests can change the contents of the next ones."""

    def __init__(self) -> None:
        self.issuer = f"https://cognito-idp.eu-central-1.amazonaws.com/eu-1_{secrets.token_hex(4)}"
        self.client_id = secrets.token_hex(13)
        self.clock: Callable[[], float] = time.time
        self.access_token_seconds = 3600
        # Claims that override those of a correct token; None removes a claim.
        self.id_token_claims: Json = {}
        self.handed_out: list[str] = []  # codes and tokens, which must not be logged
        self.attacker = SigningKey()
        self._id_key, self._access_key = SigningKey(), SigningKey()
        self.jwks: Json = {"keys": [self._id_key.jwk(), self._access_key.jwk()]}
        self._access_tokens: dict[str, tuple[Grant, float]] = {}
        self._refresh_tokens: dict[str, RefreshToken] = {}
        self._defect: str | None = None

    def id_token_defect(self, name: str | None) -> None:
        """ID tokens made from now on have this defect of ID_TOKEN_DEFECTS; None ends it."""
        if name is not None and name not in ID_TOKEN_DEFECTS:
            raise KeyError(name)
        self._defect = name

    def jwks_defect(self, name: str) -> None:
        """Applies one of JWKS_DEFECTS to the key set as it is published now."""
        self.jwks = JWKS_DEFECTS[name](self.jwks, self.attacker)

    def rotate_keys(self) -> None:
        """Signs with new keys; the old ones stay published, behind them."""
        self._id_key, self._access_key = SigningKey(), SigningKey()
        self.jwks = {"keys": [self._id_key.jwk(), self._access_key.jwk(), *self.jwks["keys"]]}

    def sign_out_everywhere(self) -> None:
        """GlobalSignOut: every grant so far is void."""
        for refresh_token in list(self._refresh_tokens.values()):
            refresh_token.grant.revoked = True

    def _new_refresh_token(self, grant: Grant) -> str:
        token = secrets.token_urlsafe(600)  # opaque and long, as Cognito's are
        self._refresh_tokens[token] = RefreshToken(grant)
        self.handed_out.append(token)
        return token

    def _access_token(self, grant: Grant) -> str:
        now = int(self.clock())
        expires = now + self.access_token_seconds
        token = self._access_key.token(
            {
                "sub": grant.user.sub,
                "iss": self.issuer,
                "version": 2,
                "client_id": self.client_id,
                "origin_jti": grant.origin_jti,
                "token_use": "access",
                "scope": " ".join(grant.scopes),
                "auth_time": int(grant.signed_in_at),
                "exp": expires,
                "iat": now,
                "jti": str(uuid.uuid4()),
                "username": grant.user.username,
            }
        )
        self._access_tokens[token] = (grant, expires)
        self.handed_out.append(token)
        return token

    def _id_token(self, grant: Grant, nonce: str | None, access_token: str) -> str:
        user, now = grant.user, int(self.clock())
        claims: Json = {
            "at_hash": at_hash(access_token),
            "sub": user.sub,
            "cognito:groups": user.groups or None,
            "email_verified": user.email_verified,
            "iss": self.issuer,
            "cognito:username": user.username,
            "nonce": nonce,
            "origin_jti": grant.origin_jti,
            "aud": self.client_id,
            "token_use": "id",
            "auth_time": int(grant.signed_in_at),
            "name": user.name,
            "exp": now + self.access_token_seconds,
            "iat": now,
            "jti": str(uuid.uuid4()),
            "email": user.email,
            **user.custom,
            **self.id_token_claims,
        }
        claims = {name: value for name, value in claims.items() if value is not None}
        draft = Draft(self._id_key, claims, self.attacker)
        token = ID_TOKEN_DEFECTS[self._defect](draft) if self._defect else draft.signed()
        self.handed_out.append(token)
        return token
