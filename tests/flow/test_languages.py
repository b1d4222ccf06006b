"""Languages: which one is used, remembered and passed on."""

from __future__ import annotations

import pytest

from tests.flow.browser import Answer, Browser
from tests.flow.conftest import ORIGIN, Stack

COOKIE = "__Host-foyer-language"


def language_of(page: Answer) -> str:
    assert page.body.startswith("<!doctype html>\n<html lang=")
    assert page.headers["vary"] == "Accept-Language, Cookie"
    language = page.headers["content-language"]
    assert f'<html lang="{language}">' in page.body
    return language


@pytest.mark.parametrize("path", ["/", "/logout", "/callback", "/nowhere"])
def test_a_page_is_in_the_browsers_language_and_keeps_no_unknown_one(
    browser: Browser, path: str
) -> None:
    before = browser.get(path)
    assert language_of(before) == "en"
    assert language_of(browser.get(path, **{"accept-language": "pt-PT,en;q=0.5"})) == "pt-BR"
    for lang in ("sv", "canary", "", "%FF", "x" * 9000, "../en"):
        page = browser.get(f"{path}?lang={lang}")
        assert (page.status, language_of(page)) == (before.status, "en")
        assert "canary" not in page.body
        assert COOKIE not in browser.cookies


def test_a_picked_language_is_kept(browser: Browser) -> None:
    page = browser.get("/?lang=zh-hant", **{"accept-language": "it"})
    assert language_of(page) == "zh-TW"
    (line,) = page.cookies
    assert line == (f"{COOKIE}=zh-TW; Max-Age=31536000; Path=/; Secure; HttpOnly; SameSite=Lax")
    later = browser.get("/", **{"accept-language": "it"})
    assert (language_of(later), later.cookies) == ("zh-TW", ())
    assert language_of(browser.get("/?lang=fr")) == "fr"
    assert browser.cookies[COOKIE] == "fr"


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
    welcome = browser.get("/")
    assert language_of(welcome) == "pt-BR"
    assert f"<h1><bdi>{stack.cognito.user.name}</bdi></h1>" in welcome.body
    stack.cognito.sign_out_everywhere()
    stack.advance_to_refresh(browser)
    assert 'role="status">Sua sessão' in browser.get("/").body


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


@pytest.mark.parametrize("path", ["/callback", "/nowhere"])
def test_an_error_page_offers_no_other_language(browser: Browser, path: str) -> None:
    assert "?lang=" not in browser.get(path).body
