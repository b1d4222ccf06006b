"""Signing up, the inbox with the mailed codes, and a forgotten password."""

from __future__ import annotations

import pytest

from tests.stack.login_pages import ANSWERS, Pages, Visitor


def test_a_visitor_signs_up_confirms_with_the_mailed_code_and_signs_in(
    pages: Pages, visitor: Visitor
) -> None:
    page = visitor.sign_up()
    asked_at = visitor.answer.url
    assert page.heading == "Confirm your e-mail address"
    code_field = page.input("code")
    assert (code_field["autocomplete"], code_field["inputmode"]) == ("one-time-code", "numeric")
    # Screen readers announce the message above the focused field.
    assert (page.focused, code_field["aria-describedby"]) == (["code"], "lead")
    assert page.by_id("lead") == "We have sent a code to a***@e***."
    for path in ("/mfa?", "/changePassword?"):  # the step is none of these
        assert visitor.open(asked_at.replace("/confirm?", path)).heading == "Sign in"
    visitor.open(asked_at)
    page = visitor.press("Confirm", code=" ")
    assert page.problem_at("code") == "Enter the code from the mail."
    visitor.open("/inbox")
    mails = visitor.follow("Check for new mail").all("output")
    visitor.follow("Enter the code")
    page = visitor.press("Send a new code")
    assert page.input("code")["aria-describedby"] == "notice lead"
    assert page.by_id("notice") == "We have sent a new code."
    page = visitor.follow("Open the inbox on this machine")
    assert len(page.all("output")) == len(mails) + 1
    code = page.all("output")[0].text
    visitor.follow("Enter the code")
    assert visitor.answer.url == asked_at
    for _ in range(5):
        page = visitor.press("Confirm", code="000000")
        assert page.problem_at("code").startswith("That code is incorrect.")
    page = visitor.press("Confirm", code=code)
    assert page.problem_at("code").startswith("Attempt limit exceeded.")
    pages.now += 2
    wide = "".join(chr(ord(digit) - ord("0") + 0xFF10) for digit in code[3:])
    page = visitor.press("Confirm", code=f" {code[:3]}\u00a0{wide}\n")
    assert page.notice == "Your e-mail address is confirmed. Sign in to continue."
    assert page.input("username")["value"] == "ada"
    visitor.submit("ADA@example.com")  # it serves as well, once it is confirmed
    assert visitor.returned["state"] == "the-state"
    assert pages.exchange(visitor.code).json()["token_type"] == "Bearer"
    user = pages.user()
    assert (user["status"], user["email_verified"]) == ("CONFIRMED", "true")
    assert (user["name"], user["email"]) == ("Ada Lovelace", "ada@example.com")
    assert "Enter the code" not in visitor.open("/inbox").links


def test_an_unconfirmed_sign_up_belongs_to_its_browser(pages: Pages, visitor: Visitor) -> None:
    page = visitor.sign_up(email="wrong@example.com")
    assert page.by_id("lead") == "We have sent a code to w***@e***."
    other = Visitor(pages)
    page = other.open(visitor.answer.url)
    assert page.notice == "This step is no longer available. Please sign in."
    assert other.sign_up(email="other@example.com").problem_at("username")
    assert pages.user()["email"] == "wrong@example.com"
    visitor.follow("Sign up again")
    page = visitor.press("Create account", **ANSWERS)
    assert page.by_id("lead") == "We have sent a code to a***@e***."
    assert pages.user()["email"] == "ada@example.com"
    # The password proves as much, in any browser.
    assert other.sign_in().heading == "Confirm your e-mail address"
    other.press("Confirm", code=other.mailed_code())
    other.submit()
    assert other.code


def test_the_page_asks_what_the_pool_requires(visitor: Visitor) -> None:
    page = visitor.authorize("/signup")
    names = [name for name in page.fields("Create account") if name != "csrf"]
    assert names == ["email", "name", "custom:company", "username", "password", "repeated"]
    assert "required" in page.input("name")
    assert "required" not in page.input("custom:company")
    assert page.by_id("password-rules") == (
        "At least 10 characters An uppercase letter A lowercase letter A number"
    )
    for name, expected in {
        "email": {"autocomplete": "email", "type": "email"},
        "name": {"autocomplete": "name", "autocapitalize": "words"},
        "username": {"autocomplete": "username", "autocapitalize": "none"},
        "password": {"autocomplete": "new-password"},
    }.items():
        assert expected.items() <= page.input(name).items()


def test_what_is_wrong_stands_beside_the_field_and_the_rest_is_kept(
    pages: Pages, visitor: Visitor
) -> None:
    for field, value, problem in (
        ("username", "", "Enter a user name."),
        ("username", "ada@example.com", "A user name cannot be an e-mail address."),
        ("username", "a da", "Use 1 to 128 characters without spaces."),
        ("email", "", "Enter an e-mail address like name@example.com."),
        ("email", "ada@example", "Enter an e-mail address like name@example.com."),
        ("name", "  ", "Please fill in this field."),
        ("custom:company", "Babbage & Co", "Too long: the limit is 10 characters."),
        ("password", "short", "Use at least 10 characters. Add an uppercase letter. Add a number."),
        ("password", "", "Enter a password."),
        ("repeated", "Another-horse-1", "The passwords do not match."),
    ):
        page = visitor.sign_up(**{field: value})
        assert visitor.answer.status_code == 400
        assert page.problem_at(field) == problem
        assert page.focused == [field]
        assert page.all("title")[0].text.startswith("Error: ")
        assert not page.alert, "one problem stands at its field"
        for name in ("username", "email", "name"):
            assert page.input(name)["value"] == (ANSWERS | {field: value})[name]
        assert "value" not in page.input("password")
    assert not pages.cognito.list_users(UserPoolId=pages.pool_id)["Users"]


def test_somebody_elses_user_name_and_address_are_refused(pages: Pages, visitor: Visitor) -> None:
    pages.new_user("grace", email="ada@example.com")
    assert visitor.sign_up(username="GRACE").problem_at("username") == "This user name is taken."
    visitor.sign_up()
    page = visitor.press("Confirm", code=visitor.mailed_code())
    assert page.problem_at("code") == "An account with this e-mail address already exists."
    assert pages.user()["status"] == "UNCONFIRMED"


@pytest.mark.parametrize(
    "pages", [{"AliasAttributes": [], "UsernameAttributes": ["email"]}], indirect=True
)
def test_a_pool_whose_user_name_is_the_address_asks_for_no_other(visitor: Visitor) -> None:
    assert "username" not in visitor.authorize("/signup").fields("Create account")
    answers = {name: value for name, value in ANSWERS.items() if name != "username"}
    visitor.press("Create account", **answers)
    visitor.press("Confirm", code=visitor.mailed_code())
    visitor.submit("ada@example.com")
    assert visitor.code


CLOSED = {
    "AdminCreateUserConfig": {"AllowAdminCreateUserOnly": True},
    "AccountRecoverySetting": {"RecoveryMechanisms": [{"Name": "admin_only", "Priority": 1}]},
}


@pytest.mark.parametrize("pages", [CLOSED], indirect=True)
def test_what_the_pool_does_not_allow_is_not_offered(visitor: Visitor) -> None:
    page = visitor.authorize()
    assert "Create an account" not in page.links
    assert "Forgot your password?" not in page.links
    for path in ("/signup", "/forgotPassword"):
        visitor.authorize(path)
        assert visitor.answer.status_code == 403
