"""Sign-in from the first page to the welcome page, as a browser sees it."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from tests.flow.browser import Browser
from tests.flow.conftest import ORIGIN, Stack
from tests.flow.private_values import found_in, private_values


def test_a_visitor_signs_in_and_is_welcomed_by_name(
    stack: Stack, browser: Browser, capsys: pytest.CaptureFixture[str]
) -> None:
    callback = stack.sign_in(browser)
    assert (callback.status, callback.location) == (303, "/")
    written = capsys.readouterr().out
    page = browser.get("/")
    assert page.status == 200
    for shown in (stack.cognito.user.name, stack.cognito.user.email, stack.cognito.user.username):
        assert shown in page.body
    assert "not verified" not in page.body
    (exchange,) = stack.cognito.requests["token"]
    assert exchange.form["grant_type"] == "authorization_code"
    assert len(exchange.form.get("code_verifier", "")) == 43
    assert stack.cognito.calls("userinfo") == 1
    for counted in ("ColdStart", "SignInStarted", "SignInSucceeded"):
        assert written.count(f'"{counted}":[1.0]') == 1
    assert found_in(written + stack.log_stream.getvalue(), private_values(stack)) == set()
    (line,) = stack.logged("signed_in")
    assert line.get("sub") == stack.cognito.user.sub
    assert line["route"] == "GET /callback"
    assert line["cold_start"] is False


def test_login_sends_state_nonce_and_challenge_and_a_cookie(browser: Browser, stack: Stack) -> None:
    answer = browser.get("/login?redirect_uri=https://evil.example&x=1&x=2")
    assert answer.status == 302
    assert answer.location.startswith(f"{stack.cognito.domain_url}/oauth2/authorize?")
    query = answer.query
    assert query["redirect_uri"] == f"{ORIGIN}/callback"
    assert query["code_challenge_method"] == "S256"
    assert len({query["state"], query["nonce"], query["code_challenge"]}) == 3
    assert all(len(query[name]) == 43 for name in ("state", "nonce", "code_challenge"))
    (cookie,) = answer.cookies
    assert cookie.startswith("__Host-foyer-attempt-")
    assert cookie.endswith("; Max-Age=600; Path=/; Secure; HttpOnly; SameSite=Lax")
    assert query["nonce"] not in cookie
    again = browser.get("/login").query
    assert not any(query[name] == again[name] for name in ("state", "nonce", "code_challenge"))
    assert stack.cognito.upstream_calls == 0


def test_sign_in_and_sign_up_ask_for_the_scopes_of_other_apis(stack: Stack) -> None:
    notes = {
        "ACCESS_TOKEN_SCOPES": "notes-api/read, notes-api/write",
        "ACCESS_TOKEN_RESOURCE": "https://notes.example/api",
    }
    stack.cognito.scopes = (*stack.cognito.scopes, "notes-api/read", "notes-api/write")
    for path, page in {"/login": "/oauth2/authorize", "/signup": "/signup"}.items():
        browser = stack.browser(**notes)
        start = browser.get(path)
        assert start.location.startswith(f"{stack.cognito.domain_url}{page}?")
        assert start.query["scope"] == "openid email profile notes-api/read notes-api/write"
        assert start.query["resource"] == "https://notes.example/api"
        assert stack.sign_in(browser, path).status == 303
        assert stack.cognito.user.name in browser.get("/").body
    assert "resource" not in stack.browser().get("/login").query


def test_sign_in_returns_to_where_the_visitor_was_and_to_no_other_site(
    stack: Stack, browser: Browser
) -> None:
    """tests/unit/test_return_to.py has more paths."""
    for query, location in {
        "return_to=%2Forders%3Fpage%3D2%26q%3Da%2520b%23top": "/orders?page=2&q=a%20b#top",
        "return_to=%FF&return_to=/a%2520b%3Fq%3Dc+d&return_to=/b": "/a%20b?q=c%20d",  # first valid
        "return_to=//evil.example": "/",
        "return_to=https://evil.example": "/",
        "return_to=": "/",
    }.items():
        assert stack.sign_in(browser, f"/login?{query}").location == location


def test_an_invalid_parameter_stops_no_sign_in(stack: Stack, browser: Browser) -> None:
    for invalid in (
        "return_to=%0D%0ASet-Cookie:%20x=1",
        "return_to=%00",
        "return_to=%FF",
        "return_to=/" + "a" * 512,
        "login_hint=" + "a" * 321,
        "prompt=select_account&prompt=" + "x" * 17,
        "lang=" + "x" * 101,
        "utm_source=F%FCr&utm_campaign=%",
        "junk=" + "x" * 9000,
        "&".join(f"p{number}=" for number in range(40)),
    ):
        valid = "lang=de-DE-u-co-phonebk-x&lang=fr&login_hint=a%2Bb@c.example"
        answer = browser.get(f"/login?{invalid}&{valid}")
        assert answer.query["lang"] == "de"
        assert answer.query["login_hint"] == "a+b@c.example"
        assert browser.get(stack.cognito.visit(answer.location)).location == "/"


def test_two_tabs_sign_in_without_disturbing_each_other(stack: Stack, browser: Browser) -> None:
    first, second = (stack.callback(browser, f"/login?return_to=/{tab}") for tab in "ab")
    assert browser.get(second).location == "/b"
    assert browser.get(first).location == "/a"
    assert browser.named("attempt") == {}


def test_a_sign_in_begins_a_new_session_and_ends_the_one_that_it_replaces(
    stack: Stack, signed_in: Browser
) -> None:
    copy, before = stack.copy_of(signed_in), signed_in.named("session")
    stack.cognito.user.name = "Somebody Else"
    stack.sign_in(signed_in, "/login?prompt=login")
    assert before.items().isdisjoint(signed_in.named("session").items())
    assert "Somebody Else" in signed_in.get("/").body
    assert stack.cognito.calls("revoke") == 1
    stack.advance_to_refresh(copy, signed_in)
    assert not copy.is_signed_in
    assert signed_in.is_signed_in
    stack.cognito.id_token_defect = "bad_signature"
    assert stack.sign_in(signed_in).status == 502
    assert stack.cognito.calls("revoke") == 1, "a sign-in that failed ends none"


def test_a_failed_revocation_stops_no_sign_in(stack: Stack, signed_in: Browser) -> None:
    given: dict[str, float] = {}

    class Noting(requests.Session):
        def request(self, method: Any, url: Any, *args: Any, **options: Any) -> requests.Response:
            given[url.rpartition("/")[2]] = options["timeout"].total
            return super().request(method, url, *args, **options)

    signed_in.handler = stack.app(Noting())
    stack.cognito.fault("revoke", "http_500")
    assert stack.sign_in(signed_in).status == 303
    assert given["revoke"] == 1
    (line,) = stack.logged("revocation_failed")
    assert (line["reason"], line["sub"]) == ("revoke_failed", stack.cognito.user.sub)


def test_the_id_token_wins_and_userinfo_fills_gaps_now_and_after_a_refresh(stack: Stack) -> None:
    stack.cognito.user.custom = {"custom:tenant": "of-token"}
    stack.cognito.userinfo_answer = {
        "name": "Of Userinfo",
        "custom:tenant": "of-userinfo",
        "zoneinfo": "Europe/Berlin",
    }
    browser = stack.signed_in()
    claims = browser.get("/me").json
    assert claims["name"] == stack.cognito.user.name
    assert (claims["custom:tenant"], claims["zoneinfo"]) == ("of-token", "Europe/Berlin")
    for _ in range(2):
        stack.advance_to_refresh(browser)
        assert browser.get("/me").json == claims
    assert stack.cognito.calls("token") == 3


def test_userinfo_about_another_user_ends_the_sign_in(stack: Stack, browser: Browser) -> None:
    stack.cognito.userinfo_answer = {"sub": "somebody-else"}
    assert stack.sign_in(browser).status == 502
    assert browser.cookies == {}
