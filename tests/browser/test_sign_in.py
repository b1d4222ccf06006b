"""Signing in and out, and what managed login remembers.

What pages say in each state is checked by every_page.py, which test_accessibility.py walks along.
"""

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
    visitor.sign_in(account)
    assert visitor.context.cookies(visitor.stack.app)
    assert visitor.page.evaluate("document.cookie") == "", "no script can read the cookies"
    visitor.context.clear_cookies(name=re.compile("^foyer-session"))
    visitor.open()
    visitor.is_signed_out()
    visitor.follow("Sign in")
    visitor.is_welcome(account)
    visitor.press("Sign out")
    visitor.is_signed_out()
    visitor.begin_sign_in()
    visitor.submit_sign_in(account)
    visitor.is_welcome(account)


def test_back_and_reload_after_sign_in_lead_to_the_welcome_page(
    visitor: Visitor, directory: Directory
) -> None:
    account = directory.add()
    visitor.begin_sign_in()
    with visitor.page.expect_request(lambda request: "/callback?" in request.url) as callback:
        visitor.submit_sign_in(account)
    visitor.is_welcome(account)
    visitor.page.go_back()
    visitor.is_welcome(account)
    visitor.open(callback.value.url)
    visitor.is_welcome(account)


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


def test_the_keyboard_alone_signs_in_and_out(visitor: Visitor, directory: Directory) -> None:
    account = directory.add()
    page, keyboard = visitor.page, visitor.page.keyboard
    visitor.open()
    keyboard.press("Tab")  # the brand
    keyboard.press("Tab")
    expect(page.get_by_role("link", name="Sign in")).to_be_focused()
    keyboard.press("Enter")
    expect(page.get_by_label("User name")).to_be_focused()
    keyboard.type(account.username)
    keyboard.press("Tab")
    expect(page.get_by_label("Password")).to_be_focused()
    keyboard.type(account.password)
    keyboard.press("Enter")
    visitor.is_welcome(account)
    keyboard.press("Tab")
    keyboard.press("Tab")
    expect(page.get_by_role("link", name="Your account")).to_be_focused()
    keyboard.press("Tab")
    expect(page.get_by_role("button", name="Sign out")).to_be_focused()
    keyboard.press("Enter")
    visitor.is_signed_out()
