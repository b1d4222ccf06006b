"""Long names, big tokens, many tabs: cookies and headers stay within what carries them."""

from __future__ import annotations

import pytest
from markupsafe import escape

from tests.flow.browser import Answer, Browser
from tests.flow.conftest import Stack

MOST_HEADER_BYTES = 10_240  # an HTTP API's quota, for a request's line and headers together
OTHER_HEADERS = 1_400  # what Chromium sends besides cookies, with room to spare
REFRESH_TOKEN = "r" * 1_800  # as long as Cognito's are

NAMES = {
    "html": "<b onmouseover=alert(1)>Bobby</b> & 'Co' \"{name}\"",
    "right to left": "\u202eדנה\u202c الاسم",
    "emoji": "👩‍👩‍👧‍👦🏳️‍🌈 Family",
    "combining": "Z̷͖̈a̴͓͝l̶͎̑g̸̙̐o",
    "line separators": "one\u2028two\u2029three",
    "short": "X",
    "long": "n" * 600,
}


@pytest.mark.parametrize("kind", NAMES)
def test_a_name_of_any_kind_is_shown_as_it_is(stack: Stack, browser: Browser, kind: str) -> None:
    stack.cognito.user.name = NAMES[kind]
    stack.cognito.token_answer = {"refresh_token": REFRESH_TOKEN}
    assert stack.sign_in(browser).status == 303
    page = browser.get("/").body
    assert f"<h1>Welcome, <bdi>{escape(NAMES[kind])}</bdi></h1>" in page
    assert stack.cognito.user.email in page
    assert browser.get("/me").json["name"] == NAMES[kind]


@pytest.mark.parametrize("missing", [None, ""])
def test_without_a_name_the_user_name_greets(
    stack: Stack, browser: Browser, missing: str | None
) -> None:
    stack.cognito.id_token_claims = {"name": missing}
    stack.cognito.userinfo_answer = {"name": missing}
    stack.sign_in(browser)
    page = browser.get("/").body
    assert f"Welcome, <bdi>{stack.cognito.user.username}</bdi>" in page
    assert "<dt>Name</dt>" not in page


@pytest.mark.parametrize("letter", ["n", "ñ", "名", "😀"])
def test_a_name_of_2000_characters_signs_in_and_can_be_refreshed(
    stack: Stack, browser: Browser, letter: str
) -> None:
    """What does not fit goes, least needed first; the refresh token stays to the last."""
    stack.cognito.user.name = letter * 2_000
    stack.cognito.token_answer = {"refresh_token": REFRESH_TOKEN}
    assert stack.sign_in(browser).status == 303
    left_out = stack.logged("session_too_large")[0]["left_out"]
    assert left_out[-1] == "name"
    assert "refresh_token" not in left_out
    assert letter * 24 not in stack.log_stream.getvalue()
    page = browser.get("/")
    assert page.status == 200
    assert "Welcome, <bdi>visitor</bdi>" in page.body


def request_bytes(browser: Browser, url: str) -> int:
    cookies = sum(len(f"{name}={value}; ") for name, value in browser.cookies.items())
    return len(url) + cookies + OTHER_HEADERS


def response_bytes(answer: Answer) -> int:
    lines = [f"{name}: {value}\r\n" for name, value in answer.headers.items()]
    lines += [f"set-cookie: {line}\r\n" for line in answer.cookies]
    return sum(map(len, lines))


@pytest.mark.parametrize("return_to", ["/", "/" + "a" * 511, "/?q=" + "%C3%BC" * 84])
def test_many_tabs_and_the_largest_session_stay_within_the_gateways_limit(
    stack: Stack, browser: Browser, return_to: str
) -> None:
    stack.cognito.user.custom = {f"custom:{number:02}": "x" * 97 for number in range(40)}
    stack.cognito.token_answer = {"refresh_token": REFRESH_TOKEN}
    stack.sign_in(browser)
    assert stack.logged("session_too_large")
    for _ in range(8):
        start = f"/login?return_to={return_to.replace('%', '%25')}&login_hint={'%F0%9F%98%80' * 50}"
        assert request_bytes(browser, start) < MOST_HEADER_BYTES
        answer = browser.get(start)
        assert response_bytes(answer) < MOST_HEADER_BYTES
        stack.clock.advance(1)
        callback = stack.cognito.visit(answer.location)
        assert request_bytes(browser, callback) < MOST_HEADER_BYTES
    assert 2 <= len(browser.named("attempt")) <= 5
    finished = browser.get(callback)
    assert (finished.status, finished.location) == (303, return_to)
    assert response_bytes(finished) < MOST_HEADER_BYTES


@pytest.mark.parametrize("size", [1_800, 2_500, 4_000, 30_000])
def test_a_big_token_costs_claims_and_then_itself_but_never_the_sign_in(
    stack: Stack, browser: Browser, size: int
) -> None:
    stack.cognito.token_answer = {"refresh_token": "r" * size}
    stack.cognito.user.custom = {"custom:about": "x" * 400}
    assert stack.sign_in(browser).status == 303
    claims = browser.get("/me").json
    assert claims["sub"] == stack.cognito.user.sub
    is_too_large = size > 2_600
    left_out = [line["left_out"][-1] for line in stack.logged("session_too_large")]
    assert (left_out == ["refresh_token"]) == is_too_large
    assert ("custom:about" in claims) == (size < 2_000)
