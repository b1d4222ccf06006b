"""From the landing page to an account, with the code from the inbox page."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.people import Account, Visitor

pytestmark = pytest.mark.browser


def begin_sign_up(visitor: Visitor, account: Account) -> None:
    visitor.open()
    visitor.follow("Create account")
    visitor.fill_in_sign_up(account)


def test_a_newcomer_signs_up_signs_in_and_signs_out(visitor: Visitor) -> None:
    account = Account.of_somebody_new()
    begin_sign_up(visitor, account)
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


def test_a_wrong_code_is_said_and_a_new_one_can_be_sent(visitor: Visitor) -> None:
    account = Account.of_somebody_new()
    begin_sign_up(visitor, account)
    visitor.press("Create account")
    right = visitor.mailed_code(account.email)
    visitor.enter_code(right[::-1])
    visitor.press("Confirm")
    visitor.sees("Confirm your e-mail address")
    visitor.reads("That code is not right.")

    visitor.press("Send a new code")
    visitor.reads("A new code is on its way.")
    expect(visitor.mails(account.email)).to_have_count(2)
    visitor.enter_code(visitor.mailed_code(account.email))
    visitor.press("Confirm")
    visitor.submit_sign_in(account)
    visitor.is_welcome(account)


def test_a_weak_password_is_said_and_nothing_typed_is_lost_but_passwords(visitor: Visitor) -> None:
    account = Account.of_somebody_new()
    begin_sign_up(visitor, account)
    visitor.choose_password("short")
    visitor.press("Create account")
    visitor.sees("Create an account")
    expect(visitor.page.locator("[aria-invalid=true]")).to_be_focused()
    expect(visitor.page.get_by_label("again")).to_have_value("")
    expect(visitor.page.get_by_label("E-mail address")).to_have_value(account.email)


def test_the_users_page_lists_who_signed_up(visitor: Visitor) -> None:
    account = Account.of_somebody_new()
    begin_sign_up(visitor, account)
    visitor.press("Create account")
    visitor.sees("Confirm your e-mail address")
    visitor.open(f"{visitor.stack.login}/users")
    row = visitor.page.get_by_role("row").filter(has_text=account.username)
    expect(row).to_contain_text(account.email)
    expect(row).to_contain_text("UNCONFIRMED")
    expect(row).to_contain_text("not verified")
