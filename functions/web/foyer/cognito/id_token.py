"""ID-token verification: OIDC Core §3.1.3.7 with Cognito's own claims.

https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-tokens-verifying-a-jwt.html
The signature is checked with ``cryptography``, which sealing has loaded anyway
(docs/decisions/). Every failure is a BadGateway with an ``id_token_…`` reason.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256

from ..errors import BadGateway
from ..strict_json import parse_object
from .signing_keys import SigningKeys

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

# A name may have 2,048 characters; written as \uXXXX pairs and then in base64, that makes 32 KiB.
MOST_CHARACTERS = 48 * 1024
CLOCK_SKEW_SECONDS = 60
_MOST_SUBJECT_CHARACTERS = 255  # OIDC Core §2

# JWS compact serialization (RFC 7515 §7.1). The signature may be empty here, so that an
# unsigned token is refused for its algorithm.
_COMPACT = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]*)")


@dataclass(frozen=True)
class IdToken:
    """A verified ID token. Only IdTokenVerifier.verify makes these."""

    issuer: str
    subject: str
    claims: Mapping[str, Any] = field(repr=False)


class IdTokenVerifier:
    """Verifies ID tokens of one issuer, whose keys ``fetch_keys(deadline)`` returns as a JWKS."""

    def __init__(
        self,
        *,
        issuer: str,
        fetch_keys: Callable[[float], Mapping[str, object]],
        now: Callable[[], float],
    ) -> None:
        self._issuer = issuer
        self._keys = SigningKeys(fetch_keys, now)
        self._now = now

    def is_issuer(self, named: str) -> bool:
        """Whether this is the issuer, in one of the two forms that Cognito has for a pool.

        https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_IssuerConfigurationType.html
        """
        return _one_form(named) == _one_form(self._issuer)

    def verify(
        self, token: str, *, client_id: str, nonce: str | None, access_token: str, deadline: float
    ) -> IdToken:
        """Return the verified token or raise RequestFailed.

        ``nonce=None`` is only for refreshed tokens. They should have none; the caller compares one
        that is there (OIDC Core §12.2).
        ``deadline`` is for fetching keys, on the monotonic clock.
        """
        claims = self._signed_claims(token, deadline)
        if claims.get("iss") != self._issuer:
            raise BadGateway("id_token_wrong_issuer")
        if claims.get("token_use") != "id":
            raise BadGateway("id_token_wrong_token_use")
        if claims.get("aud") not in (client_id, [client_id]):
            raise BadGateway("id_token_wrong_audience")
        if claims.get("azp", client_id) != client_id:
            raise BadGateway("id_token_wrong_azp")
        self._check_times(claims)
        if nonce is not None and not _same(claims.get("nonce"), nonce):
            raise BadGateway("id_token_wrong_nonce")
        if "at_hash" in claims and not _same(claims["at_hash"], _at_hash(access_token)):
            raise BadGateway("id_token_wrong_at_hash")
        subject = claims.get("sub")
        if not isinstance(subject, str) or not subject:
            raise BadGateway("id_token_missing_subject")
        if len(subject) > _MOST_SUBJECT_CHARACTERS or not subject.isascii():
            raise BadGateway("id_token_malformed", "sub")
        return IdToken(self._issuer, subject, claims)

    def _signed_claims(self, token: str, deadline: float) -> Mapping[str, Any]:
        """The header says which key to use, never where to get it: jku, jwk and x5u go unread."""
        parts = _COMPACT.fullmatch(token) if len(token) <= MOST_CHARACTERS else None
        if parts is None:
            raise BadGateway("id_token_malformed", "no compact JWS")
        header = _object(parts[1], "header")
        if header.get("alg") != "RS256":
            raise BadGateway("id_token_wrong_algorithm")
        if "crit" in header:
            raise BadGateway("id_token_critical_header")  # RFC 7515 §4.1.11
        kid = header.get("kid")
        if "kid" in header and not isinstance(kid, str):
            raise BadGateway("id_token_malformed", "kid")
        key = self._keys.find(kid, deadline=deadline)
        signed = f"{parts[1]}.{parts[2]}".encode()
        try:
            key.verify(_bytes(parts[3], "signature"), signed, PKCS1v15(), SHA256())
        except InvalidSignature:
            raise BadGateway("id_token_bad_signature") from None
        return _object(parts[2], "claims")

    def _check_times(self, claims: Mapping[str, Any]) -> None:
        now = self._now()
        if now >= _seconds(claims, "exp") + CLOCK_SKEW_SECONDS:
            raise BadGateway("id_token_expired")
        if now < _seconds(claims, "iat") - CLOCK_SKEW_SECONDS:
            raise BadGateway("id_token_issued_in_future")
        if "nbf" in claims and now < _seconds(claims, "nbf") - CLOCK_SKEW_SECONDS:
            raise BadGateway("id_token_not_valid_yet")


def _one_form(issuer: str) -> str:
    return issuer.replace("https://issuer-cognito-idp.", "https://cognito-idp.", 1)


def _seconds(claims: Mapping[str, Any], name: str) -> float:
    """A NumericDate (RFC 7519 §2). bool is a kind of int, so the exact type is compared."""
    value = claims.get(name)
    if type(value) not in (int, float):
        raise BadGateway("id_token_malformed", name)
    return value  # type: ignore[return-value]


def _at_hash(access_token: str) -> str:
    """OIDC Core §3.1.3.6: the left half of the hash that goes with RS256."""
    return _base64url(hashlib.sha256(access_token.encode()).digest()[:16])


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _same(claim: object, expected: str) -> bool:
    return isinstance(claim, str) and hmac.compare_digest(claim.encode(), expected.encode())


def _bytes(part: str, name: str) -> bytes:
    """Decodes base64url; refuses a second spelling of the same bytes (RFC 4648 §3.5)."""
    try:
        data = base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except ValueError:
        raise BadGateway("id_token_malformed", name) from None
    if _base64url(data) != part:
        raise BadGateway("id_token_malformed", name)
    return data


def _object(part: str, name: str) -> dict[str, Any]:
    data = _bytes(part, name)
    try:
        return parse_object(data)
    except ValueError:
        raise BadGateway("id_token_malformed", name) from None
