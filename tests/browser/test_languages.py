"""Languages: chosen on the app's pages, used by managed login, and kept."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.people import Account, Directory, Visitor
from tests.running_stack import RunningStack

pytestmark = pytest.mark.browser


def speaks(visitor: Visitor, language: str) -> None:
    expect(visitor.page.locator("html")).to_have_attribute("lang", language)


def signs_in_german(visitor: Visitor, account: Account) -> None:
    """From the landing page, by the words that are on the pages."""
    visitor.follow("Anmelden")
    visitor.sees("Anmelden")
    speaks(visitor, "de")
    visitor.page.locator("#username").fill(account.username)
    visitor.page.locator("#password").fill(account.password)
    visitor.press("Anmelden")
    visitor.sees(account.name)
    visitor.reads("Sie sind angemeldet.")


def test_a_language_picked_by_keyboard_goes_on_to_managed_login_and_back(
    visitor: Visitor, directory: Directory
) -> None:
    page, keyboard = visitor.page, visitor.page.keyboard
    visitor.open()
    speaks(visitor, "en")
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
    signs_in_german(visitor, directory.add())
    visitor.press("Abmelden")
    visitor.sees("Willkommen")


def test_a_browser_that_prefers_german_gets_german(
    stack: RunningStack, chromium: Browser, directory: Directory
) -> None:
    with Visitor.arriving(stack, chromium, locale="de-AT") as visitor:
        visitor.open()
        speaks(visitor, "de")
        signs_in_german(visitor, directory.add())
        visitor.open("/logout")
        visitor.sees("Abmelden?")
        visitor.page.locator("summary").click()
        visitor.follow("English")
        visitor.sees("Sign out?")
