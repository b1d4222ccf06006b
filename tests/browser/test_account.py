"""People look after their own account, offline: all of it is the local stack's."""

from __future__ import annotations

from dataclasses import replace

import pytest
from playwright.sync_api import expect

from tests.browser.authenticator import digits, wrong
from tests.browser.people import Account, Directory, Visitor

pytestmark = pytest.mark.browser

NEW_PASSWORD = "Difference-Engine-1822"


@pytest.fixture
def ada(visitor: Visitor, directory: Directory) -> Account:
    account = directory.add()
    visitor.sign_in(account)
    visitor.follow("Your account")
    visitor.sees("Your account")
    return account


def test_a_name_is_changed_and_greets_from_then_on(visitor: Visitor, ada: Account) -> None:
    visitor.follow("Change name")
    field = visitor.page.get_by_label("Name")
    expect(field).to_have_value(ada.name)
    field.fill("")
    visitor.press("Save")
    visitor.reads("Enter a name.")
    field.fill("Ada King, Countess of Lovelace")
    visitor.press("Save")
    visitor.is_at("/account")
    visitor.reads("Your name was changed.")
    visitor.follow("Go to the start page")
    visitor.is_welcome(replace(ada, name="Ada King, Countess of Lovelace"))


def test_a_password_is_changed_and_signs_in_from_then_on(visitor: Visitor, ada: Account) -> None:
    visitor.follow("Change password")
    visitor.page.get_by_label("Current password").fill("not-the-Password-1")
    visitor.page.get_by_label("New password").fill(NEW_PASSWORD)
    visitor.press("Save")
    visitor.reads("That is not your current password.")
    expect(visitor.page.get_by_label("New password")).to_have_value("")
    visitor.page.get_by_label("Current password").fill(ada.password)
    visitor.page.get_by_label("New password").fill("short")
    visitor.press("Save")
    visitor.reads("That password is too weak. It has to be longer.")
    visitor.page.get_by_label("Current password").fill(ada.password)
    visitor.page.get_by_label("New password").fill(NEW_PASSWORD)
    visitor.press("Save")
    visitor.reads("Your password was changed.")
    visitor.open("/logout")
    visitor.press("Sign out")
    visitor.sign_in(replace(ada, password=NEW_PASSWORD))


def test_an_authenticator_app_is_set_up_asked_for_and_turned_off(
    visitor: Visitor, ada: Account
) -> None:
    visitor.follow("Set up")
    visitor.press("Continue")
    visitor.sees("Set up an authenticator app")
    secret = visitor.page.locator("#key").inner_text().replace(" ", "")
    visitor.page.reload()
    assert visitor.page.locator("#key").inner_text().replace(" ", "") == secret
    visitor.enter_code(wrong(digits(secret)))
    visitor.press("Finish")
    visitor.reads("That code is not right.")
    visitor.enter_code(digits(secret))
    visitor.press("Finish")
    visitor.is_at("/account")
    visitor.reads("Two-step sign-in is on")
    visitor.open("/logout")
    visitor.press("Sign out")
    visitor.begin_sign_in()
    visitor.submit_sign_in(ada)
    visitor.sees("Enter the code")
    visitor.enter_code(digits(secret))
    visitor.press("Continue")
    visitor.is_welcome(ada)
    visitor.follow("Your account")
    visitor.follow("Turn off")
    visitor.press("Turn off")
    visitor.reads("Two-step sign-in is off.")


def test_signing_out_everywhere_ends_this_session_and_managed_logins(
    visitor: Visitor, ada: Account
) -> None:
    visitor.follow("Sign out everywhere")
    visitor.press("Sign out everywhere")
    visitor.is_signed_out()
    visitor.reads("You are signed out everywhere.")
    visitor.sign_in(ada)


def test_an_account_is_deleted_by_who_types_its_name(visitor: Visitor, ada: Account) -> None:
    visitor.follow("Delete account")
    field = visitor.page.get_by_label("To confirm, type your user name or e-mail address")
    field.fill("somebody else")
    visitor.press("Delete account")
    visitor.reads("That is not your user name or e-mail address.")
    expect(field).to_have_value("somebody else")
    field.fill(ada.email.upper())
    visitor.press("Delete account")
    visitor.is_signed_out()
    visitor.reads("Your account was deleted.")
    visitor.begin_sign_in()
    visitor.submit_sign_in(ada)
    visitor.reads("Incorrect username or password.")


def test_the_way_back_to_the_account_asks_for_the_password(visitor: Visitor, ada: Account) -> None:
    """As the page sends people whose sign-in is no longer recent."""
    visitor.open("/login?return_to=/account/delete&prompt=login")
    visitor.sees("Sign in")
    visitor.submit_sign_in(ada)
    visitor.is_at("/account/delete")
