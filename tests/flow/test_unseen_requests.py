"""Requests that no visitor sees begin no sign-in, finish none and spend nothing."""

from __future__ import annotations

import pytest

from tests.flow.browser import Browser
from tests.flow.conftest import Stack

FETCH = {"sec-fetch-mode": "cors", "sec-fetch-dest": "empty"}
IMAGE = {"sec-fetch-mode": "no-cors", "sec-fetch-dest": "image"}
NAVIGATION = {"sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}
FRAME = {"sec-fetch-mode": "navigate", "sec-fetch-dest": "iframe"}
UNSEEN = {
    "fetch": FETCH,
    "image": IMAGE,
    "frame": FRAME,
    "prefetch": NAVIGATION | {"sec-purpose": "prefetch"},
    "prerender": NAVIGATION | {"sec-purpose": "prefetch;prerender"},
    "older Chromium": {"purpose": "prefetch"},
    "Safari": {"x-purpose": "preview"},
    "Firefox": {"x-moz": "prefetch"},
}


@pytest.mark.parametrize("path", ["/login", "/signup", "/login?lang=de"])
@pytest.mark.parametrize("headers", UNSEEN.values(), ids=UNSEEN)
def test_an_unseen_request_begins_no_sign_in(
    browser: Browser, headers: dict[str, str], path: str
) -> None:
    answer = browser.send("GET", path, headers)
    assert (answer.status, answer.cookies) == (401, ())
    assert "location" not in answer.headers


@pytest.mark.parametrize("headers", UNSEEN.values(), ids=UNSEEN)
def test_an_unseen_request_spends_no_code(
    stack: Stack, browser: Browser, headers: dict[str, str]
) -> None:
    callback = stack.cognito.visit(browser.get("/login").location)
    answer = browser.send("GET", callback, headers)
    assert (answer.status, answer.cookies) == (401, ())
    assert stack.cognito.upstream_calls == 0
    assert browser.send("GET", callback, NAVIGATION).status == 303


@pytest.mark.parametrize("path", ["/login", "/signup", "/callback?code=a&state=b"])
def test_head_asks_whether_something_is_there_and_gets_that(browser: Browser, path: str) -> None:
    answer = browser.send("HEAD", path, {})
    assert (answer.status, answer.body, answer.cookies) == (200, "", ())


def test_forty_parts_of_a_page_at_once_leave_the_site_usable(
    stack: Stack, browser: Browser
) -> None:
    """Also in a browser that does not say what a request is for."""
    callback = stack.cognito.visit(browser.get("/login?return_to=/orders").location)
    kept = dict(browser.cookies)
    for answer in [browser.held("GET", "/login", **FETCH) for _ in range(40)]:
        browser.arrive(answer)
    assert browser.cookies == kept
    for answer in [browser.held("GET", "/login?return_to=/part") for _ in range(40)]:
        browser.arrive(answer)
    assert sum(len(f"{name}={value}; ") for name, value in browser.cookies.items()) < 4000
    assert browser.get(callback).location == "/orders"


def test_a_notice_waits_for_somebody_who_sees_it(browser: Browser) -> None:
    browser.cookies["__Host-foyer-notice"] = "account_was_deleted"
    assert browser.send("HEAD", "/", {}).cookies == ()
    assert browser.send("GET", "/?lang=de", UNSEEN["prefetch"]).cookies == ()
    assert "Your account has been deleted." in browser.get("/").body


def test_a_script_that_fetches_a_page_learns_that_nobody_is_signed_in(stack: Stack) -> None:
    browser = stack.browser(ACCOUNT_PAGE="true")
    assert browser.send("GET", "/account", FETCH).status == 401
    assert browser.send("GET", "/account", NAVIGATION).location == "/login?return_to=/account"
    assert browser.get("/account?tab=2&x=%20").location == (
        "/login?return_to=/account%3Ftab%3D2%26x%3D%2520"
    )
