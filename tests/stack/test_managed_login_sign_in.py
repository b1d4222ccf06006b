"""Signing in, staying signed in, signing out."""

from __future__ import annotations

from urllib.parse import urlencode

import jwt
import pytest

from tests.stack.login_pages import PASSWORD, SIGNED_OUT, Browser, LoginPages

pytestmark = pytest.mark.stack

WRONG = "Incorrect username or password."


def claims(token: str) -> dict[str, object]:
    return jwt.decode(token, options={"verify_signature": False})


def signed_in(pages: LoginPages, browser: Browser) -> None:
    pages.new_user()
    browser.authorize()
    browser.sign_in()
    assert "code" in browser.returned


def test_signing_in_brings_a_code_for_this_user_and_nonce(
    pages: LoginPages, browser: Browser
) -> None:
    pages.new_user()
    browser.authorize()
    browser.sign_in(" ADA ")  # this pool's user names know no case
    tokens = pages.exchange(browser.returned["code"]).json()
    id_token = claims(tokens["id_token"])
    assert id_token["cognito:username"] == "ada"
    assert id_token["nonce"] == "the-nonce"
    assert id_token["aud"] == pages.client_id


def test_wrong_passwords_unknown_users_and_disabled_ones_get_the_same_answer(
    pages: LoginPages, browser: Browser
) -> None:
    pages.new_user("ada")
    browser.authorize()
    pages.new_user("eve")
    pages.cognito.admin_disable_user(UserPoolId=pages.pool_id, Username="eve")
    for name, password in {"ada": "Wrong-horse-1", "bob": PASSWORD, "eve": PASSWORD}.items():
        browser.sign_in(name, password)
        assert browser.answer.status_code == 400
        assert browser.page.input("username")["value"] == name
        assert "value" not in browser.page.input("password")
        assert browser.page.alert == WRONG


def test_empty_fields_are_named(browser: Browser) -> None:
    browser.authorize()
    browser.sign_in("", "")
    assert browser.page.problem_at("username") == "Enter your user name."
    assert browser.page.problem_at("password") == "Enter your password."


@pytest.mark.parametrize("name", ["ada", "ADA@example.com", "nobody"])
def test_after_five_failures_even_the_right_password_has_to_wait(
    pages: LoginPages, browser: Browser, name: str
) -> None:
    pages.new_user()
    browser.authorize()
    for _ in range(5):
        browser.sign_in(name, "Wrong-horse-1")
        assert browser.page.alert == WRONG
    browser.sign_in(name)
    assert browser.page.alert.startswith("Password attempts exceeded")
    pages.clock.advance(2)
    browser.sign_in(name)
    assert ("code=" in browser.left_for) == (name != "nobody")


def test_a_form_older_than_five_minutes_asks_again_and_keeps_the_name(
    pages: LoginPages, browser: Browser
) -> None:
    pages.new_user()
    browser.authorize()
    pages.clock.advance(301)
    browser.sign_in()
    assert "more than five minutes" in browser.page.alert
    assert browser.page.input("username")["value"] == "ada"
    browser.sign_in()
    assert "code" in browser.returned


def test_a_second_sign_in_asks_where_the_app_wants_it(pages: LoginPages, browser: Browser) -> None:
    signed_in(pages, browser)
    for path in ("/oauth2/authorize", "/login"):
        browser.open(f"{path}?{pages.query(state='second')}")
        assert browser.returned["state"] == "second"
        assert pages.exchange(browser.returned["code"]).status_code == 200
    browser.authorize(prompt="none")
    assert "code" in browser.returned
    for prompt in ("login", "select_account"):
        assert browser.authorize(prompt=prompt).heading == "Sign in"
        browser.sign_in()
        assert "code" in browser.returned


def test_the_session_lasts_one_hour_and_no_longer(pages: LoginPages, browser: Browser) -> None:
    signed_in(pages, browser)
    pages.clock.advance(3500)
    browser.authorize()
    assert "code" in browser.returned
    pages.clock.advance(101)
    assert browser.authorize().heading == "Sign in"


