"""The issuer's signing keys: checked, cached, and fetched again for an unknown key id or after an
hour.

Of a key set (RFC 7517) only what can verify RS256 is taken: RSA keys of 2,048 bits or more
(RFC 7518 §3.3) that are not declared for another use or algorithm. Others are ignored.
"""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers

from ..errors import BadGateway, RequestFailed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

LEAST_BITS = 2048
# A rotation needs one refetch. A few more are allowed, so that one malformed token cannot make a
# rotation fail; more would let such tokens make us overload the issuer.
REFETCHES = 3
REFETCH_WINDOW_SECONDS = 30
# A key that the issuer has withdrawn serves no longer than this. While the issuer cannot be asked,
# known keys serve for a day.
KEEP_SECONDS = 60 * 60
MOST_KEEP_SECONDS = 24 * 60 * 60

_BASE64URL = re.compile(r"[A-Za-z0-9_-]+")


class SigningKeys:
    """A cache of keys by key id; ``fetch(deadline)`` returns the key set or raises.

    ``now`` gives seconds since the epoch.
    """

    def __init__(
        self,
        fetch: Callable[[float], Mapping[str, object]],
        now: Callable[[], float],
    ) -> None:
        self._fetch = fetch
        self._now = now
        self._keys: list[tuple[str | None, RSAPublicKey]] = []
        self._fetched_at = 0.0
        self._renew_at = 0.0
        self._refetches: list[float] = []

    def find(self, kid: str | None, *, deadline: float) -> RSAPublicKey:
        """Return the one key named ``kid``, after at most one fetch, or raise RequestFailed.

        A token may leave its key unnamed if the issuer has only one (OIDC Core §10.1).
        """
        if not self._keep_fresh(deadline) and len(self._named(kid)) != 1 and self._may_refetch():
            self._fetch_now(deadline)
        named = self._named(kid)
        if len(named) > 1 and kid is None:
            raise BadGateway("id_token_malformed", "no key id")
        if len(named) > 1:
            raise BadGateway("id_token_ambiguous_key")
        if not named:
            raise BadGateway("id_token_unknown_key")
        return named[0]

    def _named(self, kid: str | None) -> list[RSAPublicKey]:
        return [key for name, key in self._keys if kid is None or name == kid]

    def _keep_fresh(self, deadline: float) -> bool:
        """Fetch the keys if there are none or they are old; whether they were fetched."""
        now = self._now()
        if self._keys and self._fetched_at <= now < self._renew_at:
            return False
        try:
            self._fetch_now(deadline)
        except RequestFailed:
            if not self._keys or not 0 <= now - self._fetched_at < MOST_KEEP_SECONDS:
                raise
            self._renew_at = now + REFETCH_WINDOW_SECONDS
            return False
        return True

    def _fetch_now(self, deadline: float) -> None:
        self._keys = _usable_keys(self._fetch(deadline))
        self._fetched_at = self._now()
        self._renew_at = self._fetched_at + KEEP_SECONDS

    def _may_refetch(self) -> bool:
        now = self._now()
        recent = [at for at in self._refetches if 0 <= now - at < REFETCH_WINDOW_SECONDS]
        allowed = len(recent) < REFETCHES
        self._refetches = [*recent, now] if allowed else recent
        return allowed


def _usable_keys(jwks: Mapping[str, object]) -> list[tuple[str | None, RSAPublicKey]]:
    members = jwks.get("keys")
    if not isinstance(members, list):
        raise BadGateway("jwks_answer_malformed", "keys")
    keys: list[tuple[str | None, RSAPublicKey]] = []
    for jwk in members:
        key = _rsa_key(jwk) if _is_for_rs256(jwk) else None
        if key is not None and key.key_size >= LEAST_BITS:
            keys.append((jwk.get("kid"), key))
    return keys


def _is_for_rs256(jwk: object) -> bool:
    return (
        isinstance(jwk, dict)
        and isinstance(jwk.get("kid", ""), str)
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
