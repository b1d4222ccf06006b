"""A sealed value can be opened only with our key, for its purpose, until it expires."""

from __future__ import annotations

import base64
import hmac
import secrets

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from foyer.errors import SealBroken, UnknownKey
from foyer.sealing import KeyRing
from hypothesis import given
from hypothesis import strategies as st


def new_key() -> str:
    return secrets.token_urlsafe(48)


KEYS = KeyRing([new_key()])


def seal(keys: KeyRing = KEYS, payload: bytes = b"payload", expires_at: int = 100) -> str:
    return keys.seal(payload, purpose="test", cookie="__Host-test", expires_at=expires_at)


def unseal(
    sealed: str,
    keys: KeyRing = KEYS,
    purpose: str = "test",
    cookie: str = "__Host-test",
    now: float = 0,
) -> bytes:
    return keys.open(sealed, purpose=purpose, cookie=cookie, now=now)


@given(st.binary(max_size=4096))
def test_a_sealed_value_can_be_opened(payload: bytes) -> None:
    assert unseal(seal(payload=payload)) == payload


def test_a_sealed_value_is_safe_in_a_cookie_and_shows_nothing() -> None:
    sealed = seal(payload=b"refresh-token" * 9)
    assert set(sealed) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_")
    assert b"refresh" not in base64.urlsafe_b64decode(sealed + "==")
    assert seal() != seal(), "nobody can tell that two values are the same"


def test_a_sealed_value_is_laid_out_as_documented() -> None:
    key = new_key().encode()
    raw = base64.urlsafe_b64decode(seal(KeyRing([key.decode()])) + "==")
    assert raw[:6] == hmac.digest(key, b"foyer key id", "sha256")[:6]
    own_key = hmac.digest(key, b"foyer purpose test", "sha256")
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


@given(st.text())
def test_nothing_made_up_opens(sealed: str) -> None:
    with pytest.raises(SealBroken):
        unseal(sealed)


def test_half_a_value_is_noticed() -> None:
    sealed = seal()
    for length in range(len(sealed)):
        with pytest.raises(SealBroken):
            unseal(sealed[:length])


@pytest.mark.parametrize("other", [{"purpose": "other"}, {"cookie": "test"}])
def test_a_value_for_one_purpose_or_cookie_does_not_serve_another(other: dict[str, str]) -> None:
    with pytest.raises(SealBroken, match="other_purpose"):
        unseal(seal(), **other)  # type: ignore[arg-type]


def test_a_value_ends_at_its_time() -> None:
    sealed = seal(expires_at=100)
    assert unseal(sealed, now=99.9) == b"payload"
    with pytest.raises(SealBroken, match="expired"):
        unseal(sealed, now=100)


def test_the_newest_key_seals_and_any_key_opens() -> None:
    old, new = new_key(), new_key()
    during = KeyRing([new, old])
    assert unseal(seal(KeyRing([old])), during) == b"payload"
    with pytest.raises(UnknownKey):
        unseal(seal(during), KeyRing([old]))
    assert unseal(seal(during), KeyRing([new])) == b"payload"


def test_an_unknown_key_and_a_broken_seal_are_different_errors() -> None:
    with pytest.raises(UnknownKey):
        unseal(seal(KeyRing([new_key()])))
    with pytest.raises(SealBroken) as raised:
        unseal("x" * 80 + "!")
    assert not isinstance(raised.value, UnknownKey)


def test_a_ring_needs_a_key_and_does_not_show_it() -> None:
    with pytest.raises(ValueError, match="at least one key"):
        KeyRing([])
    key = new_key()
    assert key not in repr(KeyRing([key]))
