"""Every form keeps entered values and announces its messages."""

from __future__ import annotations

import pytest

from tests.stack.login_pages import PASSWORD, Browser, LoginPages
from tests.stack.test_managed_login_sign_up import ANSWERS

pytestmark = pytest.mark.stack

on = pytest.mark.parametrize("pages", [{"MfaConfiguration": "ON"}], indirect=True)


def focused(browser: Browser) -> list[dict[str, str]]:
    return [i.attributes for i in browser.page.all("input") if "autofocus" in i.attributes]


@pytest.mark.parametrize(
    ("path", "button"),
    [("/login", "Sign in"), ("/signup", "Create account"), ("/forgotPassword", "Send the code")],
)
def test_a_name_that_was_emptied_stays_empty_though_the_app_knew_one(
    pages: LoginPages, browser: Browser, path: str, button: str
) -> None:
    page = browser.open(f"{path}?{pages.query(login_hint='ada')}")
    assert page.input("username")["value"] == "ada"
    browser.press(button, username="")
    assert browser.page.problem_at("username")
    assert browser.page.input("username")["value"] == ""


def test_screen_readers_announce_the_message_above_the_focused_field(
    pages: LoginPages, browser: Browser
) -> None:
    browser.open(f"/signup?{pages.query()}")
    browser.press("Create account", **ANSWERS)
    (code,) = focused(browser)
    assert code["aria-describedby"] == "lead"
    assert browser.page.by_id("lead") == "We have sent a code to a***@e***."
    browser.press("Send a new code")
    (code,) = focused(browser)
    assert code["aria-describedby"] == "notice lead"
    assert browser.page.by_id("notice") == "We have sent a new code."


@on
def test_the_focus_does_not_pass_over_what_is_to_be_scanned(
    pages: LoginPages, browser: Browser
) -> None:
    pages.new_user()
    browser.authorize()
    browser.sign_in(password=PASSWORD)
    assert browser.page.heading == "Set up an authenticator app"
    assert focused(browser) == []
    browser.press("Finish", code="")
    assert browser.page.problem_at("code")
    assert [field["name"] for field in focused(browser)] == ["code"]


@pytest.mark.parametrize("blank", [" ", "\u00a0", "\n"])
def test_a_code_may_have_blanks_around_and_inside_it_and_wide_digits(
    pages: LoginPages, browser: Browser, blank: str
) -> None:
    browser.open(f"/signup?{pages.query()}")
    browser.press("Create account", **ANSWERS)
    code = browser.mailed_code()
    wide = "".join(chr(ord(digit) - ord("0") + 0xFF10) for digit in code[3:])
    browser.press("Confirm", code=f"{blank}{code[:3]}{blank}{wide}{blank}")
    assert browser.page.heading == "Sign in"
