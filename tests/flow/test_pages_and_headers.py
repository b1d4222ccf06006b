"""The structure and headers of answers, what pages cost, and whose address and brand they bear.

Browser checks the headers and cookies of every answer.
"""

from __future__ import annotations

import base64
import hashlib
import re
from typing import TYPE_CHECKING

import pytest
from foyer import forms, http_api, routes
from foyer.errors import RequestFailed
from foyer.route import Needs, Route

from tests.flow.browser import Browser
from tests.flow.conftest import ORIGIN, Stack

if TYPE_CHECKING:
    from foyer.http_api import Request, Response
    from foyer.services import Services
    from foyer.sessions.visitors import Visit

AUTH = "https://auth.example.com"
PROXYS_VALUE = "origin-verify-0123456789abcdef"


def test_the_policy_allows_the_one_style_and_there_is_no_script(stack: Stack) -> None:
    browser = stack.browser()
    pages = [browser.get(path) for path in ("/", "/logout", "/callback", "/nowhere")]
    for page in (*pages, stack.signed_in().get("/")):
        (style,) = re.findall(r"<style>(.*?)</style>", page.body, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
        assert f"style-src 'sha256-{digest}';" in page.headers["content-security-policy"]
        assert "<script" not in page.body
        assert " style=" not in page.body
        assert not re.search(r"\son\w+=", page.body)
        assert page.headers["content-type"] == "text/html; charset=utf-8"


def test_every_answer_carries_the_security_headers(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of each kind of answer there is; managed login has a domain of its own for browsers."""
    at_the_fake = stack.cognito.domain_url
    browser = stack.browser(COGNITO_DOMAIN_URL=AUTH, COGNITO_BACKCHANNEL_URL=at_the_fake)

    def callback(error: str | None = None) -> str:
        location = browser.get("/login").location.replace(AUTH, stack.cognito.domain_url)
        return stack.cognito.visit(location, error=error)

    seen = set()
    for url in ("/", "/me", "/signup", "/callback?code=made-up", callback(), "/", "/me", "/logout"):
        seen.add(browser.get(url).status)
    for url in ("/healthz", "/nowhere", "/callback?code=a&state=b", "/callback?code=a&code=b"):
        seen.add(browser.get(url).status)
    seen.add(browser.get(callback("invalid_request") + "&error_description=denied").status)
    for error in ("access_denied", "server_error", "temporarily_unavailable"):
        seen.add(browser.get(callback(error)).status)
    form_action = browser.get("/logout").headers["content-security-policy"].rpartition("; ")[2]
    assert form_action == f"form-action 'self' {AUTH}"
    assert browser.send("HEAD", "/", {}).headers["referrer-policy"] == "same-origin"
    seen.add(browser.post("/logout", origin="https://evil.example").status)
    stack.cognito.fault("token", "http_500")
    seen.add(browser.get(callback()).status)
    stack.cognito.repair("token")
    with monkeypatch.context() as patch:
        patch.setitem(routes.ROUTES, "GET /healthz", Route(lambda *_: 1 / 0))  # type: ignore[arg-type]
        seen.add(browser.get("/healthz").status)
    browser.get(callback())
    stack.cognito.sign_out_everywhere()
    stack.advance_to_refresh(browser)
    seen |= {browser.get("/").status, browser.post("/logout").status}
    assert seen == {200, 302, 303, 400, 401, 403, 404, 500, 502, 503}


def test_these_pages_cost_no_upstream_call(stack: Stack, browser: Browser) -> None:
    paths = ("/", "/logout", "/me", "/healthz", "/login", "/signup")
    for path in paths:
        browser.get(path)
    assert stack.cognito.upstream_calls == 0
    stack.sign_in(browser)
    for path in paths:
        browser.get(path)
    assert stack.cognito.upstream_calls == 3, "token, keys and UserInfo"


def test_names_are_escaped_wherever_they_appear(stack: Stack) -> None:
    user = stack.cognito.user
    user.name = user.username = user.email = "<img src=x onerror=alert(1)>{style}\"'&"
    user.email_verified = False
    page = stack.signed_in().get("/").body
    assert "<img" not in page
    escaped = "&lt;img src=x onerror=alert(1)&gt;{style}&#34;&#39;&amp;"
    assert page.count(escaped) == 2, "headline and e-mail"
    assert "not verified yet" in page


def test_the_brands_name_color_and_logo_are_on_every_page(stack: Stack) -> None:
    assert "<img" not in stack.browser().get("/").body
    brand = {"BRAND_NAME": "Müller & Söhne", "BRAND_COLOR": "#ffcc00", "BRAND_LOGO": "PHN2Zy8+"}
    browser = stack.browser(**brand)
    assert "<title>Welcome · Müller &amp; Söhne</title>" in browser.get("/").body
    for path in ("/", "/logout", "/nowhere"):
        page = browser.get(path).body
        assert "--brand:#ffcc00;--on-brand:#000" in page
        assert '<img src="data:image/svg+xml;base64,PHN2Zy8+" alt="">' in page
        assert "<bdi>Müller &amp; Söhne</bdi>" in page
    brand |= {"BRAND_LOGO_DARK": "PHN2Zz4=", "BRAND_LOGO_HAS_NAME": "true"}
    page = stack.browser(**brand).get("/").body
    assert 'alt="Müller &amp; Söhne"' in page
    assert "<bdi>Müller" not in page
    dark = 'media="(prefers-color-scheme: dark)" srcset="data:image/svg+xml;base64,PHN2Zz4="'
    assert dark in page


def test_the_welcome_page_and_sign_in_lead_into_the_app(stack: Stack) -> None:
    browser = stack.browser(APP_HOME="/app", BRAND_TAGLINE="Tea & cake")
    assert "Tea &amp; cake" in browser.get("/").body
    assert stack.sign_in(browser).location == "/app"
    assert '<a class="button" href="/app">' in browser.get("/").body
    assert stack.sign_in(browser, "/login?return_to=/orders").location == "/orders"


def test_without_self_registration_no_page_offers_it(stack: Stack) -> None:
    browser = stack.browser(SELF_SIGN_UP="false")
    page = browser.get("/").body
    assert "/login" in page
    assert "/signup" not in page
    assert "/oauth2/authorize?" in browser.get("/signup").location


def test_the_health_check_reads_nothing(stack: Stack, browser: Browser) -> None:
    browser.cookies = {"__Host-foyer-session": "junk"}
    answer = browser.get("/healthz")
    assert (answer.status, answer.body, answer.cookies) == (200, "ok", ())
    assert stack.vault.reads == 0


def test_sign_in_returns_to_app_url_or_to_the_domain_that_was_called(stack: Stack) -> None:
    """A Host header does not change it."""
    without, with_url = stack.browser(), stack.browser(APP_URL=ORIGIN)
    without.origin = with_url.origin = "https://other.example"
    for browser, origin in ((without, "https://other.example"), (with_url, ORIGIN)):
        location = browser.get("/login", host="evil.example")
        assert location.query["redirect_uri"] == f"{origin}/callback"
        assert "evil" not in location.location


def test_only_a_containers_first_request_is_marked_cold(stack: Stack, browser: Browser) -> None:
    for _ in range(2):
        browser.get("/callback")
    assert [line["cold_start"] for line in stack.logged("request_failed")] == [True, False]


def test_a_refusal_by_a_page_of_your_own_is_not_about_signing_in(
    stack: Stack, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Conflict(RequestFailed):
        status = 409

    def conflict(*_: object) -> Response:
        raise Conflict("form_malformed")

    def page(_services: Services, request: Request, _visit: Visit) -> Response:
        return http_api.json_document(request.query(page=3))

    def save(_services: Services, request: Request, _visit: Visit) -> Response:
        return http_api.json_document(forms.read_json(request))

    for key, route in {
        "GET /orders": Route(page),
        "POST /orders": Route(save, own_page_only=True),
        "POST /api/orders": Route(save, own_page_only=True, is_json=True),
        "GET /conflict": Route(conflict),
    }.items():
        monkeypatch.setitem(routes.ROUTES, key, route)
    assert "The address may be incomplete" in browser.get("/orders?page=1000").body
    for answer in (browser.post("/orders", origin="https://evil.example"), browser.post("/orders")):
        assert answer.status == 400
        assert "Nothing was changed" in answer.body
    assert "malformed" in browser.post("/api/orders").json["detail"]
    assert browser.get("/conflict").status == 409
    assert stack.reasons()[:2] == ["parameter_too_long", "cross_site_post"]
    refused = browser.post("/logout", origin="https://evil.example")
    assert "You are still signed in" in refused.body


def test_a_page_with_a_parameter_comes_back_to_the_same_address(
    stack: Stack, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """API Gateway decodes the path."""
    route = Route(routes.home, needs=Needs.SESSION)
    monkeypatch.setitem(routes.ROUTES, "GET /orders/{id}", route)
    made = browser.event("GET", "/orders/a%23c?page=2", {})
    sent = browser.deliver({**made, "routeKey": "GET /orders/{id}"})
    assert stack.sign_in(browser, sent.location).location == "/orders/a%23c?page=2"


def test_what_everybody_may_keep_has_no_cookie(browser: Browser) -> None:
    for path in ("/robots.txt", "/favicon.ico"):
        answer = browser.get(f"{path}?lang=de")
        assert (answer.headers["cache-control"][:6], answer.cookies) == ("public", ())


@pytest.mark.parametrize("value", [None, "", PROXYS_VALUE[:-1], "\xe9"])
def test_a_request_past_the_proxy_is_refused(stack: Stack, value: str | None) -> None:
    stack.vault.put(origin_verify=PROXYS_VALUE)
    browser = stack.browser(ORIGIN_VERIFY_HEADER="X-Origin-Verify")
    for path in ("/", "/login", "/me", "/healthz"):
        answer = browser.get(path, **({} if value is None else {"x-origin-verify": value}))
        assert (answer.status, answer.cookies) == (400, ())
    assert stack.reasons() == ["not_from_proxy"] * 4
    assert PROXYS_VALUE not in stack.log_stream.getvalue()
    assert browser.get("/", **{"x-origin-verify": PROXYS_VALUE}).status == 200


def test_a_secret_without_the_proxys_value_lets_no_request_through(stack: Stack) -> None:
    browser = stack.browser(ORIGIN_VERIFY_HEADER="X-Origin-Verify")
    assert browser.get("/", **{"x-origin-verify": ""}).status == 503
