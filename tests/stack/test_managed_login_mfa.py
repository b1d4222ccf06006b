"""Setting up an authenticator app, and signing in with its code."""

from __future__ import annotations

import pytest

from tests.authenticator import digits, wrong
from tests.stack.login_pages import PASSWORD, Pages, Visitor
from tests.stack.test_managed_login_sign_in import LATE

pytestmark = pytest.mark.stack

WRONG = "That code is incorrect."


def pools_with_mfa(*values: str) -> pytest.MarkDecorator:
    pools = [pytest.param({"MfaConfiguration": value}, id=value) for value in values]
    return pytest.mark.parametrize("pages", pools, indirect=True)


def secret_of_an_app(pages: Pages) -> str:
    """Set up for ada, as a page of the app's would."""
    cognito = pages.cognito
    token = cognito.initiate_auth(
        ClientId=pages.pages_client_id,
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": "ada", "PASSWORD": PASSWORD},
    )["AuthenticationResult"]["AccessToken"]
    secret: str = cognito.associate_software_token(AccessToken=token)["SecretCode"]
    cognito.verify_software_token(AccessToken=token, UserCode=digits(secret))
    cognito.set_user_mfa_preference(
        AccessToken=token, SoftwareTokenMfaSettings={"Enabled": True, "PreferredMfa": True}
    )
    return secret


@pools_with_mfa("ON")
def test_where_mfa_is_demanded_the_first_sign_in_sets_an_app_up(
    pages: Pages, visitor: Visitor
) -> None:
    pages.new_user(temporary=True)
    visitor.sign_in()
    assert visitor.choose_password(PASSWORD).heading == "Set up an authenticator app"
    for path in ("/oauth2/authorize", "/login"):
        assert visitor.authorize(path).heading == "Sign in"  # nobody gets past the set-up
    page = visitor.submit()
    pages.now += 301
    assert visitor.press("Finish", code=digits(page.by_id("secret"))).notice == LATE
    page = visitor.submit()
    secret = page.by_id("secret")
    assert "QR code" in page.all("img")[-1].attributes["alt"]
    assert page.focused == []  # so that nobody passes over what is to be scanned
    for code in (wrong(digits(secret)), "123", "abcdef", ""):
        page = visitor.press("Finish", code=code)
        assert page.problem_at("code").startswith(WRONG)
        assert page.by_id("secret") == secret
        assert page.focused == ["code"]
    visitor.press("Finish", code=f"{digits(secret)[:3]} {digits(secret)[3:]}")
    assert pages.exchange(visitor.code).status_code == 200
    visitor.authorize(state="again")
    assert visitor.returned["state"] == "again"  # its session has passed both


@pools_with_mfa("ON", "OPTIONAL")
def test_a_user_with_an_app_needs_its_code_at_each_sign_in(pages: Pages, visitor: Visitor) -> None:
    pages.new_user()
    secret = secret_of_an_app(pages)
    page = visitor.sign_in()
    assert page.heading == "Enter the code"
    assert page.input("code")["autocomplete"] == "one-time-code"
    thief = Visitor(pages)
    assert thief.open(visitor.answer.url).heading == "Sign in"
    for code in (wrong(digits(secret)), "123", ""):
        assert visitor.press("Continue", code=code).problem_at("code").startswith(WRONG)
    pages.now += 301
    assert visitor.press("Continue", code=digits(secret)).notice == LATE
    assert visitor.authorize().heading == "Sign in"
    pages.administrate("set_user_password", Password="Temporary-1", Permanent=False)
    visitor.submit(password="Temporary-1")
    assert visitor.choose_password().heading == "Enter the code"
    visitor.press("Continue", code=digits(secret))
    assert pages.exchange(visitor.code).status_code == 200


@pools_with_mfa("ON")
def test_codes_cannot_be_tried_without_end(pages: Pages, visitor: Visitor) -> None:
    pages.new_user()
    secret = secret_of_an_app(pages)
    visitor.sign_in()
    for _ in range(5):
        visitor.press("Continue", code=wrong(digits(secret)))
    page = visitor.press("Continue", code=digits(secret))
    assert page.problem_at("code").startswith("Too many wrong codes.")
    assert visitor.left_for == ""


@pools_with_mfa("OFF", "OPTIONAL")
def test_where_mfa_is_not_demanded_the_pages_offer_none(pages: Pages, visitor: Visitor) -> None:
    pages.new_user()
    page = visitor.authorize()
    assert {i.attributes.get("name") for i in page.all("input")} == {"csrf", "username", "password"}
    visitor.submit(totp="on")
    assert visitor.code
