"""Signing in and out, in the language that was picked, and what managed login remembers."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.people import Directory, Visitor

pytestmark = pytest.mark.browser


def test_managed_login_asks_again_after_sign_out_only(
    visitor: Visitor, directory: Directory
) -> None:
    account = directory.add()
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
    visitor.press("Sign out")
    visitor.is_signed_out()
    visitor.begin_sign_in()


def test_two_tabs_sign_in_at_once(visitor: Visitor, directory: Directory) -> None:
    account = directory.add()
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


def test_the_keyboard_alone_picks_a_language_and_signs_in_and_out(
    visitor: Visitor, directory: Directory
) -> None:
    account = directory.add()
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
    expect(page.get_by_role("link", name="Anmelden")).to_be_visible()
