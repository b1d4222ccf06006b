"""From the landing page to an account, with the code from the inbox page."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.people import Account, Visitor

pytestmark = pytest.mark.browser


def test_a_newcomer_signs_up_signs_in_and_signs_out(visitor: Visitor) -> None:
    account = Account.of_somebody_new()
    visitor.open()
    visitor.follow("Create account")
    visitor.fill_in_sign_up(account)
    visitor.press("Create account")
    visitor.sees("Confirm your e-mail address")
    visitor.enter_code(visitor.mailed_code(account.email))
    visitor.press("Confirm")

    visitor.sees("Sign in")
    visitor.reads("Your e-mail address is confirmed.")
    visitor.submit_sign_in(account)
    visitor.is_welcome(account)

    visitor.press("Sign out")
    visitor.is_signed_out()
    visitor.follow("Sign in")
    visitor.sees("Sign in")
    expect(visitor.page.get_by_label("Password")).to_be_visible()
    expect(visitor.page.get_by_label("Password")).to_have_value("")
