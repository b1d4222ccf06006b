"""What arrives by API Gateway's ``$default``: unknown paths, HEAD, and what browsers ask for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import pytest
from foyer import routes
from foyer.http_api import json_document
from foyer.route import Route

from tests.flow.browser import Answer, Browser, event
from tests.flow.conftest import ORIGIN, Stack


def by_default(browser: Browser, method: str, path: str, **headers: str) -> Answer:
    domain = urlsplit(ORIGIN).netloc
    made = event(method, path, domain=domain, cookies=browser.cookies, headers=headers)
    context = {**made["requestContext"], "routeKey": "$default"}
    return browser.deliver({**made, "routeKey": "$default", "requestContext": context})


@pytest.mark.parametrize("path", ["/nowhere", "/callback/", "/me/", "/favicon.ico/x"])
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_an_unknown_path_is_a_page_in_the_visitors_language(
    browser: Browser, method: str, path: str
) -> None:
    answer = by_default(browser, method, path, **{"accept-language": "de"})
    assert answer.status == 404
    assert '<html lang="de">' in answer.body


@pytest.mark.parametrize(("path", "status"), [("/favicon.ico", 204), ("/robots.txt", 200)])
def test_what_browsers_and_crawlers_ask_for_is_answered_quietly(
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


@pytest.mark.parametrize("path", ["/", "/logout", "/healthz", "/me", "/login", "/robots.txt"])
def test_head_has_the_status_of_get_and_no_body(browser: Browser, path: str) -> None:
    answer = by_default(browser, "HEAD", path)
    assert answer.body == ""
    assert answer.status == (200 if path == "/login" else browser.get(path).status)


def test_head_finds_routes_with_path_parameters(
    browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Mapping[str, Any]] = []

    def note(_services: Any, request: Any, _visit: Any) -> Any:
        seen.append(request.path_parameters)
        return json_document({})

    for key in ("GET /orders/{id}", "GET /files/{user}/{path+}"):
        monkeypatch.setitem(routes.ROUTES, key, replace(Route(note)))
    for path, status in (
        ("/orders/7", 200),
        ("/orders/7/lines", 404),
        ("/files/ada/a/b.txt", 200),
        ("/orders/", 404),
    ):
        assert by_default(browser, "HEAD", path).status == status
    assert seen == [{"id": "7"}, {"user": "ada", "path": "a/b.txt"}]
