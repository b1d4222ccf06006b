"""A forgotten password, with the code from the mail."""

from __future__ import annotations

import pytest

from tests.stack.login_pages import PASSWORD, Browser, LoginPages

pytestmark = pytest.mark.stack

NEW = "Another-horse-2"


def ask_for_code(browser: Browser, username: str = "ada") -> None:
    browser.authorize()
    browser.follow("Forgot your password?")
    browser.press("Send the code", username=username)


@pytest.mark.parametrize("username", ["ada", "Ada@Example.com"])
def test_the_code_from_the_mail_sets_a_new_password(
    pages: LoginPages, browser: Browser, username: str
) -> None:
    pages.new_user()
    ask_for_code(browser, username)
    assert browser.page.by_id("password-rules").startswith("At least 10 characters")
    browser.press("Send a new code")
    assert browser.page.notice == "We have sent a new code."
    browser.press("Change password", code=browser.mailed_code(), password=NEW, repeated=NEW)
    assert browser.page.notice == "Your password has been changed. Sign in with the new one."
    assert browser.page.input("username")["value"] == username.strip().lower()
    browser.sign_in("ada", PASSWORD)
    assert browser.page.alert == "Incorrect username or password."
    browser.sign_in("ada", NEW)
    assert "code" in browser.returned


def test_nobody_learns_whether_a_user_exists(pages: LoginPages, browser: Browser) -> None:
    pages.new_user("ada")
    seen = []
    for username in ("ada", "nobody"):
        ask_for_code(browser, username)
        asked = browser.page.text
        browser.press("Change password", code="111111", password=NEW, repeated=NEW)
        seen.append((asked, browser.page.problem_at("code"), browser.answer.status_code))
    assert seen[0] == seen[1]


def test_what_is_wrong_stands_beside_the_field(pages: LoginPages, browser: Browser) -> None:
    pages.new_user()
    ask_for_code(browser)
    good = {"code": browser.mailed_code(), "password": NEW, "repeated": NEW}
    for values, field, problem in (
        ({"code": ""}, "code", "Enter the code from the mail."),
        ({"code": "000000"}, "code", "That code is incorrect."),
        ({"password": "short", "repeated": "short"}, "password", "Use at least 10 characters."),
        ({"repeated": "Other-horse-3"}, "repeated", "The passwords do not match."),
    ):
        browser.press("Change password", **good | values)
        assert browser.page.problem_at(field).startswith(problem)
    browser.press("Change password", **good)
    assert browser.page.heading == "Sign in"


def test_codes_cannot_be_tried_without_end(pages: LoginPages, browser: Browser) -> None:
    pages.new_user()
    ask_for_code(browser)
    for _ in range(5):
        browser.press("Change password", code="000000", password=NEW, repeated=NEW)
    browser.press("Change password", code=browser.mailed_code(), password=NEW, repeated=NEW)
    assert browser.page.problem_at("code").startswith("Attempt limit exceeded.")


def test_a_code_goes_to_verified_addresses_only(pages: LoginPages, browser: Browser) -> None:
    pages.new_user("eve", email_verified="false")
    ask_for_code(browser, "eve")
    assert browser.page.heading == "Choose a new password"
    assert "eve@example.com" not in browser.open("/inbox").text


def test_a_reset_by_an_administrator_leads_to_the_code(pages: LoginPages, browser: Browser) -> None:
    pages.new_user()
    pages.cognito.admin_reset_user_password(UserPoolId=pages.pool_id, Username="ada")
    browser.authorize()
    browser.sign_in()
    assert browser.page.heading == "Choose a new password"
    browser.press("Change password", code=browser.mailed_code(), password=NEW, repeated=NEW)
    browser.sign_in("ada", NEW)
    assert "code" in browser.returned


@pytest.mark.parametrize(
    "pages",
    [{"AccountRecoverySetting": {"RecoveryMechanisms": [{"Name": "admin_only", "Priority": 1}]}}],
    indirect=True,
)
def test_a_pool_without_recovery_offers_none(pages: LoginPages, browser: Browser) -> None:
    assert not browser.authorize().has_link("Forgot your password?")
    browser.open(f"/forgotPassword?{pages.query()}")
    assert browser.answer.status_code == 403
