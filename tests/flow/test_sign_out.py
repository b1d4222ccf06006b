"""Sign-out works only from our own pages, and also signs out of Cognito."""

from __future__ import annotations

import html
from typing import Any

import pytest
import requests

from tests.flow.browser import OWN_PAGE, Browser
from tests.flow.conftest import ORIGIN, Stack

pytestmark = pytest.mark.sessions("cookie", "table")


def test_a_sign_out_is_counted_and_logged_once(
    stack: Stack, signed_in: Browser, capsys: pytest.CaptureFixture[str]
) -> None:
    signed_in.post("/logout")
    signed_in.post("/logout")
    assert capsys.readouterr().out.count('"SignedOut":[1.0]') == 1
    (line,) = stack.logged("signed_out")
    assert line.get("sub") == stack.cognito.user.sub
    signed_in.cookies = {"__Host-foyer-session": "junk"}
    signed_in.post("/logout")
    assert "sub" not in stack.logged("signed_out")[-1]


def test_signing_out_ends_every_session(stack: Stack, signed_in: Browser) -> None:
    signed_in.get("/login")
    before = signed_in.named("session")
    answer = signed_in.post("/logout")
    assert answer.status == 200
    assert "Signing you out" in answer.body
    assert f'href="{html.escape(answer.location)}"' in answer.body, "for browsers that stay"
    assert answer.location.startswith(f"{stack.cognito.domain_url}/logout?")
    assert answer.query == {"client_id": stack.cognito.client_id, "logout_uri": f"{ORIGIN}/"}
    assert answer.headers.get("clear-site-data") == '"storage"'
    assert signed_in.named("session") == signed_in.named("attempt") == {}
    assert stack.cognito.calls("revoke") == 1
    signed_in.cookies = before
    stack.clock.advance(3599)
    signed_in.get("/")
    stack.clock.advance(1)
    assert not signed_in.is_signed_in, "a copied cookie ends at its next refresh"


def test_get_logout_asks_and_changes_nothing(stack: Stack, signed_in: Browser) -> None:
    cookies = dict(signed_in.cookies)
    page = signed_in.get("/logout")
    assert page.status == 200
    assert '<form class="actions" method="post" action="/logout">' in page.body
    for query in ("", "?logout_uri=https://evil.example", "?confirm=1"):
        for method in ("GET", "HEAD"):
            signed_in.send(method, f"/logout{query}", {"sec-fetch-site": "cross-site"})
    assert signed_in.cookies == cookies
    assert stack.cognito.calls("revoke") == 0
    assert signed_in.is_signed_in


def test_other_sites_cannot_sign_a_visitor_out(stack: Stack, signed_in: Browser) -> None:
    for headers in (
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "none"},
        {"sec-fetch-site": "cross-site", "origin": ORIGIN},
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": f"{ORIGIN}.evil.example"},
        {"referer": f"{ORIGIN}/"},
    ):
        answer = signed_in.send("POST", "/logout", headers)
        assert (answer.status, answer.cookies) == (400, ()), headers
    assert signed_in.is_signed_in
    assert stack.cognito.calls("revoke") == 0


def test_a_browser_without_fetch_metadata_is_known_by_its_origin(signed_in: Browser) -> None:
    for path in ("/", "/logout"):
        policy = signed_in.get(path).headers["referrer-policy"]
        assert policy == "same-origin", "otherwise Origin would be null"
    assert signed_in.post("/logout", origin=ORIGIN).status == 200


@pytest.mark.parametrize("fault", ["http_500", "reset", "invalid_request"])
def test_sign_out_needs_no_revocation(stack: Stack, signed_in: Browser, fault: str) -> None:
    stack.cognito.fault("revoke", fault)
    assert signed_in.post("/logout").status == 200
    assert signed_in.named("session") == {}
    assert len(stack.logged("revocation_failed")) == 1


def test_sign_out_gives_the_revocation_two_seconds(
    signed_in: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = []
    send = requests.Session.request

    def noting(*arguments: Any, **options: Any) -> requests.Response:
        given.append(options["timeout"].total)
        return send(*arguments, **options)

    monkeypatch.setattr(requests.Session, "request", noting)
    signed_in.post("/logout")
    assert given == [2]


def test_without_the_secret_sign_out_warns(stack: Stack, signed_in: Browser) -> None:
    stack.vault.failure = "secret_not_found"
    new_container = stack.copy_of(signed_in)
    answer = new_container.post("/logout")
    assert answer.status == 503
    assert "You are signed out of this site" in answer.body
    assert new_container.named("session") == {}
    assert len(stack.logged("signed_out")) == 1


def test_the_form_may_have_a_body_in_any_encoding_and_need_no_session(
    stack: Stack, browser: Browser
) -> None:
    for body, is_base64 in (("", False), ("a=b", False), ("YT1i", True)):
        made = browser.event("POST", "/logout", OWN_PAGE, body)
        assert browser.deliver({**made, "isBase64Encoded": is_base64}).status == 200
    assert stack.cognito.calls("revoke") == 0
