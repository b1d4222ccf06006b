"""Every page fits a phone: nothing has to be scrolled sideways."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.browser.people import Directory, Visitor
from tests.running_stack import RunningStack

pytestmark = pytest.mark.browser

NARROW = 320  # CSS pixels; WCAG 2.2, 1.4.10 Reflow


@pytest.fixture
def phone(stack: RunningStack, chromium: Browser) -> Iterator[Visitor]:
    with Visitor.arriving(stack, chromium, viewport={"width": NARROW, "height": 640}) as arrived:
        yield arrived


def fits(visitor: Visitor, heading: str) -> None:
    """The page with this heading does."""
    visitor.sees(heading)
    width = visitor.page.evaluate("document.scrollingElement.scrollWidth")
    assert width <= NARROW, visitor.page.url


def test_the_pages_of_the_app_fit_a_phone(phone: Visitor, directory: Directory) -> None:
    account = directory.add()
    phone.open()
    fits(phone, "Welcome")
    phone.sign_in(account)
    fits(phone, f"Welcome, {account.name}")
    phone.open("/logout")
    fits(phone, "Sign out?")
    phone.open("/callback?state=a&state=b")
    fits(phone, "That sign-in cannot be finished")


def test_the_pages_of_managed_login_fit_a_phone(phone: Visitor, directory: Directory) -> None:
    account = directory.add()
    phone.open("/signup")
    fits(phone, "Create an account")
    phone.press("Create account")
    phone.reads("Please look at:")
    fits(phone, "Create an account")
    phone.begin_sign_in()
    fits(phone, "Sign in")
    phone.page.get_by_label("Set up an authenticator app").check()
    phone.submit_sign_in(account)
    fits(phone, "Set up an authenticator app")
    phone.begin_sign_in()
    phone.follow("Forgot your password?")
    fits(phone, "Forgot your password?")
    phone.page.get_by_label("User name").fill(account.username)
    phone.press("Send the code")
    fits(phone, "Choose a new password")
    for path, heading in {
        "inbox": "Inbox",
        "users": "Users",
        "error": "Something is wrong with this request",
    }.items():
        phone.open(f"{phone.stack.login}/{path}")
        fits(phone, heading)
