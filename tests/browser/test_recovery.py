"""Passwords forgotten, and passwords that an administrator has set."""

from __future__ import annotations

from dataclasses import replace

import pytest
from playwright.sync_api import expect

from tests.browser.people import Account, Directory, Visitor

pytestmark = pytest.mark.browser

NEW_PASSWORD = "Difference-Engine-1822"


def ask_for_a_code(visitor: Visitor, account: Account) -> None:
    visitor.begin_sign_in()
    visitor.follow("Forgot your password?")
    visitor.page.get_by_label("User name").fill(account.username)
    visitor.press("Send the code")
    visitor.sees("Choose a new password")


def test_a_forgotten_password_is_replaced_with_a_mailed_code(
    visitor: Visitor, directory: Directory
) -> None:
    account = directory.add()
    ask_for_a_code(visitor, account)
    right = visitor.mailed_code(account.email)
    visitor.enter_code(right[::-1])
    visitor.choose_password(NEW_PASSWORD)
    visitor.press("Change password")
    visitor.reads("That code is not right.")

    visitor.enter_code(right)
    visitor.choose_password(NEW_PASSWORD)
    visitor.press("Change password")
    visitor.reads("Your password is changed.")
    visitor.submit_sign_in(account)
    expect(visitor.page.get_by_role("alert")).to_be_visible()
    visitor.submit_sign_in(account, NEW_PASSWORD)
    visitor.is_welcome(account)


def test_a_new_recovery_code_can_be_sent(visitor: Visitor, directory: Directory) -> None:
    account = directory.add()
    ask_for_a_code(visitor, account)
    visitor.press("Send a new code")
    visitor.reads("A new code is on its way.")
    expect(visitor.mails(account.email)).to_have_count(2)
    visitor.enter_code(visitor.mailed_code(account.email))
    visitor.choose_password(NEW_PASSWORD)
    visitor.press("Change password")
    visitor.submit_sign_in(account, NEW_PASSWORD)
    visitor.is_welcome(account)


def test_whoever_has_to_sets_a_new_password_before_getting_in(
    visitor: Visitor, directory: Directory
) -> None:
    account = directory.add()
    visitor.open(f"{visitor.stack.login}/users")
    row = visitor.page.get_by_role("row").filter(has_text=account.username)
    row.get_by_role("button", name="Require new password").click()
    temporary = visitor.page.locator("#temporary-password").inner_text()

    visitor.begin_sign_in()
    visitor.submit_sign_in(account, temporary)
    visitor.sees("Choose a password of your own")
    visitor.choose_password(NEW_PASSWORD, repeated="another-Password-1")
    visitor.press("Save and continue")
    visitor.reads("The two passwords are not the same.")
    visitor.open()
    visitor.is_signed_out()

    visitor.begin_sign_in()
    visitor.submit_sign_in(account, temporary)
    visitor.choose_password(NEW_PASSWORD)
    visitor.press("Save and continue")
    visitor.is_welcome(account)
    visitor.press("Sign out")
    visitor.sign_in(replace(account, password=NEW_PASSWORD))


def test_a_disabled_user_cannot_sign_in_until_enabled_again(
    visitor: Visitor, directory: Directory
) -> None:
    account = directory.add()
    users = f"{visitor.stack.login}/users"
    for button in ("Disable", "Enable"):
        visitor.open(users)
        row = visitor.page.get_by_role("row").filter(has_text=account.username)
        row.get_by_role("button", name=button, exact=True).click()
        expect(row).to_contain_text(f"{button}d")
        visitor.begin_sign_in()
        visitor.submit_sign_in(account)
        if button == "Disable":
            expect(visitor.page.get_by_role("alert")).to_be_visible()
    visitor.is_welcome(account)
