"""Signing in and out: what managed login remembers, and what may happen on the way."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from playwright.sync_api import expect

from tests.browser.people import Directory, Visitor

pytestmark = pytest.mark.browser


def test_before_sign_out_a_second_sign_in_does_not_ask(
    visitor: Visitor, directory: Directory
) -> None:
    account = directory.add()
    visitor.sign_in(account)
    visitor.context.clear_cookies(name="foyer-session")
    visitor.open()
    visitor.is_signed_out()
    visitor.follow("Sign in")
    visitor.is_welcome(account)


def test_after_sign_out_the_password_is_asked_for(visitor: Visitor, directory: Directory) -> None:
    account = directory.add()
    visitor.sign_in(account)
    visitor.press("Sign out")
    visitor.is_signed_out()
    visitor.begin_sign_in()
    visitor.submit_sign_in(account)
    visitor.is_welcome(account)


def test_the_sign_out_page_asks_and_a_change_of_mind_keeps_the_session(
    visitor: Visitor, directory: Directory
) -> None:
    account = directory.add()
    visitor.sign_in(account)
    visitor.open("/logout")
    visitor.sees("Sign out?")
    visitor.follow("Stay signed in")
    visitor.is_welcome(account)
    visitor.open("/logout")
    visitor.press("Sign out")
    visitor.is_signed_out()
    visitor.begin_sign_in()


def test_an_email_address_serves_as_user_name(visitor: Visitor, directory: Directory) -> None:
    account = directory.add()
    visitor.begin_sign_in()
    visitor.page.get_by_label("User name").fill(account.email.upper())
    visitor.page.get_by_label("Password").fill(account.password)
    visitor.press("Sign in")
    visitor.is_welcome(account)


def test_a_wrong_password_is_said_without_losing_the_user_name(
    visitor: Visitor, directory: Directory
) -> None:
    account = directory.add()
    visitor.begin_sign_in()
    visitor.submit_sign_in(account, password="not-the-Password-1")
    visitor.sees("Sign in")
    expect(visitor.page.get_by_role("alert")).to_have_text("Incorrect username or password.")
    expect(visitor.page.get_by_label("User name")).to_have_value(account.username)
    visitor.submit_sign_in(account)
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
    expect(second.get_by_role("heading", level=1)).to_have_text(f"Welcome, {account.name}")


def test_back_after_sign_in_leads_to_the_welcome_page(
    visitor: Visitor, directory: Directory
) -> None:
    account = directory.add()
    visitor.sign_in(account)
    visitor.page.go_back()
    visitor.is_welcome(account)


def test_a_reloaded_callback_leads_to_the_welcome_page(
    visitor: Visitor, directory: Directory
) -> None:
    account = directory.add()
    visitor.begin_sign_in()
    with visitor.page.expect_request(lambda request: "/callback?" in request.url) as callback:
        visitor.submit_sign_in(account)
    visitor.is_welcome(account)
    visitor.open(callback.value.url)
    visitor.is_welcome(account)


def test_a_callback_shown_to_another_browser_is_refused(
    visitor: Visitor, directory: Directory
) -> None:
    account = directory.add()
    visitor.begin_sign_in()
    with visitor.page.expect_request(lambda request: "/callback?" in request.url) as callback:
        visitor.submit_sign_in(account)
    visitor.is_welcome(account)
    visitor.context.clear_cookies()
    visitor.open(callback.value.url)
    visitor.sees("That sign-in cannot be finished")
    visitor.follow("Start again")
    visitor.sees("Sign in")


def test_cancel_leads_to_a_calm_page_and_from_there_to_a_new_start(visitor: Visitor) -> None:
    visitor.begin_sign_in()
    visitor.follow("Cancel")
    visitor.sees("You were not signed in")
    visitor.follow("Start again")
    visitor.sees("Sign in")


@pytest.mark.parametrize("changed", ["client_id", "redirect_uri"])
def test_an_unknown_client_or_redirect_uri_ends_at_managed_login(
    visitor: Visitor, directory: Directory, changed: str
) -> None:
    good = {
        "response_type": "code",
        "client_id": directory.client()["ClientId"],
        "redirect_uri": f"{visitor.stack.app}/callback",
        "state": "a-state",
    }
    unknown = {"client_id": "1example23456789", "redirect_uri": "http://localhost:9/callback"}
    address = (
        f"{visitor.stack.login}/oauth2/authorize?{urlencode(good | {changed: unknown[changed]})}"
    )
    visitor.open(address)
    visitor.sees("Something is wrong with this request")
    expect(visitor.page).to_have_url(address)


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
