"""Signing in and out: the keyboard, tabs, what managed login remembers, and the account."""

from __future__ import annotations

import re

import pytest
from foyer.pages import Brand, Pages
from playwright.sync_api import Route, expect

from tests.browser.every_page import account_with_devices
from tests.browser.people import Visitor, new_account

pytestmark = pytest.mark.browser


def test_managed_login_asks_again_after_sign_out_or_when_told_to(visitor: Visitor) -> None:
    account = new_account(visitor.stack)
    visitor.begin_sign_in()
    with visitor.page.expect_request(lambda request: "/callback?" in request.url) as callback:
        visitor.submit_sign_in(account)
    visitor.is_welcome(account)
    assert visitor.context.cookies(visitor.stack.app)
    assert visitor.page.evaluate("document.cookie") == "", "no script can read the cookies"
    visitor.page.go_back()
    visitor.is_welcome(account)
    visitor.open(callback.value.url)
    visitor.is_welcome(account)
    visitor.context.clear_cookies(name=re.compile("^foyer-session"))
    visitor.open()
    visitor.is_signed_out()
    visitor.follow("Sign in")
    visitor.is_welcome(account)
    visitor.open("/login?return_to=/account/delete&prompt=login")  # as after 15 minutes
    visitor.sees("Sign in")
    visitor.submit_sign_in(account)
    visitor.is_at("/account/delete")
    visitor.open("/account")
    visitor.follow("Sign out everywhere")
    visitor.press("Sign out everywhere")
    visitor.is_signed_out()
    visitor.reads("You are signed out everywhere.")
    visitor.begin_sign_in()


def test_two_tabs_sign_in_at_once(visitor: Visitor) -> None:
    account = new_account(visitor.stack)
    first = visitor.page
    visitor.begin_sign_in()
    second = visitor.page = visitor.context.new_page()
    visitor.begin_sign_in()
    visitor.submit_sign_in(account)
    visitor.is_welcome(account)
    visitor.page = first
    visitor.submit_sign_in(account)
    visitor.is_welcome(account)
    second.reload()
    expect(second.get_by_role("heading", level=1)).to_have_text(account.name)


def test_the_keyboard_alone_picks_a_language_and_signs_in_and_out(visitor: Visitor) -> None:
    account = new_account(visitor.stack)
    page, keyboard = visitor.page, visitor.page.keyboard
    visitor.open()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    for _ in range(4):  # past the brand and the two buttons
        keyboard.press("Tab")
    expect(page.locator("summary")).to_be_focused()
    german = page.get_by_role("link", name="Deutsch")
    expect(german).to_be_hidden()
    card = page.locator("main").bounding_box()
    keyboard.press("Enter")
    expect(german).to_be_visible()
    assert page.locator("main").bounding_box() == card, "the open list moves nothing"
    keyboard.press("Tab")
    expect(german).to_be_focused()
    keyboard.press("Enter")
    visitor.sees("Willkommen")
    keyboard.press("Tab")  # the brand
    keyboard.press("Tab")
    expect(page.get_by_role("link", name="Anmelden")).to_be_focused()
    keyboard.press("Enter")
    expect(page.locator("html")).to_have_attribute("lang", "de")
    expect(page.get_by_label("Benutzername")).to_be_focused()
    keyboard.type(account.username)
    keyboard.press("Tab")
    expect(page.get_by_label("Passwort")).to_be_focused()
    keyboard.type(account.password)
    keyboard.press("Enter")
    visitor.is_welcome(account)
    visitor.reads("Sie sind angemeldet.")
    keyboard.press("Tab")
    keyboard.press("Tab")
    expect(page.get_by_role("link", name="Ihr Konto")).to_be_focused()
    keyboard.press("Tab")
    expect(page.get_by_role("button", name="Abmelden")).to_be_focused()
    keyboard.press("Enter")
    visitor.sees("Willkommen")
    visitor.follow("Anmelden")
    visitor.sees("Anmelden")


_FOCUSED = """() => {
    const focused = document.activeElement;
    const {outlineStyle, outlineWidth} = getComputedStyle(focused);
    return [focused.textContent.trim(), outlineStyle !== "none" && parseFloat(outlineWidth) > 0];
}"""


def test_the_keyboard_reaches_and_ends_every_session_of_the_list_in_order(visitor: Visitor) -> None:
    """As with sessions in a table, where there is a list."""
    page = account_with_devices(Pages(Brand("Foyer", "#3d5a80"), "en"))
    sent: list[str | None] = []

    def answer(route: Route) -> None:
        if route.request.method == "POST":
            sent.append(route.request.post_data)
        route.fulfill(body=page, content_type="text/html")

    visitor.context.route("**/account**", answer)
    visitor.open("/account")
    reached: list[str] = []
    while "Delete account" not in reached and len(reached) < 30:
        visitor.page.keyboard.press("Tab")
        name, is_visible = visitor.page.evaluate(_FOCUSED)
        assert is_visible, name
        reached.append(name)
    assert [name for name in reached if "ign out" in name] == [
        "Sign out everywhere",
        "Sign out (Samsung Internet, Android)",
        "Sign out (Unknown device)",
        "Sign out all other devices",
    ]
    for name, expected in (("(Unknown device)", f"session={'c' * 64}"), ("other devices", None)):
        visitor.page.get_by_role("button", name=name).focus()
        visitor.page.keyboard.press("Enter")
        visitor.sees("Your account")
        assert sent.pop() == expected
