"""An authenticator app as the second step, where the pool allows it and where it insists."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

import pytest
import segno
from playwright.sync_api import Browser, expect

from tests.browser.authenticator import digits, wrong
from tests.browser.people import Account, Directory, Visitor
from tests.running_stack import RunningStack

pytestmark = pytest.mark.browser


@pytest.fixture
def strict_visitor(stack_with_mfa: RunningStack, chromium: Browser) -> Iterator[Visitor]:
    with Visitor.arriving(stack_with_mfa, chromium) as arrived:
        yield arrived


def set_up_app(visitor: Visitor, account: Account) -> str:
    """Scan the QR code and enter the first digits; returns the secret."""
    visitor.sees("Set up an authenticator app")
    secret = visitor.page.locator("#secret").inner_text().replace(" ", "")
    shown = visitor.page.get_by_role("img", name="QR code").get_attribute("src")
    address = f"otpauth://totp/Foyer:{quote(account.username)}?secret={secret}&issuer=Foyer"
    assert shown == segno.make(address).svg_data_uri(border=3, light="#fff", dark="#000")
    visitor.enter_code(digits(secret))
    visitor.press("Finish")
    visitor.is_welcome(account)
    return secret


def sign_in_again(visitor: Visitor, account: Account, secret: str) -> None:
    """The password alone does not do; a wrong code does not; the app's does."""
    visitor.press("Sign out")
    visitor.begin_sign_in()
    visitor.submit_sign_in(account)
    visitor.sees("Enter the code")
    visitor.open()
    visitor.is_signed_out()
    visitor.begin_sign_in()
    visitor.submit_sign_in(account)
    visitor.enter_code(wrong(digits(secret)))
    visitor.press("Continue")
    visitor.reads("That code is not right.")
    visitor.enter_code(digits(secret))
    visitor.press("Continue")
    visitor.is_welcome(account)


def test_where_it_is_optional_a_visitor_may_set_it_up(
    visitor: Visitor, directory: Directory
) -> None:
    account = directory.add()
    visitor.begin_sign_in()
    visitor.page.get_by_label("Set up an authenticator app").check()
    visitor.submit_sign_in(account)
    secret = set_up_app(visitor, account)
    sign_in_again(visitor, account, secret)


def test_where_it_is_on_nobody_gets_in_without(
    strict_visitor: Visitor, stack_with_mfa: RunningStack
) -> None:
    visitor, account = strict_visitor, Directory(stack_with_mfa).add()
    visitor.begin_sign_in()
    expect(visitor.page.get_by_label("Set up an authenticator app")).to_have_count(0)
    visitor.submit_sign_in(account)
    visitor.sees("Set up an authenticator app")
    visitor.open("/login")
    visitor.sees("Sign in")
    visitor.submit_sign_in(account)
    secret = set_up_app(visitor, account)
    sign_in_again(visitor, account, secret)
