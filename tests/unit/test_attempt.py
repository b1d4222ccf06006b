"""Attempts: bound to a browser, findable by their state, limited in number and time."""

from __future__ import annotations

import base64
import hashlib
import secrets

from foyer.cookies import CookieStyle
from foyer.return_to import MAX_CHARACTERS
from foyer.sealing import KeyRing
from foyer.sessions.attempt import MAX_OPEN, MOST_COOKIE_BYTES, Attempt, AttemptCookies
from hypothesis import example, given
from hypothesis import strategies as st

KEYS = KeyRing([secrets.token_urlsafe(48)])
COOKIES = AttemptCookies(CookieStyle(secure=True))


def begun(*times: float, path: str = "/orders") -> tuple[list[Attempt], dict[str, str]]:
    """Attempts that one browser began at these times, and its cookies."""
    cookies: dict[str, str] = {}
    attempts = []
    for now in times:
        attempt, lines = COOKIES.begin(cookies, return_to=path, keys=KEYS, now=now)
        attempts.append(attempt)
        keep(lines, cookies)
    return attempts, cookies


def keep(lines: tuple[str, ...], cookies: dict[str, str]) -> None:
    for line in lines:
        name, _, value = line.partition(";")[0].partition("=")
        cookies.pop(name, None)
        if value:
            cookies[name] = value


def is_open(attempt: Attempt, cookies: dict[str, str]) -> bool:
    return COOKIES.find(attempt.state, cookies, keys=KEYS, now=1100) == attempt


def test_an_attempt_shows_none_of_its_values_and_its_challenge_is_the_verifiers_hash() -> None:
    attempt = Attempt.start(return_to="/orders", now=1000, slot="A")
    for value in (attempt.state, attempt.nonce, attempt.code_verifier, attempt.return_to):
        assert value not in repr(attempt)
    digest = hashlib.sha256(attempt.code_verifier.encode()).digest()
    assert base64.urlsafe_b64decode(attempt.code_challenge + "=") == digest


def test_five_attempts_are_open_and_what_is_no_attempt_and_the_oldest_make_room() -> None:
    attempts, cookies = begun(*range(1000, 1000 + MAX_OPEN + 1))
    cookies["__Host-foyer-attempt-junk"] = "x"
    newest, lines = COOKIES.begin(cookies, return_to="/", keys=KEYS, now=1050)
    keep(lines, cookies)
    assert len(cookies) == MAX_OPEN
    opened = [is_open(attempt, cookies) for attempt in (*attempts, newest)]
    assert opened == [False] * 2 + [True] * MAX_OPEN


@given(st.lists(st.integers(0, MAX_CHARACTERS - 1), max_size=9), st.integers(0, 5000))
@example([MAX_CHARACTERS - 1] * 6, 0)
def test_attempts_of_any_length_leave_room_in_a_request(lengths: list[int], others: int) -> None:
    cookies = {"x": "y" * others}
    for number, length in enumerate(lengths):
        path = "/" + "a" * length
        attempt, lines = COOKIES.begin(cookies, return_to=path, keys=KEYS, now=1000 + number)
        keep(lines, cookies)
        assert is_open(attempt, cookies)
        assert len(cookies) <= MAX_OPEN + 1
        used = sum(len(name) + len(value) + 3 for name, value in cookies.items())
        assert used < max(MOST_COOKIE_BYTES - 4096, others + 1200) + 200


def test_fewer_attempts_stay_when_other_cookies_need_the_room() -> None:
    usual = "/orders?page=2&sort=date&q=" + "q" * 80
    for size, path, stay in ((0, usual, 4), (3000, "/orders", 2), (9000, "/orders", 0)):
        attempts, cookies = begun(*range(1000, 1004), path=path)
        cookies["__Host-foyer-session-1-1"] = "s" * size
        keep(COOKIES.begin(cookies, return_to="/", keys=KEYS, now=1050)[1], cookies)
        assert sum(is_open(attempt, cookies) for attempt in attempts) == stay


def test_an_attempt_is_forgotten_by_its_own_state_only() -> None:
    (attempt,), cookies = begun(1000)
    made_up = attempt.state[:1] + "x" * 42
    assert COOKIES.forget(made_up, cookies, keys=KEYS, now=1001) == ()
    assert len(COOKIES.forget(attempt.state, cookies, keys=KEYS, now=1001)) == 1
    assert len(COOKIES.forget(made_up, cookies, keys=KEYS, now=9999)) == 1, "it has expired"


def test_a_response_forgets_as_many_attempts_as_fit() -> None:
    cookies = {f"__Host-foyer-attempt-junk{number:04}": "x" for number in range(300)}
    _, begun_with = COOKIES.begin(cookies, return_to="/", keys=KEYS, now=1)
    for lines in (COOKIES.forget_all(cookies), begun_with[:-1]):
        assert lines
        assert sum(len(f"set-cookie: {line}\r\n") for line in lines) < 4096


def test_only_valid_cookie_names_go_back_out_in_a_header() -> None:
    cookies = {"__Host-foyer-attempt-a; Domain=x": "1", "__Host-foyer-attempt-": "1", "other": "1"}
    assert COOKIES.forget_all(cookies) == ()
    assert COOKIES.forget("; Domain=x", {"__Host-foyer-attempt-;": "1"}, keys=KEYS, now=1) == ()
