"""Requests that no visitor sees, and those that API Gateway sends to its ``$default`` route."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from foyer import routes
from foyer.http_api import json_document
from foyer.route import Route

from tests.flow.browser import Answer, Browser
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


@pytest.mark.parametrize("headers", UNSEEN.values(), ids=UNSEEN)
def test_an_unseen_request_begins_no_sign_in_and_spends_no_code(
    stack: Stack, browser: Browser, headers: dict[str, str]
) -> None:
    callback = stack.callback(browser)
    for path in ("/login", "/signup", "/login?lang=de", callback):
        answer = browser.send("GET", path, headers)
        assert (answer.status, answer.cookies) == (401, ())
        assert "location" not in answer.headers
    assert stack.cognito.upstream_calls == 0
    assert browser.send("GET", callback, NAVIGATION).status == 303


def test_forty_requests_at_once_leave_the_site_usable(stack: Stack, browser: Browser) -> None:
    """Also in a browser that does not say what a request is for."""
    callback = stack.callback(browser, "/login?return_to=/orders")
    kept = dict(browser.cookies)
    for answer in [browser.held("GET", "/login", **FETCH) for _ in range(40)]:
        browser.arrive(answer)
    assert browser.cookies == kept
    for answer in [browser.held("GET", "/login?return_to=/part") for _ in range(40)]:
        browser.arrive(answer)
    assert sum(len(f"{name}={value}; ") for name, value in browser.cookies.items()) < 4000
    assert browser.get(callback).location == "/orders"


def test_a_notice_is_kept_until_it_is_seen(browser: Browser) -> None:
    browser.cookies["__Host-foyer-notice"] = "account_was_deleted"
    assert browser.send("HEAD", "/", {}).cookies == ()
    assert browser.send("GET", "/?lang=de", UNSEEN["prefetch"]).cookies == ()
    assert "Your account has been deleted." in browser.get("/").body


def test_a_script_gets_a_401_instead_of_a_redirect(stack: Stack) -> None:
    browser = stack.browser(ACCOUNT_PAGE="true")
    assert browser.send("GET", "/account", FETCH).status == 401
    assert browser.send("GET", "/account", NAVIGATION).location == "/login?return_to=/account"
    assert browser.get("/account?tab=2&x=%20").location == (
        "/login?return_to=/account%3Ftab%3D2%26x%3D%2520"
    )


# The default route


def by_default(browser: Browser, method: str, path: str, **headers: str) -> Answer:
    made = browser.event(method, path, headers)
    context = {**made["requestContext"], "routeKey": "$default"}
    return browser.deliver({**made, "routeKey": "$default", "requestContext": context})


@pytest.mark.parametrize("path", ["/nowhere", "/callback/", "/me/", "/favicon.ico/x"])
def test_an_unknown_path_is_a_translated_page(browser: Browser, path: str) -> None:
    for method in ("GET", "POST", "DELETE"):
        answer = by_default(browser, method, path, **{"accept-language": "de"})
        assert answer.status == 404
        assert '<html lang="de">' in answer.body


@pytest.mark.parametrize(("path", "status"), [("/favicon.ico", 204), ("/robots.txt", 200)])
def test_requests_for_icons_and_rules_for_crawlers_are_not_logged(
    stack: Stack, browser: Browser, path: str, status: int
) -> None:
    answer = by_default(browser, "GET", path)
    assert (answer.status, answer.cookies) == (status, ())
    assert answer.headers["cache-control"] == "public, max-age=86400"
    assert stack.log() == []


def test_password_managers_find_the_page_where_a_password_is_changed(stack: Stack) -> None:
    with_page = stack.browser(ACCOUNT_PAGE="true")
    answer = by_default(with_page, "GET", "/.well-known/change-password")
    assert (answer.status, answer.location) == (302, "/account/password")
    assert by_default(stack.browser(), "GET", "/.well-known/change-password").status == 404


def test_head_has_gets_status_and_headers_but_no_body_or_cookie(browser: Browser) -> None:
    for path in ("/", "/logout", "/healthz", "/me", "/robots.txt", "/login", "/callback?code=a"):
        for head in (by_default(browser, "HEAD", path), browser.send("HEAD", path, {})):
            assert (head.body, head.cookies) == ("", ())
            if path.startswith(("/login", "/callback")):  # they would lead away
                assert head.status == 200
            else:
                get = browser.get(path)
                assert (head.status, head.headers) == (get.status, get.headers)


def test_head_finds_routes_with_path_parameters(
    browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Mapping[str, Any]] = []

    def note(_services: Any, request: Any, _visit: Any) -> Any:
        seen.append(request.path_parameters)
        return json_document({})

    for key in ("GET /orders/{id}", "GET /files/{user}/{path+}"):
        monkeypatch.setitem(routes.ROUTES, key, Route(note))
    assert by_default(browser, "HEAD", "/orders/7").status == 200
    assert by_default(browser, "HEAD", "/orders/7/lines").status == 404
    assert by_default(browser, "HEAD", "/files/ada/a/b.txt").status == 200
    assert by_default(browser, "HEAD", "/orders/").status == 404
    assert seen == [{"id": "7"}, {"user": "ada", "path": "a/b.txt"}]
