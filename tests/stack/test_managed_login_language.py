"""The language of the login pages, and how long it is kept."""

from __future__ import annotations

import pytest

from local.managed_login.language import LANGUAGES
from tests.stack.login_pages import Browser, LoginPages
from tests.stack.test_managed_login_sign_up import ANSWERS

pytestmark = pytest.mark.stack


def tongue(browser: Browser) -> str:
    """The language that the page says it is in; its heading is no other's."""
    return browser.page.all("html")[0].attributes["lang"]


@pytest.mark.parametrize("path", ["/oauth2/authorize", "/login", "/signup", "/forgotPassword"])
def test_the_app_says_which_language_its_visitor_reads(
    pages: LoginPages, browser: Browser, path: str
) -> None:
    page = browser.open(f"{path}?{pages.query(lang='ja')}")
    assert tongue(browser) == "ja"
    assert page.heading in LANGUAGES["ja"].texts.values()


def test_a_choice_is_kept_for_later_visits_until_there_is_another(browser: Browser) -> None:
    browser.authorize(lang="de")
    (kept,) = [c for c in browser.cookies.cookies if c.name == "cognito-lang"]
    assert (kept.value, kept.discard) == ("de", False)
    assert kept.has_nonstandard_attr("HttpOnly")
    browser.cookies.cookies.pop("cognito-visit")  # the browser was closed in between
    browser.authorize()
    assert tongue(browser) == "de"
    browser.authorize(lang="pt")
    browser.authorize()
    assert tongue(browser) == "pt-BR"


def test_an_unknown_choice_changes_nothing_and_is_not_kept(browser: Browser) -> None:
    browser.cookies.headers["Accept-Language"] = "fr-CA, en;q=0.5"
    browser.authorize(lang="de'<b>")
    assert tongue(browser) == "fr"
    assert "cognito-lang" not in browser.cookies.cookies


def test_all_steps_of_a_sign_up_are_in_one_language(pages: LoginPages, browser: Browser) -> None:
    say = LANGUAGES["de"].say
    browser.cookies.headers["Accept-Language"] = "en"
    browser.open(f"/signup?{pages.query(lang='de')}")
    browser.cookies.cookies.pop("cognito-lang")  # even where only the visit's cookie is taken
    browser.press(say("sign_up"), **ANSWERS | {"password": "kurz"})
    assert browser.page.problem_at("password") == (
        "Verwenden Sie mindestens 10 Zeichen. Es fehlt ein Großbuchstabe. Es fehlt eine Ziffer."
    )
    assert browser.page.all("title")[0].text.startswith("Fehler: ")
    browser.press(say("sign_up"), **ANSWERS)
    assert browser.page.heading == say("confirm_email")
    browser.press(say("send_new_code"))
    assert browser.page.notice == say("notice_sent")
    browser.press(say("confirm"), code="000000")
    assert browser.page.problem_at("code") == say("wrong_mail_code")
    browser.press(say("confirm"), code=browser.mailed_code())
    assert browser.page.notice == say("notice_confirmed")
    browser.sign_in(password="Falsches-Pferd-1", button=say("sign_in"))
    assert browser.page.alert == say("wrong_password")
    assert tongue(browser) == "de"


@pytest.mark.parametrize("pages", [{"MfaConfiguration": "ON"}], indirect=True)
def test_the_second_step_says_why_it_is_there(pages: LoginPages, browser: Browser) -> None:
    pages.new_user()
    browser.authorize(lang="it")
    browser.sign_in(button=LANGUAGES["it"].say("sign_in"))
    assert browser.page.heading == LANGUAGES["it"].say("set_up_app")
    assert LANGUAGES["it"].say("second_step_is_demanded") in browser.page.text


@pytest.mark.parametrize(
    "path", ["/error?lang=es", "/nothing?lang=es", "/login?lang=es", "/logout?lang=es"]
)
def test_errors_are_in_the_visitors_language(browser: Browser, path: str) -> None:
    browser.open(path)
    assert browser.answer.status_code >= 400 or path.startswith("/error")
    assert tongue(browser) == "es"
    assert browser.page.heading == LANGUAGES["es"].say("error_heading")


@pytest.mark.parametrize("path", ["/inbox", "/users"])
def test_the_developers_pages_are_in_english(browser: Browser, path: str) -> None:
    browser.authorize(lang="ko")
    browser.open(path)
    assert tongue(browser) == "en"
    assert browser.authorize().heading == LANGUAGES["ko"].say("sign_in")


def test_the_list_of_languages_stays_on_the_page(pages: LoginPages, browser: Browser) -> None:
    browser.open(f"/signup?{pages.query()}")
    browser.press("Create account", **ANSWERS)
    browser.follow("Italiano")
    assert browser.page.heading == LANGUAGES["it"].say("confirm_email")
    browser.press(LANGUAGES["it"].say("confirm"), code=browser.mailed_code())
    assert browser.page.notice == LANGUAGES["it"].say("notice_confirmed")
