"""What the app makes of the session cookie, whole, cut and missing."""

from __future__ import annotations

import pytest

from tests.browser.people import Directory, Visitor

pytestmark = pytest.mark.browser


def test_me_has_the_claims_of_whoever_is_signed_in(visitor: Visitor, directory: Directory) -> None:
    account = directory.add()
    visitor.sign_in(account)
    answer = visitor.context.request.get(f"{visitor.stack.app}/me")
    assert answer.status == 200
    claims = answer.json()
    assert (claims["name"], claims["email"]) == (account.name, account.email)
    visitor.press("Sign out")
    visitor.is_signed_out()
    answer = visitor.context.request.get(f"{visitor.stack.app}/me")
    assert (answer.status, answer.headers["content-type"]) == (401, "application/problem+json")


def test_no_script_of_a_page_can_read_the_cookies(visitor: Visitor, directory: Directory) -> None:
    visitor.sign_in(directory.add())
    assert visitor.context.cookies(visitor.stack.app)
    assert visitor.page.evaluate("document.cookie") == ""


def test_a_session_cookie_cut_in_half_means_signed_out(
    visitor: Visitor, directory: Directory
) -> None:
    account = directory.add()
    visitor.sign_in(account)
    (session,) = [
        cookie
        for cookie in visitor.context.cookies(visitor.stack.app)
        if cookie["name"] == "foyer-session"
    ]
    half = session["value"][: len(session["value"]) // 2]
    visitor.context.add_cookies(
        [{"name": "foyer-session", "value": half, "url": visitor.stack.app, "httpOnly": True}]
    )
    visitor.page.reload()
    visitor.is_signed_out()
    visitor.follow("Sign in")
    visitor.is_welcome(account)


@pytest.mark.parametrize(
    "query",
    [
        "",
        "?code=made-up&state=wrong",
        "?state=a&state=b",
        "?error=<script>alert(1)</script>&state=unknown",
        f"?code={'x' * 9000}",
    ],
    ids=["nothing", "a wrong state", "two states", "a script", "9 KB of junk"],
)
def test_a_broken_callback_gets_a_calm_page(visitor: Visitor, query: str) -> None:
    visitor.open(f"/callback{query}")
    visitor.sees("That sign-in cannot be finished")
    visitor.follow("Start again")
    visitor.sees("Sign in")


def test_a_broken_callback_leaves_the_session_alone(visitor: Visitor, directory: Directory) -> None:
    account = directory.add()
    visitor.sign_in(account)
    visitor.open("/callback?state=a&state=b")
    visitor.sees("That sign-in cannot be finished")
    visitor.open()
    visitor.is_welcome(account)
