"""Every page fits a phone: nothing has to be scrolled sideways, light or dark."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.browser.people import Directory, Visitor
from tests.running_stack import RunningStack

pytestmark = pytest.mark.browser


@pytest.fixture(params=["light", "dark"])
def phone(
    stack: RunningStack, chromium: Browser, request: pytest.FixtureRequest
) -> Iterator[Visitor]:
    options = {"viewport": {"width": 320, "height": 640}, "color_scheme": request.param}
    with Visitor.arriving(stack, chromium, **options) as arrived:
        yield arrived


def fits(visitor: Visitor) -> None:
    width = visitor.page.evaluate("document.scrollingElement.scrollWidth")
    assert width <= 320, visitor.page.url


def test_the_pages_of_a_visit_fit_a_phone(phone: Visitor, directory: Directory) -> None:
    account = directory.add()
    phone.open()
    fits(phone)
    phone.follow("Create account")
    fits(phone)
    phone.press("Create account")
    fits(phone)
    phone.begin_sign_in()
    fits(phone)
    phone.follow("Forgot your password?")
    fits(phone)
    phone.page.get_by_label("User name").fill(account.username)
    phone.press("Send the code")
    phone.sees("Choose a new password")
    fits(phone)
    for page in ("/inbox", "/users", "/error"):
        phone.open(f"{phone.stack.login}{page}")
        fits(phone)
    phone.begin_sign_in()
    phone.page.get_by_label("Set up an authenticator app").check()
    phone.submit_sign_in(account)
    phone.sees("Set up an authenticator app")
    fits(phone)
    phone.sign_in(account)
    fits(phone)
    for page in ("/logout", "/callback?code=x&state=y&code=z"):
        phone.open(page)
        fits(phone)
