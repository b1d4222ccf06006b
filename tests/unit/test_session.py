"""The session and its cookie, apart from Cognito. (tests/flow has the life of a session.)"""

from __future__ import annotations

import secrets
from dataclasses import replace

import pytest
from foyer.cookies import MAX_BYTES, CookieStyle
from foyer.errors import SealBroken
from foyer.sealing import KeyRing
from foyer.sessions.session import Session, SessionCookie, kept_claims
from hypothesis import given
from hypothesis import strategies as st

KEYS = KeyRing([secrets.token_urlsafe(48)])
COOKIE = SessionCookie(CookieStyle(secure=True), idle_seconds=3600, max_seconds=36000)
SESSION = Session(
    issuer="https://issuer.example/pool",
    subject="b7c0",
    claims={"name": "Visitor", "email": "visitor@example.com"},
    refresh_token="r" * 1800,
    signed_in_at=1000,
    seen_at=1000,
    refresh_at=4600,
)


def pair(line: str) -> dict[str, str]:
    name, _, value = line.partition(";")[0].partition("=")
    return {name: value}


def test_a_session_comes_back_from_its_cookie() -> None:
    line, left_out = COOKIE.line(SESSION, keys=KEYS)
    assert left_out == ()
    assert COOKIE.open(pair(line), keys=KEYS, now=1001) == SESSION


def test_the_cookie_has_every_protection() -> None:
    line, _ = COOKIE.line(SESSION, keys=KEYS)
    assert line.startswith("__Host-foyer-session=")
    assert line.endswith("; Max-Age=3600; Path=/; Secure; HttpOnly; SameSite=Lax")


def test_a_usual_session_fits_with_room_to_spare() -> None:
    claims = {"name": "N" * 80, "email": "e" * 80, "cognito:username": "u" * 40}
    line, left_out = COOKIE.line(replace(SESSION, claims=claims), keys=KEYS)
    assert left_out == ()
    assert len(line) < 3400


@given(
    st.dictionaries(st.text(max_size=30), st.text(max_size=2000), max_size=8),
    st.integers(0, 5000),
)
def test_every_session_fits_into_a_cookie(claims: dict[str, str], token_bytes: int) -> None:
    session = replace(SESSION, claims=claims, refresh_token="r" * token_bytes)
    line, left_out = COOKIE.line(session, keys=KEYS)
    assert len(line) <= MAX_BYTES
    kept = COOKIE.open(pair(line), keys=KEYS, now=1001)
    assert kept is not None
    names = list(claims)
    assert list(kept.claims) == names[: len(kept.claims)], "the first are the most needed"
    assert (kept.refresh_token is None) == ("refresh_token" in left_out)
    if "refresh_token" in left_out:
        assert kept.claims == {}, "the refresh token goes last"


@pytest.mark.parametrize(("seen_at", "now", "lives"), [(1000, 4599, True), (1000, 4600, False)])
def test_the_idle_end_is_in_the_seal(seen_at: int, now: int, lives: bool) -> None:
    line, _ = COOKIE.line(replace(SESSION, seen_at=seen_at), keys=KEYS)
    if lives:
        assert COOKIE.open(pair(line), keys=KEYS, now=now) is not None
    else:
        with pytest.raises(SealBroken, match="expired"):
            COOKIE.open(pair(line), keys=KEYS, now=now)


def test_the_absolute_end_is_in_the_seal() -> None:
    line, _ = COOKIE.line(replace(SESSION, seen_at=36500), keys=KEYS)
    assert "; Max-Age=500;" in line
    with pytest.raises(SealBroken, match="expired"):
        COOKIE.open(pair(line), keys=KEYS, now=37000)


def test_without_a_refresh_token_there_is_nothing_to_refresh() -> None:
    assert SESSION.is_due_for_refresh(4600)
    assert not SESSION.is_due_for_refresh(4599)
    assert not replace(SESSION, refresh_token=None).is_due_for_refresh(4600)


def test_a_session_does_not_show_who_it_is_about() -> None:
    assert "Visitor" not in repr(SESSION)
    assert "rrr" not in repr(SESSION)


def test_claims_are_kept_by_need_and_the_later_source_wins() -> None:
    kept = kept_claims(
        {"custom:b": "2", "custom:a": "1", "email": "old", "name": "n", "jti": "x", "nonce": "y"},
        {"email": "new", "username": "z", "sub": "s"},
    )
    assert list(kept.items()) == [
        ("name", "n"),
        ("email", "new"),
        ("custom:a", "1"),
        ("custom:b", "2"),
    ]


@pytest.mark.parametrize(
    ("value", "verified"),
    [(True, True), ("true", True), (False, False), ("false", False), ("", False)],
)
def test_email_verified_becomes_a_boolean(value: object, verified: bool) -> None:
    assert kept_claims({"email_verified": value})["email_verified"] is verified
