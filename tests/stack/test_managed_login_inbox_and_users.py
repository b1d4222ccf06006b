"""The inbox with the mailed codes, and the users page."""

from __future__ import annotations

import pytest
import requests

from tests.stack.login_pages import PASSWORD, Browser, LoginPages
from tests.stack.test_managed_login_sign_up import ANSWERS

pytestmark = pytest.mark.stack


def test_the_inbox_shows_the_newest_mail_first(pages: LoginPages, browser: Browser) -> None:
    for name in ("first", "second"):
        browser.open(f"/signup?{pages.query()}")
        browser.press(
            "Create account", **ANSWERS | {"username": name, "email": f"{name}@example.com"}
        )
    browser.open("/inbox")
    page = browser.follow("Check for new mail")
    assert not [meta for meta in page.all("meta") if "http-equiv" in meta.attributes]
    texts = [article.text for article in page.all("article")]
    assert "second@example.com" in texts[0]
    assert "first@example.com" in texts[1]
    code = page.all("output")[0].text
    assert code.isdigit()
    mails = requests.get(f"{pages.origin}/inbox.json", timeout=10).json()
    texts = [mail["text"] for mail in mails if mail["code"] == code]
    assert code in texts[0]


def test_the_inbox_leads_back_to_where_the_code_is_asked_for(
    pages: LoginPages, browser: Browser
) -> None:
    assert not browser.open("/inbox").has_link("Enter the code")
    browser.open(f"/signup?{pages.query()}")
    browser.press("Create account", **ANSWERS)
    asked_at = browser.answer.url
    browser.follow("Open the inbox on this machine")
    code = browser.page.all("output")[0].text
    browser.follow("Enter the code")
    assert browser.answer.url == asked_at
    browser.press("Confirm", code=code)
    assert not browser.open("/inbox").has_link("Enter the code")


def row(browser: Browser, username: str) -> str:
    browser.open("/users")
    rows = [" ".join(element.text.split()) for element in browser.page.all("tr")]
    return next(text for text in rows if text.startswith(username))


def test_the_users_page_lists_who_signed_up(pages: LoginPages, browser: Browser) -> None:
    assert "No users yet." in browser.open("/users").text
    browser.open(f"/signup?{pages.query()}")
    browser.press("Create account", **ANSWERS)
    text = row(browser, "ada")
    for part in ("Ada Lovelace", "ada@example.com", "not verified", "UNCONFIRMED", "Enabled"):
        assert part in text
    browser.open("/inbox")
    browser.follow("Enter the code")
    browser.press("Confirm", code=browser.mailed_code())
    assert "not verified" not in row(browser, "ada")
    assert "CONFIRMED" in row(browser, "ada")


def test_a_user_can_be_disabled_and_enabled(pages: LoginPages, browser: Browser) -> None:
    pages.new_user()
    browser.open("/users")
    browser.press("Disable", action="disable")
    assert "Disabled" in row(browser, "ada")
    assert not pages.user("ada")["enabled"]
    browser.press("Enable", action="enable")
    assert pages.user("ada")["enabled"]
    browser.authorize()
    browser.sign_in("ada", PASSWORD)
    assert "code" in browser.returned


def test_a_new_password_can_be_required(pages: LoginPages, browser: Browser) -> None:
    pages.new_user()
    browser.open("/users")
    browser.press("Require new password", action="require-new-password")
    temporary = browser.page.by_id("temporary-password")
    assert "FORCE_CHANGE_PASSWORD" in browser.page.text
    browser.authorize()
    browser.sign_in("ada", temporary)
    assert browser.page.heading == "Choose your own password"


def test_other_actions_and_unknown_users_are_refused(pages: LoginPages, browser: Browser) -> None:
    pages.new_user()
    for values in ({"action": "delete"}, {"username": "nobody"}, {"username": ""}):
        browser.open("/users")
        browser.press("Disable", **{"action": "disable"} | values)
        assert browser.answer.status_code == (400 if "action" in values else 404)
    assert pages.user("ada")["enabled"]


def test_groups_are_changed_on_the_users_page(pages: LoginPages, browser: Browser) -> None:
    pages.new_user()
    browser.open("/users")
    browser.press("Add to group", group="admins", action="add-to-group")
    assert "admins" in row(browser, "ada")
    (user,) = requests.get(f"{pages.origin}/users.json", timeout=10).json()
    assert (user["username"], user["groups"]) == ("ada", ["admins"])
    assert user["attributes"]["email"] == "ada@example.com"
    browser.press("Remove", action="remove-from-group")
    assert "admins" not in row(browser, "ada")


def test_a_group_that_is_no_name_is_not_created(pages: LoginPages, browser: Browser) -> None:
    pages.new_user()
    for group in ("", "two words", "<b>"):
        browser.open("/users")
        browser.press("Add to group", group=group, action="add-to-group")
        assert browser.answer.status_code == 400
    assert pages.cognito.list_groups(UserPoolId=pages.pool_id)["Groups"] == []
