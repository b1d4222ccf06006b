"""Signing up, from Create account to the first sign-in."""

from __future__ import annotations

import pytest

from tests.stack.login_pages import PASSWORD, Browser, LoginPages

pytestmark = pytest.mark.stack

ANSWERS = {
    "username": "Ada",
    "email": "Ada@Example.com",
    "name": "Ada Lovelace",
    "custom:company": "",
    "password": PASSWORD,
    "repeated": PASSWORD,
}


def fill_in(browser: Browser, pages: LoginPages, **changes: str) -> None:
    browser.open(f"/signup?{pages.query()}")
    browser.press("Create account", **ANSWERS | changes)


def test_a_wrong_address_can_be_corrected_by_signing_up_again(
    pages: LoginPages, browser: Browser
) -> None:
    fill_in(browser, pages, email="wrong@example.com")
    assert browser.page.by_id("lead") == "We have sent a code to w***@e***."
    other = Browser(pages)
    fill_in(other, pages, email="other@example.com")
    assert other.page.problem_at("username")
    assert pages.user("ada")["email"] == "wrong@example.com"
    browser.follow("Sign up again")
    browser.press("Create account", **ANSWERS)
    assert browser.page.by_id("lead") == "We have sent a code to a***@e***."
    assert pages.user("ada")["email"] == "ada@example.com"


def test_a_visitor_signs_up_confirms_and_signs_in(pages: LoginPages, browser: Browser) -> None:
    fill_in(browser, pages)
    assert browser.page.heading == "Confirm your e-mail address"
    browser.press("Confirm", code=browser.mailed_code())
    assert browser.page.notice == "Your e-mail address is confirmed. Sign in to continue."
    assert browser.page.input("username")["value"] == "ada"
    browser.sign_in("ADA@example.com")  # it serves as well, once it is confirmed
    assert browser.returned["state"] == "the-state"
    assert pages.exchange(browser.returned["code"]).json()["token_type"] == "Bearer"
    user = pages.user("ada")
    assert (user["status"], user["email_verified"]) == ("CONFIRMED", "true")
    assert (user["name"], user["email"]) == ("Ada Lovelace", "ada@example.com")


def test_the_page_asks_what_the_pool_requires(pages: LoginPages, browser: Browser) -> None:
    page = browser.open(f"/signup?{pages.query()}")
    names = [name for name in page.form("Create account").fields if name != "csrf"]
    assert names == ["email", "name", "custom:company", "username", "password", "repeated"]
    assert "required" in page.input("name")
    assert "required" not in page.input("custom:company")
    assert page.by_id("password-rules") == (
        "At least 10 characters An uppercase letter A lowercase letter A number"
    )
    for name in ("username", "email", "name"):
        assert page.input(name)["autocomplete"] == name
    assert page.input("password")["autocomplete"] == "new-password"
    # Phones offer the right keyboard.
    assert page.input("name")["autocapitalize"] == "words"
    assert page.input("email")["type"] == "email"
    assert page.input("username")["autocapitalize"] == "none"
    browser.press("Create account", **ANSWERS)
    code = browser.page.input("code")
    assert (code["autocomplete"], code["inputmode"]) == ("one-time-code", "numeric")


@pytest.mark.parametrize(
    ("field", "value", "problem"),
    [
        ("username", "", "Enter a user name."),
        ("username", "ada@example.com", "A user name cannot be an e-mail address."),
        ("username", "a da", "Use 1 to 128 characters without spaces."),
        ("email", "", "Enter an e-mail address like name@example.com."),
        ("email", "ada@example", "Enter an e-mail address like name@example.com."),
        ("name", "  ", "Please fill in this field."),
        ("custom:company", "Babbage & Co", "Too long: the limit is 10 characters."),
        (
            "password",
            "short",
            "Use at least 10 characters. Add an uppercase letter. Add a number.",
        ),
        ("password", "", "Enter a password."),
        ("repeated", "Another-horse-1", "The passwords do not match."),
    ],
)
def test_what_is_wrong_stands_beside_the_field_and_the_rest_is_kept(
    pages: LoginPages, browser: Browser, field: str, value: str, problem: str
) -> None:
    fill_in(browser, pages, **{field: value})
    assert browser.answer.status_code == 400
    assert browser.page.problem_at(field) == problem
    assert not browser.page.alert, "one problem stands at its field"
    kept = {"username": "Ada", "email": "Ada@Example.com", "name": "Ada Lovelace"} | {field: value}
    for name in ("username", "email", "name"):
        assert browser.page.input(name)["value"] == kept[name]
    assert "value" not in browser.page.input("password")
    assert not pages.cognito.list_users(UserPoolId=pages.pool_id)["Users"]


