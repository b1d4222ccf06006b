"""Headers of every response, and the structure of pages."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser
from typing import Any

import pytest
from foyer import routes
from foyer.http_api import Response
from foyer.route import Route

from tests.flow.browser import Browser, event
from tests.flow.conftest import ORIGIN, Stack


@pytest.mark.parametrize("path", ["/", "/logout", "/callback", "/nowhere"])
def test_the_policy_allows_the_one_style_and_there_is_no_script(
    browser: Browser, path: str
) -> None:
    answer = browser.get(path)
    (style,) = re.findall(r"<style>(.*?)</style>", answer.body, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}';" in answer.headers["content-security-policy"]
    assert "<script" not in answer.body
    assert " style=" not in answer.body
    assert not re.search(r"\son\w+=", answer.body)


class _Balance(HTMLParser):
    """Notices tags that don't close in the order in which they were opened."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[str] = []

    def handle_starttag(self, tag: str, _attributes: Any) -> None:
        self.seen.append(tag)
        if tag not in {"meta", "link"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize("path", ["/", "/welcome", "/logout", "/callback", "/nowhere"])
def test_pages_are_whole_documents(stack: Stack, browser: Browser, path: str) -> None:
    if path == "/welcome":
        stack.sign_in(browser)
        path = "/"
    page = browser.get(path)
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.body.startswith('<!doctype html>\n<html lang="en">')
    parser = _Balance()
    parser.feed(page.body)
    assert parser.open == []
    for tag in ("title", "main", "h1"):
        assert parser.seen.count(tag) == 1


@pytest.mark.parametrize("path", ["/", "/logout", "/me", "/healthz", "/login", "/signup"])
def test_these_pages_cost_no_upstream_call(stack: Stack, browser: Browser, path: str) -> None:
    browser.get(path)
    assert stack.cognito.upstream_calls == 0
    stack.sign_in(browser)
    assert stack.cognito.upstream_calls == 3, "token, keys and UserInfo"
    browser.get(path)
    assert stack.cognito.upstream_calls == 3


def test_names_are_escaped_wherever_they_appear(stack: Stack, browser: Browser) -> None:
    evil = "<img src=x onerror=alert(1)>{style}\"'&"
    stack.cognito.user.name = evil
    stack.cognito.user.username = evil
    stack.cognito.user.email = evil
    stack.sign_in(browser)
    page = browser.get("/").body
    assert "<img" not in page
    escaped = "&lt;img src=x onerror=alert(1)&gt;{style}&#34;&#39;&amp;"
    assert page.count(escaped) == 2, "headline and e-mail"


def test_an_unverified_address_is_marked(stack: Stack, browser: Browser) -> None:
    stack.cognito.user.email_verified = False
    stack.sign_in(browser)
    assert "not verified yet" in browser.get("/").body


def test_the_brand_is_everywhere(stack: Stack) -> None:
    browser = stack.browser(BRAND_NAME="Müller & Söhne", BRAND_COLOR="#ffcc00")
    page = browser.get("/").body
    assert "<title>Welcome · Müller &amp; Söhne</title>" in page
    assert "--brand:#ffcc00;--on-brand:#000" in page


def test_the_brands_logo_stands_beside_its_name(stack: Stack) -> None:
    assert "<img" not in stack.browser().get("/").body
    browser = stack.browser(BRAND_LOGO="PHN2Zy8+")
    for path in ("/", "/logout", "/nowhere"):
        page = browser.get(path).body
        assert '<img src="data:image/svg+xml;base64,PHN2Zy8+" alt="">' in page
        assert "<bdi>Foyer</bdi>" in page


def test_a_logo_may_have_the_name_in_it_and_a_dark_form(stack: Stack) -> None:
    page = (
        stack.browser(BRAND_LOGO="PHN2Zy8+", BRAND_LOGO_DARK="PHN2Zz4=", BRAND_LOGO_HAS_NAME="true")
        .get("/")
        .body
    )
    assert 'alt="Foyer"' in page
    assert "<bdi>Foyer</bdi>" not in page
    assert (
        'media="(prefers-color-scheme: dark)" srcset="data:image/svg+xml;base64,PHN2Zz4="' in page
    )


def test_the_welcome_page_leads_into_the_app_and_so_does_sign_in(stack: Stack) -> None:
    browser = stack.browser(APP_HOME="/app", BRAND_TAGLINE="Tea & cake")
    assert "Tea &amp; cake" in browser.get("/").body
    assert stack.sign_in(browser).location == "/app"
    assert '<a class="button" href="/app">' in browser.get("/").body
    assert stack.sign_in(browser, "/login?return_to=/orders").location == "/orders"


def test_head_is_get_without_a_body(browser: Browser) -> None:
    head, get = browser.send("HEAD", "/", {}), browser.get("/")
    assert (head.status, head.body) == (200, "")
    assert head.headers == get.headers


@pytest.mark.parametrize(("method", "path"), [("PUT", "/"), ("POST", "/login"), ("GET", "/admin")])
def test_unknown_routes_are_404(browser: Browser, method: str, path: str) -> None:
    answer = browser.send(method, path, {})
    assert answer.status == 404
    assert "Page not found" in answer.body


def test_health_touches_nothing(stack: Stack, browser: Browser) -> None:
    stack.secrets_manager.delete_secret(SecretId="foyer/test", ForceDeleteWithoutRecovery=True)
    browser.cookies = {"__Host-foyer-session": "junk"}
    answer = browser.get("/healthz")
    assert (answer.status, answer.body, answer.cookies) == (200, "ok", ())


def test_cookies_are_found_in_a_header_of_any_case_too(stack: Stack, browser: Browser) -> None:
    stack.sign_in(browser)
    header = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    made = event(
        "GET", "/me", domain="app.example.com", cookies={}, headers={"Cookie": f"a; b=c; {header}"}
    )
    assert browser.deliver(made).status == 200


def test_without_app_url_the_domain_that_was_called_counts(stack: Stack) -> None:
    browser = stack.browser()
    browser.origin = "https://other.example"
    assert "redirect_uri=https%3A%2F%2Fother.example%2Fcallback" in browser.get("/login").location


def test_a_host_header_does_not_say_where_sign_in_returns(browser: Browser) -> None:
    location = browser.get("/login", host="evil.example").location
    assert "evil" not in location
    assert "redirect_uri=https%3A%2F%2Fapp.example.com%2Fcallback" in location


def test_app_url_wins_over_the_domain_that_was_called(stack: Stack) -> None:
    browser = stack.browser(APP_URL=ORIGIN)
    browser.origin = "https://internal.example"
    location = browser.get("/login").location
    assert "app.example.com" in location
    assert "internal.example" not in location


def test_a_bug_is_a_calm_500_and_its_place_is_in_the_log(
    stack: Stack, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> Response:
        secret_local = "never shown"
        raise RuntimeError(f"quotes {secret_local}")

    monkeypatch.setitem(routes.ROUTES, "GET /", Route(broken))
    answer = browser.get("/")
    assert answer.status == 500
    (line,) = stack.logged("unexpected_error")
    assert line["correlation_id"] in answer.body
    assert line["error"] == "builtins.RuntimeError"
    assert line["stack"][-1].endswith(" broken")
    assert "never shown" not in stack.log_stream.getvalue() + answer.body


def test_only_the_first_request_of_a_container_is_marked_cold(
    stack: Stack, browser: Browser
) -> None:
    for _ in range(2):
        browser.get("/callback")
    assert [line["cold_start"] for line in stack.logged("request_failed")] == [True, False]
