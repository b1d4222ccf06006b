"""A sealed value can be opened only with our key, for its purpose, until it expires."""

from __future__ import annotations

import base64
import hmac
import re
import secrets
from typing import Any

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from foyer.errors import SealBroken, UnknownKey
from foyer.sealing import KeyRing
from hypothesis import given
from hypothesis import strategies as st

KEY, OLD_KEY = secrets.token_urlsafe(48), secrets.token_urlsafe(48)
KEYS = KeyRing([KEY])


def seal(keys: KeyRing = KEYS, payload: bytes = b"payload") -> str:
    return keys.seal(payload, purpose="test", cookie="__Host-test", expires_at=100)


def unseal(sealed: str, keys: KeyRing = KEYS, **how: Any) -> bytes:
    return keys.open(sealed, **{"purpose": "test", "cookie": "__Host-test", "now": 0, **how})


@given(st.binary(max_size=4096))
def test_a_sealed_value_is_safe_in_a_cookie_shows_nothing_and_can_be_opened(payload: bytes) -> None:
    payload += b"at least some bytes"
    sealed = seal(payload=payload)
    assert unseal(sealed) == payload
    assert re.fullmatch("[A-Za-z0-9_-]+", sealed)
    assert payload not in base64.urlsafe_b64decode(sealed + "==")
    assert sealed != seal(payload=payload), "nobody can tell that two values are the same"


def test_a_sealed_value_is_laid_out_as_documented() -> None:
    raw = base64.urlsafe_b64decode(seal() + "==")
    assert raw[:6] == hmac.digest(KEY.encode(), b"foyer key id", "sha256")[:6]
    own_key = hmac.digest(KEY.encode(), b"foyer purpose test", "sha256")
    try:
        plain = AESGCM(own_key).decrypt(raw[6:18], raw[18:], b"test\0__Host-test")
    except InvalidTag:
        pytest.fail("sealed with another key")
    assert plain == (100).to_bytes(8, "big") + b"payload"


@given(st.data())
def test_any_changed_bit_is_noticed(data: st.DataObject) -> None:
    raw = bytearray(base64.urlsafe_b64decode(seal() + "=="))
    bit = data.draw(st.integers(0, len(raw) * 8 - 1))
    raw[bit // 8] ^= 1 << bit % 8
    with pytest.raises(SealBroken):
        unseal(base64.urlsafe_b64encode(raw).rstrip(b"=").decode())


@given(st.text() | st.integers(0, len(seal()) - 1).map(lambda length: seal()[:length]))
def test_nothing_made_up_and_no_part_of_a_value_opens(sealed: str) -> None:
    with pytest.raises(SealBroken):
        unseal(sealed)


@pytest.mark.parametrize("other", [{"purpose": "other"}, {"cookie": "test"}])
def test_a_value_for_one_purpose_or_cookie_does_not_serve_another(other: dict[str, Any]) -> None:
    with pytest.raises(SealBroken, match="other_purpose"):
        unseal(seal(), **other)


def test_a_value_ends_at_its_time() -> None:
    assert unseal(seal(), now=99.9) == b"payload"
    with pytest.raises(SealBroken, match="expired"):
        unseal(seal(), now=100)


def test_the_newest_key_seals_and_any_key_opens() -> None:
    during, before = KeyRing([KEY, OLD_KEY]), KeyRing([OLD_KEY])
    assert unseal(seal(before), during) == b"payload"
    assert unseal(seal(during), KEYS) == b"payload"
    with pytest.raises(UnknownKey):
        unseal(seal(during), before)
    with pytest.raises(SealBroken) as raised:
        unseal("x" * 80 + "!")
    assert not isinstance(raised.value, UnknownKey)


def test_a_ring_needs_a_key_and_does_not_show_it() -> None:
    with pytest.raises(ValueError, match="at least one key"):
        KeyRing([])
    assert KEY not in repr(KEYS)
