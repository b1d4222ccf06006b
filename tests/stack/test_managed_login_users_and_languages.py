"""The users page, and the languages of the pages."""

from __future__ import annotations

import pytest
import requests

from local.managed_login.language import LANGUAGES
from tests.stack.login_pages import LoginPages, LoginVisitor

pytestmark = pytest.mark.stack


def row(visitor: LoginVisitor, username: str = "ada") -> str:
    page = visitor.open("/users")
    rows = [" ".join(element.text.split()) for element in page.all("tr")]
    return next(text for text in rows if text.startswith(username))


def test_the_users_page_lists_users_and_changes_them(
    pages: LoginPages, visitor: LoginVisitor
) -> None:
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
    visitor.authorize()
    assert visitor.submit("ada", page.by_id("temporary-password")).heading == (
        "Choose your own password"
    )


def test_other_actions_groups_and_unknown_users_are_refused(
    pages: LoginPages, visitor: LoginVisitor
) -> None:
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


def tongue(visitor: LoginVisitor) -> str:
    """The language that the page says it is in."""
    return visitor.page.all("html")[0].attributes["lang"]


def test_the_apps_choice_is_kept_for_later_visits_until_there_is_another(
    visitor: LoginVisitor,
) -> None:
    for path in ("/oauth2/authorize", "/login", "/signup", "/forgotPassword"):
        page = visitor.authorize(path, lang="ja")
        assert tongue(visitor) == "ja"
        assert page.heading in LANGUAGES["ja"].texts.values()
    (kept,) = [c for c in visitor.cookies if c.name == "cognito-lang"]
    assert (kept.value, kept.discard) == ("ja", False)
    assert kept.has_nonstandard_attr("HttpOnly")
    visitor.cookies.pop("cognito-visit")  # the browser was closed in between
    assert visitor.authorize().heading == LANGUAGES["ja"].say("sign_in")
    for path in ("/inbox", "/users"):  # the developers' pages
        visitor.open(path)
        assert tongue(visitor) == "en"
    visitor.authorize(lang="pt")
    visitor.authorize()
    assert tongue(visitor) == "pt-BR"


def test_an_unknown_choice_changes_nothing_and_is_not_kept(visitor: LoginVisitor) -> None:
    visitor.http.headers["Accept-Language"] = "fr-CA, en;q=0.5"
    visitor.authorize(lang="de'<b>")
    assert tongue(visitor) == "fr"
    assert "cognito-lang" not in visitor.cookies


def test_a_language_chosen_on_a_page_holds_for_all_steps(visitor: LoginVisitor) -> None:
    say = LANGUAGES["de"].say
    visitor.sign_up()
    assert visitor.follow("Deutsch").heading == say("confirm_email")
    assert visitor.press(say("send_new_code")).notice == say("notice_sent")
    page = visitor.press(say("confirm"), code="000000")
    assert page.problem_at("code") == say("wrong_mail_code")
    page = visitor.press(say("confirm"), code=visitor.mailed_code())
    assert page.notice == say("notice_confirmed")
    page = visitor.press(say("sign_in"), username="ada", password="Falsches-Pferd-1")
    assert page.alert == say("wrong_password")
    visitor.follow(say("create_account"))
    page = visitor.press(say("sign_up"), password="kurz")
    assert page.problem_at("password") == (
        "Verwenden Sie mindestens 10 Zeichen. Es fehlt ein Großbuchstabe. Es fehlt eine Ziffer."
    )
    assert page.all("title")[0].text.startswith("Fehler: ")