def test_somebody_elses_user_name_and_address_are_refused(
    pages: LoginPages, browser: Browser
) -> None:
    pages.new_user("grace", email="ada@example.com")
    fill_in(browser, pages, username="GRACE")
    assert browser.page.problem_at("username") == "This user name is taken."
    fill_in(browser, pages)
    browser.press("Confirm", code=browser.mailed_code())
    assert browser.page.problem_at("code") == "An account with this e-mail address already exists."
    assert pages.user("ada")["status"] == "UNCONFIRMED"


def test_a_wrong_code_is_refused_and_a_new_one_can_be_sent(
    pages: LoginPages, browser: Browser
) -> None:
    fill_in(browser, pages)
    browser.press("Confirm", code="000000")
    assert browser.page.problem_at("code").startswith("That code is incorrect.")
    browser.press("Confirm", code=" ")
    assert browser.page.problem_at("code") == "Enter the code from the mail."
    mails = browser.open("/inbox").all("output")
    browser.follow("Enter the code")
    browser.press("Send a new code")
    assert browser.page.notice == "We have sent a new code."
    assert len(browser.open("/inbox").all("output")) == len(mails) + 1
    browser.follow("Enter the code")
    browser.press("Confirm", code=browser.mailed_code())
    assert browser.page.heading == "Sign in"


def test_codes_cannot_be_tried_without_end(pages: LoginPages, browser: Browser) -> None:
    fill_in(browser, pages)
    for _ in range(5):
        browser.press("Confirm", code="000000")
    browser.press("Confirm", code=browser.mailed_code())
    assert browser.page.problem_at("code").startswith("Attempt limit exceeded.")
    pages.clock.advance(2)
    browser.press("Confirm", code=browser.mailed_code())
    assert browser.page.heading == "Sign in"


def test_users_who_sign_in_before_confirming_are_asked_for_the_code(
    pages: LoginPages, browser: Browser
) -> None:
    fill_in(browser, pages)
    other = Browser(pages)
    other.authorize()
    other.sign_in("ada")
    assert other.page.heading == "Confirm your e-mail address"
    other.press("Confirm", code=other.mailed_code())
    other.sign_in("ada")
    assert "code" in other.returned


def test_the_confirmation_page_of_another_browser_is_of_no_use(
    pages: LoginPages, browser: Browser
) -> None:
    fill_in(browser, pages)
    other = Browser(pages)
    other.open(browser.answer.url)
    assert other.page.heading == "Sign in"
    assert other.page.notice == "This step is no longer available. Please sign in."


@pytest.mark.parametrize(
    "pages", [{"AdminCreateUserConfig": {"AllowAdminCreateUserOnly": True}}], indirect=True
)
def test_a_pool_without_self_sign_up_offers_none(pages: LoginPages, browser: Browser) -> None:
    browser.authorize()
    assert not browser.page.has_link("Create an account")
    browser.open(f"/signup?{pages.query()}")
    assert browser.answer.status_code == 403


@pytest.mark.parametrize(
    "pages", [{"AliasAttributes": [], "UsernameAttributes": ["email"]}], indirect=True
)
def test_a_pool_whose_user_name_is_the_address_asks_for_no_other(
    pages: LoginPages, browser: Browser
) -> None:
    page = browser.open(f"/signup?{pages.query()}")
    assert "username" not in page.form("Create account").fields
    answers = {name: value for name, value in ANSWERS.items() if name != "username"}
    browser.press("Create account", **answers)
    browser.press("Confirm", code=browser.mailed_code())
    browser.sign_in("ada@example.com")
    assert "code" in browser.returned
