"""The session and its cookie, apart from Cognito. (tests/flow has the life of a session.)"""

from __future__ import annotations

import secrets
from dataclasses import replace
from typing import Any

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
    began=1_000_000_000_000_001,
    refreshes=3,
)


def pair(line: str) -> dict[str, str]:
    name, _, value = line.partition(";")[0].partition("=")
    return {name: value}


SHOWN = pair(COOKIE.line(SESSION, keys=KEYS)[0])


def opened(line: str, now: float = 1001) -> Session:
    cookies = pair(line)
    place = COOKIE.shown(cookies).current
    assert place is not None
    return COOKIE.open(place, cookies, keys=KEYS, now=now)


def test_a_session_comes_back_from_its_cookie_under_its_own_name_only() -> None:
    line, left_out = COOKIE.line(SESSION, keys=KEYS)
    assert left_out == ()
    assert opened(line) == SESSION
    assert line.startswith("__Host-foyer-session-1000000000000001-3=")
    assert line.endswith("; Path=/; Secure; HttpOnly; SameSite=Lax")
    assert len(line) < 3400, "a usual session fits with room to spare"
    with pytest.raises(SealBroken, match="changed_or_other_purpose"):
        opened(line.replace("-3=", "-4="))


@pytest.mark.parametrize(("seen_at", "ends_at"), [(1000, 4600), (36500, 37000)])
def test_the_idle_and_the_absolute_end_are_in_the_seal(seen_at: int, ends_at: int) -> None:
    line, _ = COOKIE.line(replace(SESSION, seen_at=seen_at), keys=KEYS)
    assert f"; Max-Age={ends_at - seen_at};" in line
    assert opened(line, now=ends_at - 1)
    with pytest.raises(SealBroken, match="expired"):
        opened(line, now=ends_at)


def test_what_begins_later_wins_although_a_clock_is_behind() -> None:
    shown = COOKIE.shown(SHOWN)
    assert shown.next_began(SESSION.began - 60_000_000) > SESSION.began
    signed_out = pair(COOKIE.sign_out(shown, SESSION.began - 60_000_000)[0])
    assert COOKIE.shown(SHOWN | signed_out).current is None
    assert COOKIE.shown(signed_out).next_began(0) > SESSION.began


def test_the_previous_versions_cookie_is_older_than_any_and_another_name_no_session() -> None:
    before = {"__Host-foyer-session": "x"}
    alone = COOKIE.shown(before).current
    assert alone is not None
    assert alone.name == "foyer-session"
    both = COOKIE.shown(before | SHOWN)
    assert (both.current, both.left_over) == (SESSION.place, ("foyer-session",))
    for name in ("", "1", "01-1", "0-0", "1-1; x"):
        shown = COOKIE.shown({f"__Host-foyer-session-{name}": "x"})
        assert (shown.current, shown.left_over) == (None, ())


def test_a_response_clears_as_many_cookies_as_fit() -> None:
    numbers = range(10**15, 10**15 + 300)
    cookies = {f"__Host-foyer-session-{number}-1": "x" for number in numbers}
    cookies |= {f"__Host-foyer-signed-out-{number}": "x" for number in numbers}
    lines = COOKIE.sign_out(COOKIE.shown(cookies), 10**15)
    assert len(lines) > 20
    assert sum(len(f"set-cookie: {line}\r\n") for line in lines) < 4096


@given(
    st.dictionaries(st.text(max_size=30), st.text(max_size=2000), max_size=8), st.integers(0, 5000)
)
def test_every_session_fits_into_a_cookie(claims: dict[str, str], token_bytes: int) -> None:
    session = replace(SESSION, claims=claims, refresh_token="r" * token_bytes)
    line, left_out = COOKIE.line(session, keys=KEYS)
    assert len(line) <= MAX_BYTES
    kept = opened(line)
    assert set(kept.left_out) == set(claims) - set(kept.claims)
    assert (kept.refresh_token is None) == ("refresh_token" in left_out)
    if "refresh_token" in left_out:
        assert kept.claims == {}, "the refresh token goes last"


def test_an_oversize_claim_is_left_out_before_others_and_groups_last() -> None:
    groups = [f"department-{number:03}" for number in range(30)]
    claims = {
        "name": "N" * 2000,
        "email": "visitor@example.com",
        "cognito:groups": groups,
        "custom:a": "a" * 300,
        "custom:b": "b" * 300,
    }
    left_out = COOKIE.line(replace(SESSION, claims=claims), keys=KEYS)[1]
    assert left_out[:2] == ("name", "custom:b")
    assert "cognito:groups" not in left_out


def test_names_of_claims_do_not_cost_what_matters_more() -> None:
    permissions = {f"custom:permission-{number:03}": "x" * 50 for number in range(200)}
    userinfo = {"email": "visitor@example.com", "cognito:groups": ["staff"], **permissions}
    line, left_out = COOKIE.line(SESSION.with_claims({}, userinfo), keys=KEYS)
    assert len(line) <= MAX_BYTES
    kept = opened(line)
    assert (kept.left_out, kept.refresh_token) == (["custom:*"], SESSION.refresh_token)
    assert {"email", "cognito:groups"} <= kept.claims.keys() == set(kept.from_userinfo)
    assert set(permissions) - set(kept.claims) == set(left_out), "the log has all names"


def test_a_session_does_not_show_who_it_is_about() -> None:
    assert "Visitor" not in repr(SESSION)
    assert "rrr" not in repr(SESSION)


MINE: dict[str, Any] = {"email": "mine@example.com"}
OTHER = {"email": "other@example.com"}


@pytest.mark.parametrize(
    ("id_token", "userinfo", "verified"),
    [
        *((MINE | {"email_verified": value}, {}, True) for value in (True, "true")),
        *((MINE | {"email_verified": value}, {}, False) for value in (False, "false", "", 1, None)),
        ({}, MINE | {"email_verified": "true"}, True),
        (OTHER, MINE | {"email_verified": True}, False),
        (MINE | {"email_verified": True}, {"email_verified": False}, True),
        ({"email_verified": True}, {}, None),
    ],
)
def test_no_other_address_makes_one_verified(
    id_token: dict[str, Any], userinfo: dict[str, Any], verified: bool | None
) -> None:
    assert kept_claims(id_token, userinfo).get("email_verified") is verified


def test_claims_are_kept_by_need_and_the_id_token_wins() -> None:
    kept = kept_claims(
        {"custom:b": "2", "email": "of token", "name": "n", "jti": "x"},
        {"email": "of userinfo", "custom:a": "1", "custom:b": "3", "sub": "s"},
    )
    assert list(kept) == ["name", "email", "email_verified", "custom:a", "custom:b"]
    assert (kept["email"], kept["custom:b"]) == ("of token", "2")
