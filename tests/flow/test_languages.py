"""Languages: which one is used, remembered and passed on."""

from __future__ import annotations

import pytest
from foyer.language import LANGUAGES

from tests.flow.browser import Answer, Browser
from tests.flow.conftest import ORIGIN, Stack

COOKIE = "__Host-foyer-language"
PAGES = ["/", "/logout", "/callback", "/nowhere"]


def language_of(page: Answer) -> str:
    assert page.body.startswith("<!doctype html>\n<html lang=")
    assert page.headers["vary"] == "Accept-Language, Cookie"
    language = page.headers["content-language"]
    assert f'<html lang="{language}">' in page.body
    return language


@pytest.mark.parametrize("path", PAGES)
def test_a_page_declares_its_language(browser: Browser, path: str) -> None:
    assert language_of(browser.get(path)) == "en"
    for code in LANGUAGES:
        assert language_of(browser.get(path, **{"accept-language": f"{code},en;q=0.5"})) == code


def test_the_welcome_page_greets_in_the_visitors_language(stack: Stack, signed_in: Browser) -> None:
    page = signed_in.get("/", **{"accept-language": "de-AT,de;q=0.9"})
    assert language_of(page) == "de"
    assert "Sie sind angemeldet." in page.body
    assert f"<h1><bdi>{stack.cognito.user.name}</bdi></h1>" in page.body


def test_a_picked_language_is_kept(browser: Browser) -> None:
    page = browser.get("/?lang=zh-hant", **{"accept-language": "it"})
    assert language_of(page) == "zh-TW"
    (line,) = page.cookies
    assert line == (f"{COOKIE}=zh-TW; Max-Age=31536000; Path=/; Secure; HttpOnly; SameSite=Lax")
    later = browser.get("/", **{"accept-language": "it"})
    assert (language_of(later), later.cookies) == ("zh-TW", ())
    assert language_of(browser.get("/?lang=fr")) == "fr"
    assert browser.cookies[COOKIE] == "fr"


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("lang", ["sv", "canary", "", "%FF", "x" * 9000, "../en"])
def test_an_unknown_language_is_not_kept(browser: Browser, path: str, lang: str) -> None:
    before, page = browser.get(path), browser.get(f"{path}?lang={lang}")
    assert page.status == before.status
    assert language_of(page) == "en"
    assert COOKIE not in browser.cookies
    assert "canary" not in page.body


@pytest.mark.parametrize("kept", ["", "sv", "../../pages", "en.json", "de,fr", "\u0130d"])
def test_a_cookie_with_an_unknown_language_is_ignored(browser: Browser, kept: str) -> None:
    browser.cookies[COOKIE] = kept
    assert language_of(browser.get("/")) == "en"


@pytest.mark.parametrize("path", ["/login", "/signup"])
def test_managed_login_gets_the_language(stack: Stack, browser: Browser, path: str) -> None:
    assert browser.get(path).query["lang"] == "en"
    assert browser.get(path, **{"accept-language": "ko-KR,ko;q=0.9"}).query["lang"] == "ko"
    assert browser.get(f"{path}?lang=sv", **{"accept-language": "ko"}).query["lang"] == "ko"
    assert browser.get(f"{path}?lang=PT").query["lang"] == "pt-BR"
    assert browser.get(path).query["lang"] == "pt-BR"
    stack.sign_in(browser, path)
    assert language_of(browser.get("/")) == "pt-BR"


def test_a_new_container_has_read_english_alone(stack: Stack) -> None:
    app = stack.app()
    assert set(app._services.pages._pages) == {"en"}
    language_of(Browser(app, ORIGIN).get("/?lang=de"))
    assert set(app._services.pages._pages) == {"de", "en"}


def test_json_answers_are_in_english(stack: Stack, browser: Browser) -> None:
    browser.get("/?lang=ja")
    answer = browser.get("/me", **{"accept-language": "ja"})
    assert answer.json["detail"] == "Nobody is signed in."
    assert "content-language" not in answer.headers
    browser.cookies["__Host-foyer-session"] = "x" * 64
    stack.vault.failure = "secret_not_found"
    browser.handler = stack.app()  # a new container, which cannot read its secret
    answer = browser.get("/me")
    assert answer.status == 503
    assert answer.json["detail"] == "Please wait a moment, then start again."


def test_the_message_about_an_ended_session_is_translated(stack: Stack, browser: Browser) -> None:
    stack.sign_in(browser, "/login?lang=es")
    stack.cognito.sign_out_everywhere()
    stack.advance_to_refresh(browser)
    assert 'role="status">Se ha cerrado' in browser.get("/").body


@pytest.mark.parametrize("path", ["/callback", "/nowhere"])
def test_an_error_page_offers_no_other_language(browser: Browser, path: str) -> None:
    assert "?lang=" not in browser.get(path).body