def test_the_session_cookie_says_nothing_and_is_new_each_time(
    pages: LoginPages, browser: Browser
) -> None:
    signed_in(pages, browser)
    header = browser.answer.headers["Set-Cookie"]
    assert "HttpOnly" in header
    assert "SameSite=lax" in header
    assert "Max-Age=3600" in header
    first = browser.cookies.cookies["cognito"]
    browser.authorize(prompt="login")
    browser.sign_in()
    assert browser.cookies.cookies["cognito"] != first
    assert PASSWORD not in header


def test_a_user_who_was_disabled_has_to_sign_in_again(pages: LoginPages, browser: Browser) -> None:
    signed_in(pages, browser)
    pages.cognito.admin_disable_user(UserPoolId=pages.pool_id, Username="ada")
    assert browser.authorize().heading == "Sign in"


def test_signing_out_ends_the_session_and_returns_to_the_app(
    pages: LoginPages, browser: Browser
) -> None:
    signed_in(pages, browser)
    stolen = browser.cookies.cookies["cognito"]
    query = urlencode({"client_id": pages.client_id, "logout_uri": SIGNED_OUT})
    browser.open(f"/logout?{query}")
    assert browser.left_for == SIGNED_OUT
    assert "cognito" not in browser.cookies.cookies
    assert browser.authorize().heading == "Sign in"
    browser.cookies.cookies.set("cognito", stolen)
    assert browser.authorize().heading == "Sign in"

    # Or to the next sign-in.
    assert browser.open(f"/logout?{pages.query()}").heading == "Sign in"
    browser.sign_in()
    assert browser.returned["state"] == "the-state"


def test_signing_out_to_an_unregistered_place_shows_an_error_and_keeps_the_session(
    pages: LoginPages, browser: Browser
) -> None:
    signed_in(pages, browser)
    for changes in (
        {"logout_uri": "https://elsewhere.example/"},
        {"logout_uri": "http://localhost:9"},
        {"logout_uri": ""},
        {"client_id": "unknown"},
        {"client_id": ""},
    ):
        query = {"client_id": pages.client_id, "logout_uri": SIGNED_OUT} | changes
        browser.open(f"/logout?{urlencode(query)}")
        assert browser.answer.status_code == 400
        assert browser.left_for == ""
    browser.authorize()
    assert "code" in browser.returned


def test_a_temporary_password_has_to_be_replaced_by_one_that_keeps_the_rules(
    pages: LoginPages, browser: Browser
) -> None:
    pages.new_user(temporary=True)
    browser.authorize()
    browser.sign_in()
    assert browser.page.heading == "Choose your own password"
    browser.press("Save and continue", password="short", repeated="short")
    assert browser.page.problem_at("password").startswith("Use at least 10 characters.")
    browser.press("Save and continue", password="Another-horse-2", repeated="Another-horse-3")
    assert browser.page.problem_at("repeated") == "The passwords do not match."
    assert pages.user("ada")["status"] == "FORCE_CHANGE_PASSWORD"
    browser.press("Save and continue", password="Another-horse-2", repeated="Another-horse-2")
    assert "code" in browser.returned
    assert pages.user("ada")["status"] == "CONFIRMED"
    fresh = Browser(pages)
    fresh.authorize()
    fresh.sign_in()
    assert fresh.page.alert == WRONG
    fresh.sign_in(password="Another-horse-2")
    assert "code" in fresh.returned


def test_the_new_password_page_is_over_after_five_minutes(
    pages: LoginPages, browser: Browser
) -> None:
    pages.new_user(temporary=True)
    browser.authorize()
    browser.sign_in()
    pages.clock.advance(301)
    browser.press("Save and continue", password="Another-horse-2", repeated="Another-horse-2")
    assert browser.page.notice == "That took longer than five minutes. Please sign in again."
    assert pages.user("ada")["status"] == "FORCE_CHANGE_PASSWORD"


def test_two_tabs_do_not_disturb_each_other(pages: LoginPages, browser: Browser) -> None:
    pages.new_user("ada")
    pages.new_user("grace", temporary=True)
    other = Browser(pages)
    other.cookies = browser.cookies
    browser.authorize(state="first")
    browser.sign_in("grace")
    other.authorize(state="second")
    other.sign_in("ada")
    assert other.returned["state"] == "second"
    browser.press("Save and continue", password="Another-horse-2", repeated="Another-horse-2")
    assert browser.returned["state"] == "first"
    tokens = pages.exchange(browser.returned["code"]).json()
    assert claims(tokens["id_token"])["cognito:username"] == "grace"
