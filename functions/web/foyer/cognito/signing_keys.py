"""The issuer's signing keys: checked, cached, and fetched again for an unknown key id.

Of a key set (RFC 7517) only what can verify RS256 is taken: RSA keys of 2,048 bits or more
(RFC 7518 §3.3) that are not declared for another use or algorithm. Others are ignored.
"""

from __future__ import annotations

import base64
import re
import time
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers

from ..errors import BadGateway

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

LEAST_BITS = 2048
# A rotation needs one refetch. A few more are allowed, so that one malformed token cannot make a
# rotation fail; more would let such tokens make us overload the issuer.
REFETCHES = 3
REFETCH_WINDOW_SECONDS = 30

_BASE64URL = re.compile(r"[A-Za-z0-9_-]+")


class SigningKeys:
    """A cache of keys by key id; ``fetch(deadline)`` returns the key set or raises.

    ``now`` gives seconds since the epoch.
    """

    def __init__(
        self,
        fetch: Callable[[float], Mapping[str, object]],
        now: Callable[[], float] = time.time,
    ) -> None:
        self._fetch = fetch
        self._now = now
        self._keys: Mapping[str, list[RSAPublicKey]] = {}
        self._refetches: list[float] = []

    def find(self, kid: str, *, deadline: float) -> RSAPublicKey:
        """Return the one key named ``kid``, after at most one fetch, or raise BadGateway."""
        if not self._keys or (len(self._keys.get(kid, [])) != 1 and self._may_refetch()):
            self._keys = _usable_keys(self._fetch(deadline))
        named = self._keys.get(kid, [])
        if len(named) > 1:
            raise BadGateway("id_token_ambiguous_key")
        if not named:
            raise BadGateway("id_token_unknown_key")
        return named[0]

    def _may_refetch(self) -> bool:
        now = self._now()
        recent = [at for at in self._refetches if 0 <= now - at < REFETCH_WINDOW_SECONDS]
        allowed = len(recent) < REFETCHES
        self._refetches = [*recent, now] if allowed else recent
        return allowed


def _usable_keys(jwks: Mapping[str, object]) -> Mapping[str, list[RSAPublicKey]]:
    members = jwks.get("keys")
    if not isinstance(members, list):
        raise BadGateway("jwks_answer_malformed", "keys")
    keys: dict[str, list[RSAPublicKey]] = {}
    for jwk in members:
        key = _rsa_key(jwk) if _is_for_rs256(jwk) else None
        if key is not None and key.key_size >= LEAST_BITS:
            keys.setdefault(jwk["kid"], []).append(key)
    return keys


def _is_for_rs256(jwk: object) -> bool:
    return (
        isinstance(jwk, dict)
        and isinstance(jwk.get("kid"), str)
        and jwk.get("kty") == "RSA"
        and jwk.get("use", "sig") == "sig"
        and jwk.get("alg", "RS256") == "RS256"
    )


def _rsa_key(jwk: Mapping[str, object]) -> RSAPublicKey | None:
    try:
        return RSAPublicNumbers(n=_integer(jwk.get("n")), e=_integer(jwk.get("e"))).public_key()
    except ValueError:
        return None


def _integer(value: object) -> int:
    """Base64urlUInt of RFC 7518 §2."""
    if not isinstance(value, str) or not _BASE64URL.fullmatch(value):
        raise ValueError("no base64url")
    return int.from_bytes(base64.urlsafe_b64decode(value + "=" * (-len(value) % 4)), "big")
