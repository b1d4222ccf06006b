"""Visits the pages with the most text, in every language."""

from __future__ import annotations

from foyer.pages import Brand, Pages
from playwright.sync_api import Browser

from local.managed_login.language import LANGUAGES, Language
from tests.browser.every_page import (
    ENTRY_REFUSED,
    PHONE,
    Look,
    account_with_devices,
    problem_page,
)
from tests.browser.people import Visitor
from tests.running_stack import RunningStack


def walk(stack: RunningStack, browser: Browser, look: Look) -> None:
    """The app's pages and managed login's, each on a phone."""
    # The caller may need to run a script, which the pages do not allow.
    with Visitor.arriving(stack, browser, viewport=PHONE, bypass_csp=True) as visitor:
        for language in LANGUAGES.values():
            _app(visitor, language, look)
            _sign_up(visitor, language, look)
            visitor.open("/login")  # the language is kept
            visitor.sees(language.say("sign_in"))
            look(visitor, f"sign-in {language.tag}")


def _app(visitor: Visitor, language: Language, look: Look) -> None:
    pages = Pages(Brand("Foyer", "#3d5a80"), language.tag)
    text = pages.text
    shown = {
        "landing session ended": pages.landing(notice=text["session_ended"]),
        "welcome": pages.welcome(
            {"name": "Ada Lovelace", "email": "ada@example.com", "cognito:username": "ada"}
        ),
        "entry refused": problem_page(pages, ENTRY_REFUSED),
        "account devices": account_with_devices(pages),
        "problem": pages.problem(
            heading=text["problem_request"],
            sentence=text["problem_request_sentence"],
            reference="JKJaXmPLvHcESHA=",
            href="/login",
            label=text["start_again"],
        ),
    }
    for name, page in shown.items():
        visitor.page.set_content(page)
        look(visitor, f"{name} {language.tag}")


def _sign_up(visitor: Visitor, language: Language, look: Look) -> None:
    visitor.open(f"/signup?lang={language.tag}")
    visitor.sees(language.say("create_account"))
    for field, text in {"username": "ada", "email": "ada", "password": "short"}.items():
        visitor.page.locator(f"#{field}").fill(text)
    visitor.press(language.say("sign_up"))
    visitor.reads(language.say("enter_email"))
    look(visitor, f"sign-up mistakes {language.tag}")
