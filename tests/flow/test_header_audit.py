"""Each kind of answer there is. Browser checks its headers and cookies; see header_rules.py."""

from __future__ import annotations

import pytest
from foyer import routes
from foyer.route import Route

from tests.flow.browser import Browser
from tests.flow.conftest import Stack

AUTH = "https://auth.example.com"


@pytest.fixture
def browser(stack: Stack) -> Browser:
    """Managed login has a domain of its own for browsers."""
    at_the_fake = stack.cognito.domain_url
    return stack.browser(COGNITO_DOMAIN_URL=AUTH, COGNITO_BACKCHANNEL_URL=at_the_fake)


def test_every_answer_carries_the_security_headers(
    stack: Stack, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
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


def test_a_get_never_signs_out(signed_in: Browser) -> None:
    for url in ("/logout", "/logout?logout_uri=https://evil.example", "/logout?confirm=1"):
        for method in ("GET", "HEAD"):
            answer = signed_in.send(method, url, {"sec-fetch-site": "cross-site"})
            assert answer.cookies == ()
    assert signed_in.is_signed_in
