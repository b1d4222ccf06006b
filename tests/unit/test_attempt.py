"""Attempts: bound to a browser, findable by their state, limited in number and time."""

from __future__ import annotations

import base64
import hashlib
import secrets
from dataclasses import replace

import pytest
from foyer.cookies import CookieStyle
from foyer.errors import SealBroken
from foyer.return_to import MAX_CHARACTERS
from foyer.sealing import KeyRing
from foyer.sessions.attempt import LIFETIME, MAX_KEPT_BYTES, MAX_OPEN, Attempt, AttemptCookies
from hypothesis import example, given
from hypothesis import strategies as st

KEYS = KeyRing([secrets.token_urlsafe(48)])
COOKIES = AttemptCookies(CookieStyle(secure=True))


def start(now: float = 1000) -> Attempt:
    return Attempt.start(return_to="/orders", now=now)


def jar(*attempts: Attempt) -> dict[str, str]:
    lines = (COOKIES.line(attempt, keys=KEYS).partition(";")[0] for attempt in attempts)
    return dict(line.split("=", 1) for line in lines)


def test_an_attempt_is_found_by_its_state() -> None:
    first, second = start(), start()
    cookies = jar(first, second)
    assert COOKIES.find(first.state, cookies, keys=KEYS, now=1001) == first
    assert COOKIES.find(second.state, cookies, keys=KEYS, now=1001) == second


@given(st.text())
def test_no_other_state_finds_it(state: str) -> None:
    attempt = start()
    cookies = jar(attempt)
    assert COOKIES.find(state, cookies, keys=KEYS, now=1001) is None
    assert COOKIES.find(attempt.state[:8] + state, cookies, keys=KEYS, now=1001) is None


def test_the_challenge_is_the_verifiers_hash() -> None:
    attempt = start()
    digest = hashlib.sha256(attempt.code_verifier.encode()).digest()
    assert base64.urlsafe_b64decode(attempt.code_challenge + "=") == digest


def test_an_attempt_ends_after_its_lifetime() -> None:
    attempt = start()
    cookies = jar(attempt)
    assert COOKIES.find(attempt.state, cookies, keys=KEYS, now=1000 + LIFETIME - 1) == attempt
    with pytest.raises(SealBroken, match="expired"):
        COOKIES.find(attempt.state, cookies, keys=KEYS, now=1000 + LIFETIME)


def test_an_attempt_shows_none_of_its_values() -> None:
    attempt = start()
    for value in (attempt.state, attempt.nonce, attempt.code_verifier, attempt.return_to):
        assert value not in repr(attempt)


def test_there_is_room_for_four_and_one_more() -> None:
    attempts = [start(now=1000 + number) for number in range(MAX_OPEN + 1)]
    assert COOKIES.make_room(jar(*attempts[: MAX_OPEN - 1]), keys=KEYS, now=1100) == ()
    cleared = COOKIES.make_room(jar(*attempts), keys=KEYS, now=1100)
    assert len(cleared) == 2
    for attempt in attempts[:2]:
        assert any(attempt.state[:8] in line for line in cleared)


@given(st.lists(st.integers(0, MAX_CHARACTERS), max_size=9))
@example([MAX_CHARACTERS] * 6)
def test_however_long_their_paths_attempts_leave_room_in_a_request(lengths: list[int]) -> None:
    cookies: dict[str, str] = {}
    for number, length in enumerate(lengths):
        attempt = replace(start(now=1000 + number), return_to="/" * length)
        for line in COOKIES.make_room(cookies, keys=KEYS, now=1100):
            del cookies[line.partition("=")[0]]
        cookies |= jar(attempt)
        assert COOKIES.find(attempt.state, cookies, keys=KEYS, now=1100) == attempt
        assert len(cookies) <= MAX_OPEN
        assert sum(len(name) + len(value) + 3 for name, value in cookies.items()) < 4400


def test_fewer_attempts_stay_when_other_cookies_need_the_room() -> None:
    attempts = [start(now=1000 + number) for number in range(MAX_OPEN - 1)]
    for size, kept in ((0, 4), (3000, 2), (9000, 0)):
        others = {"__Host-foyer-session-1-1": "s" * size}
        cleared = COOKIES.make_room(jar(*attempts) | others, keys=KEYS, now=1100)
        assert len(cleared) == len(attempts) - kept


def test_five_usual_attempts_fit() -> None:
    usual = [replace(start(), return_to="/orders?page=2&sort=date&q=" + "q" * 80)] * MAX_OPEN
    assert len(usual) * len(COOKIES.line(usual[0], keys=KEYS).partition("=")[2]) < MAX_KEPT_BYTES


def test_so_many_are_forgotten_at_once_as_a_response_has_room_for() -> None:
    cookies = {f"__Host-foyer-attempt-junk{number:04}": "x" for number in range(300)}
    for lines in (COOKIES.forget_all(cookies), COOKIES.make_room(cookies, keys=KEYS, now=1)):
        assert 20 < len(lines) < 40
        assert sum(len(f"set-cookie: {line}\r\n") for line in lines) < 4096


def test_only_names_of_ours_go_back_out_in_a_header() -> None:
    cookies = {"__Host-foyer-attempt-a; Domain=x": "1", "__Host-foyer-attempt-": "1", "other": "1"}
    assert COOKIES.forget_all(cookies) == ()
    assert COOKIES.forget("a; Domain=x", cookies) == ()
