"""Setting up an authenticator app, and signing in with its code."""

from __future__ import annotations

import pytest

from tests.authenticator import digits, wrong
from tests.stack.login_pages import Browser, LoginPages

pytestmark = pytest.mark.stack

on = pytest.mark.parametrize("pages", [{"MfaConfiguration": "ON"}], indirect=True)
optional = pytest.mark.parametrize("pages", [{"MfaConfiguration": "OPTIONAL"}], indirect=True)


def secret_on(browser: Browser) -> str:
    return browser.page.by_id("secret")


def enrol(pages: LoginPages, browser: Browser) -> str:
    """Sign in as a new user and set an app up; returns its secret."""
    pages.new_user()
    browser.authorize()
    browser.sign_in()
    secret = secret_on(browser)
    browser.press("Finish", code=digits(secret))
    assert "code" in browser.returned
    return secret


@on
def test_where_mfa_is_on_the_first_sign_in_sets_an_app_up(
    pages: LoginPages, browser: Browser
) -> None:
    pages.new_user(temporary=True)
    browser.authorize()
    browser.sign_in()
    browser.press("Save and continue", password="Another-horse-2", repeated="Another-horse-2")
    assert browser.page.heading == "Set up an authenticator app"
    image = browser.page.all("img")[0].attributes
    assert image["src"].startswith("data:image/svg+xml")
    assert "QR code" in image["alt"]
    secret = secret_on(browser)
    for code in (wrong(digits(secret)), "123", "abcdef", ""):
        browser.press("Finish", code=code)
        assert browser.page.problem_at("code").startswith("That code is incorrect.")
        assert secret_on(browser) == secret
    browser.press("Finish", code=f"{digits(secret)[:3]} {digits(secret)[3:]}")
    assert pages.exchange(browser.returned["code"]).status_code == 200


@on
def test_nobody_gets_past_the_set_up_by_starting_again(pages: LoginPages, browser: Browser) -> None:
    pages.new_user()
    browser.authorize()
    browser.sign_in()
    assert browser.authorize().heading == "Sign in"
    assert browser.open(f"/login?{pages.query()}").heading == "Sign in"
    assert browser.left_for == ""


@on
def test_the_next_sign_in_asks_for_the_code(pages: LoginPages, browser: Browser) -> None:
    secret = enrol(pages, browser)
    browser.authorize(state="again")
    assert browser.returned["state"] == "again"  # its session has passed both
    other = Browser(pages)
    other.authorize()
    other.sign_in()
    assert other.page.heading == "Enter the code"
    assert other.page.input("code")["autocomplete"] == "one-time-code"
    assert other.page.input("code")["inputmode"] == "numeric"
    for code in (wrong(digits(secret)), "123", ""):
        other.press("Continue", code=code)
        assert other.page.problem_at("code").startswith("That code is incorrect.")
    assert other.authorize().heading == "Sign in"
    other.sign_in()
    other.press("Continue", code=digits(secret))
    assert pages.exchange(other.returned["code"]).status_code == 200


@on
def test_codes_cannot_be_tried_without_end(pages: LoginPages, browser: Browser) -> None:
    secret = enrol(pages, browser)
    other = Browser(pages)
    other.authorize()
    other.sign_in()
    for _ in range(5):
        other.press("Continue", code=wrong(digits(secret)))
    other.press("Continue", code=digits(secret))
    assert other.page.problem_at("code").startswith("Too many wrong codes.")
    assert other.left_for == ""


@on
@pytest.mark.parametrize("stage", ["set-up", "challenge"])
def test_the_second_step_is_over_after_five_minutes(
    pages: LoginPages, browser: Browser, stage: str
) -> None:
    secret = ""
    if stage == "challenge":
        secret = enrol(pages, browser)
        browser.cookies.cookies.clear()
    else:
        pages.new_user()
    browser.authorize()
    browser.sign_in()
    pages.clock.advance(301)
    browser.press("Continue" if secret else "Finish", code=digits(secret or secret_on(browser)))
    assert browser.page.notice == "That took longer than five minutes. Please sign in again."


@on
def test_a_step_serves_the_browser_that_typed_the_password(
    pages: LoginPages, browser: Browser
) -> None:
    secret = enrol(pages, browser)
    browser.cookies.cookies.clear()
    browser.authorize()
    browser.sign_in()
    thief = Browser(pages)
    thief.open(browser.answer.url)
    assert thief.page.heading == "Sign in"
    browser.press("Continue", code=digits(secret))
    assert "code" in browser.returned


@on
def test_a_new_password_does_not_take_the_place_of_the_second_factor(
    pages: LoginPages, browser: Browser
) -> None:
    secret = enrol(pages, browser)
    pages.cognito.admin_set_user_password(
        UserPoolId=pages.pool_id, Username="ada", Password="Temporary-1", Permanent=False
    )
    other = Browser(pages)
    other.authorize()
    other.sign_in(password="Temporary-1")
    other.press("Save and continue", password="Another-horse-2", repeated="Another-horse-2")
    assert other.page.heading == "Enter the code"
    other.press("Continue", code=digits(secret))
    assert "code" in other.returned


@pytest.mark.parametrize(
    "pages", [{"MfaConfiguration": mfa} for mfa in ("OFF", "OPTIONAL")], indirect=True
)
def test_where_mfa_is_not_demanded_the_pages_offer_none(
    pages: LoginPages, browser: Browser
) -> None:
    pages.new_user()
    page = browser.authorize()
    assert {i.attributes.get("name") for i in page.all("input")} == {"csrf", "username", "password"}
    browser.sign_in(totp="on")
    assert "code" in browser.returned


@optional
def test_an_app_that_was_set_up_elsewhere_is_asked_for(pages: LoginPages, browser: Browser) -> None:
    pages.new_user()
    secret = pages.set_an_app_up("ada")
    browser.authorize()
    browser.sign_in()
    browser.press("Continue", code=digits(secret))
    assert "code" in browser.returned
