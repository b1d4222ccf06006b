"""What follows a sign-up: a forgotten or temporary password, and the users page."""

from __future__ import annotations

import requests

from tests.stack.login_pages import NEW_PASSWORD, PASSWORD, Pages, Visitor
from tests.stack.test_managed_login_sign_in import LATE, WRONG


def ask_for_code(visitor: Visitor, username: str = "ada") -> None:
    visitor.authorize()
    visitor.follow("Forgot your password?")
    visitor.press("Send the code", username=username)


def change(visitor: Visitor, code: str, **changes: str) -> None:
    form = {"code": code, "password": NEW_PASSWORD, "repeated": NEW_PASSWORD}
    visitor.press("Change password", **form | changes)


def test_the_code_from_the_mail_sets_a_new_password(pages: Pages, visitor: Visitor) -> None:
    pages.new_user()
    ask_for_code(visitor, " Ada@Example.com")
    assert visitor.page.by_id("password-rules").startswith("At least 10 characters")
    assert visitor.press("Send a new code").notice == "We have sent a new code."
    code = visitor.mailed_code()
    for changes, field, problem in (
        ({"code": ""}, "code", "Enter the code from the mail."),
        ({"password": "short", "repeated": "short"}, "password", "Use at least 10 characters."),
        ({"repeated": "Other-horse-3"}, "repeated", "The passwords do not match."),
        *[({"code": "000000"}, "code", "That code is incorrect.")] * 5,
        ({}, "code", "Attempt limit exceeded."),
    ):
        change(visitor, **{"code": code} | changes)
        assert visitor.page.problem_at(field).startswith(problem)
    pages.now += 2
    change(visitor, code)
    page = visitor.page
    assert page.notice == "Your password has been changed. Sign in with the new one."
    assert page.input("username")["value"] == "ada@example.com"
    assert visitor.submit("ada", PASSWORD).alert == "Incorrect username or password."
    visitor.submit("ada", NEW_PASSWORD)
    assert visitor.code


def test_nobody_learns_whether_a_user_exists(pages: Pages, visitor: Visitor) -> None:
    pages.new_user("ada")
    seen = []
    for username in ("ada", "nobody"):
        ask_for_code(visitor, username)
        asked = visitor.page.text
        change(visitor, "111111")
        seen.append((asked, visitor.page.problem_at("code"), visitor.answer.status_code))
    assert seen[0] == seen[1]


def test_a_code_goes_to_verified_addresses_only(pages: Pages, visitor: Visitor) -> None:
    pages.new_user("eve", email_verified="false")
    ask_for_code(visitor, "eve")
    assert visitor.page.heading == "Choose a new password"
    assert "eve@example.com" not in visitor.open("/inbox").text


def test_a_reset_by_an_administrator_leads_to_the_code(pages: Pages, visitor: Visitor) -> None:
    pages.new_user()
    pages.administrate("reset_user_password")
    assert visitor.sign_in().heading == "Choose a new password"
    change(visitor, visitor.mailed_code())
    visitor.submit(password=NEW_PASSWORD)
    assert visitor.code


def test_a_temporary_password_has_to_be_replaced_by_one_that_keeps_the_rules(
    pages: Pages, visitor: Visitor
) -> None:
    pages.new_user("grace")
    pages.new_user()
    pages.make_password_temporary()
    assert visitor.sign_in().heading == "Choose your own password"
    page = visitor.choose_password("short")
    assert page.problem_at("password").startswith("Use at least 10 characters.")
    page = visitor.choose_password(NEW_PASSWORD, "Another-horse-3")
    assert page.problem_at("repeated") == "The passwords do not match."
    pages.now += 301
    assert visitor.choose_password().notice == LATE
    assert pages.user()["status"] == "FORCE_CHANGE_PASSWORD"
    visitor.submit()
    other_tab = Visitor(pages)
    other_tab.cookies.update(visitor.cookies)
    other_tab.authorize(state="of the other tab")
    other_tab.submit("grace")
    assert other_tab.returned["state"] == "of the other tab"
    visitor.choose_password()
    id_token, _ = pages.claims(pages.exchange(visitor.code).json())
    assert id_token["cognito:username"] == "ada"
    assert pages.user()["status"] == "CONFIRMED"
    fresh = Visitor(pages)
    assert fresh.sign_in().alert == WRONG
    fresh.submit(password=NEW_PASSWORD)
    assert fresh.code


def row(visitor: Visitor, username: str = "ada") -> str:
    page = visitor.open("/users")
    rows = [" ".join(element.text.split()) for element in page.all("tr")]
    return next(text for text in rows if text.startswith(username))


def test_the_users_page_lists_users_and_changes_them(pages: Pages, visitor: Visitor) -> None:
    assert "No users yet." in visitor.open("/users").text
    visitor.sign_up()
    text = row(visitor)
    for part in ("Ada Lovelace", "ada@example.com", "not verified", "UNCONFIRMED", "Enabled"):
        assert part in text
    visitor.open("/inbox")
    visitor.follow("Enter the code")
    visitor.press("Confirm", code=visitor.mailed_code())
    assert "not verified" not in row(visitor)
    visitor.press("Disable", action="disable")
    assert "Disabled" in row(visitor)
    assert not pages.user()["enabled"]
    visitor.press("Enable", action="enable")
    assert pages.user()["enabled"]
    visitor.press("Add to group", group="admins", action="add-to-group")
    assert "admins" in row(visitor)
    (user,) = requests.get(f"{pages.origin}/users.json", timeout=10).json()
    assert (user["username"], user["groups"]) == ("ada", ["admins"])
    assert user["attributes"]["email"] == "ada@example.com"
    visitor.press("Remove", action="remove-from-group")
    assert "admins" not in row(visitor)
    page = visitor.press("Require new password", action="require-new-password")
    assert "FORCE_CHANGE_PASSWORD" in page.text
    assert visitor.sign_in("ada", page.by_id("temporary-password")).heading == (
        "Choose your own password"
    )


def test_other_actions_groups_and_unknown_users_are_refused(pages: Pages, visitor: Visitor) -> None:
    pages.new_user()
    for status, values in (
        (400, {"action": "delete"}),
        (404, {"action": "disable", "username": "nobody"}),
        (404, {"action": "disable", "username": ""}),
        *[(400, {"action": "add-to-group", "group": name}) for name in ("", "two words", "<b>")],
    ):
        visitor.open("/users")
        visitor.press("Disable", **values)
        assert visitor.answer.status_code == status
    assert pages.user()["enabled"]
    assert pages.cognito.list_groups(UserPoolId=pages.pool_id)["Groups"] == []
