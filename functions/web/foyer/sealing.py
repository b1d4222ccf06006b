"""Seal small values so that only we can read or change them, for one purpose, until a time.

A sealed value is ``base64url(key id (6) ‖ nonce (12) ‖ AES-256-GCM(expiry (8) ‖ payload))``.
Keys are an ordered list: the first one seals, any one opens, so that a key can be replaced
without signing anybody out. Each purpose has its own key (HMAC-SHA256 of the purpose's
label, the one-block case of NIST SP 800-108), so that an attempt can never pass for a session.
The full name of the cookie is authenticated too, so that a cookie made on http://localhost, where
names have no ``__Host-``, is never accepted elsewhere. With ``only_with``, the key is made of that
text too, so that nobody who has only our keys, or only the text, can open the value.
Random 96-bit nonces are safe for 2^32 values under one key (NIST SP 800-38D §8.3): a thousand
sign-ins a second for seven weeks. Keys change only when the secret is rotated.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import os
import struct
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from .errors import SealBroken, UnknownKey

if TYPE_CHECKING:
    from collections.abc import Sequence

_KEY_ID = 6
_NONCE = 12
_EXPIRY = struct.Struct(">Q")
_TAG = 16


class KeyRing:
    """Keys, newest first; each is a string of high entropy."""

    def __init__(self, keys: Sequence[str]) -> None:
        if not keys:
            raise ValueError("a key ring needs at least one key")
        self._keys = {_derive(key.encode(), "key id")[:_KEY_ID]: key.encode() for key in keys}
        self._newest = next(iter(self._keys))
        self._ciphers: dict[tuple[bytes, str], AESGCM] = {}

    def __repr__(self) -> str:
        return f"KeyRing({len(self._keys)} keys)"

    def seal(
        self, payload: bytes, *, purpose: str, cookie: str, expires_at: int, only_with: str = ""
    ) -> str:
        """Return ASCII that is safe in a cookie, for the cookie of this full name.

        ``expires_at`` is in seconds since the epoch.
        """
        nonce = os.urandom(_NONCE)
        sealed = self._cipher(self._newest, purpose, only_with).encrypt(
            nonce, _EXPIRY.pack(expires_at) + payload, _bound_to(purpose, cookie)
        )
        return base64.urlsafe_b64encode(self._newest + nonce + sealed).rstrip(b"=").decode()

    def open(
        self, sealed: str, *, purpose: str, cookie: str, now: float, only_with: str = ""
    ) -> bytes:
        """Return the payload; raise UnknownKey or SealBroken."""
        raw = _decode(sealed)
        key_id, nonce, box = raw[:_KEY_ID], raw[_KEY_ID : _KEY_ID + _NONCE], raw[_KEY_ID + _NONCE :]
        if len(box) < _EXPIRY.size + _TAG:
            raise SealBroken("too_short")
        if key_id not in self._keys:
            raise UnknownKey("unknown_key")
        try:
            cipher = self._cipher(key_id, purpose, only_with)
            plain = cipher.decrypt(nonce, box, _bound_to(purpose, cookie))
        except InvalidTag:
            raise SealBroken("changed_or_other_purpose") from None
        (expires_at,) = _EXPIRY.unpack_from(plain)
        if now >= expires_at:
            raise SealBroken("expired")
        return plain[_EXPIRY.size :]

    def _cipher(self, key_id: bytes, purpose: str, only_with: str) -> AESGCM:
        if only_with:  # not kept: each visitor has another one
            return AESGCM(_derive(self._keys[key_id], f"purpose {purpose} with {only_with}"))
        cipher = self._ciphers.get((key_id, purpose))
        if cipher is None:
            cipher = AESGCM(_derive(self._keys[key_id], f"purpose {purpose}"))
            self._ciphers[key_id, purpose] = cipher
        return cipher


def _bound_to(purpose: str, cookie: str) -> bytes:
    return f"{purpose}\0{cookie}".encode()


def _derive(key: bytes, label: str) -> bytes:
    return hmac.digest(key, b"foyer " + label.encode(), "sha256")


def _decode(sealed: str) -> bytes:
    try:
        text = sealed.encode("ascii").replace(b"-", b"+").replace(b"_", b"/")
        return binascii.a2b_base64(text + b"=" * (-len(text) % 4), strict_mode=True)
    except (UnicodeEncodeError, binascii.Error):
        raise SealBroken("not_base64url") from None
