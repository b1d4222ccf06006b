"""Signing in, staying signed in, signing out."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest

from tests.stack.login_pages import (
    PASSWORD,
    SIGNED_OUT,
    Pages,
    Visitor,
    claims,
)

pytestmark = pytest.mark.stack

WRONG = "Incorrect username or password."
LATE = "That took longer than five minutes. Please sign in again."


def test_signing_in_brings_a_code_and_a_session_of_one_hour(pages: Pages, visitor: Visitor) -> None:
    pages.new_user()
    visitor.sign_in(" ADA ")  # this pool's user names know no case
    header, first = visitor.answer.headers["Set-Cookie"], visitor.cookies["cognito"]
    assert {"HttpOnly", "SameSite=lax", "Max-Age=3600"} <= set(header.split("; "))
    assert PASSWORD not in header
    id_token = claims(pages.exchange(visitor.code).json()["id_token"])
    assert id_token["cognito:username"] == "ada"
    assert id_token["nonce"] == "the-nonce"
    assert id_token["aud"] == pages.client_id
    pages.now += 3500
    for path in ("/oauth2/authorize", "/login"):
        visitor.authorize(path, state="second")
        assert visitor.returned["state"] == "second"
        assert pages.exchange(visitor.code).status_code == 200
    visitor.authorize(prompt="none")
    assert visitor.code
    pages.now += 101
    assert visitor.authorize().heading == "Sign in"
    visitor.submit()
    assert visitor.cookies["cognito"] != first
    for prompt in ("login", "select_account"):
        assert visitor.authorize(prompt=prompt).heading == "Sign in"
    visitor.submit()
    assert visitor.code


def test_wrong_passwords_unknown_users_and_disabled_ones_get_the_same_answer(
    pages: Pages, visitor: Visitor
) -> None:
    pages.new_user("ada")
    visitor.authorize()
    pages.new_user("eve")
    pages.administrate("disable_user", "eve")
    for name, password in {"ada": "Wrong-horse-1", "bob": PASSWORD, "eve": PASSWORD}.items():
        page = visitor.submit(name, password)
        assert visitor.answer.status_code == 400
        assert page.input("username")["value"] == name
        assert "value" not in page.input("password")
        assert page.alert == WRONG
    page = visitor.submit("", "")
    assert page.problem_at("username") == "Enter your user name."
    assert page.problem_at("password") == "Enter your password."


@pytest.mark.parametrize("name", ["ada", "ADA@example.com", "nobody"])
def test_after_five_failures_even_the_right_password_has_to_wait(
    pages: Pages, visitor: Visitor, name: str
) -> None:
    pages.new_user()
    visitor.authorize()
    for _ in range(5):
        assert visitor.submit(name, "Wrong-horse-1").alert == WRONG
    assert visitor.submit(name).alert.startswith("Password attempts exceeded")
    pages.now += 2
    visitor.submit(name)
    assert ("code=" in visitor.left_for) == (name != "nobody")


def test_a_form_older_than_five_minutes_asks_again_and_keeps_the_name(
    pages: Pages, visitor: Visitor
) -> None:
    pages.new_user()
    visitor.authorize()
    pages.now += 301
    page = visitor.submit()
    assert "more than five minutes" in page.alert
    assert page.input("username")["value"] == "ada"
    visitor.submit()
    assert visitor.code


def test_a_session_ends_by_signing_out_or_with_its_user(pages: Pages, visitor: Visitor) -> None:
    pages.new_user()
    visitor.sign_in()
    thief = Visitor(pages)
    thief.cookies.set("cognito", visitor.cookies["cognito"])
    visitor.open(f"/logout?{urlencode({'client_id': pages.client_id, 'logout_uri': SIGNED_OUT})}")
    assert visitor.left_for == SIGNED_OUT
    assert "cognito" not in visitor.cookies
    assert thief.authorize().heading == "Sign in"
    # Or to the next sign-in.
    assert visitor.authorize("/logout").heading == "Sign in"
    visitor.submit()
    assert visitor.returned["state"] == "the-state"
    pages.administrate("disable_user")
    assert visitor.authorize().heading == "Sign in"


def test_signing_out_to_an_unregistered_place_shows_an_error_and_keeps_the_session(
    pages: Pages, visitor: Visitor
) -> None:
    pages.new_user()
    visitor.sign_in()
    for changes in (
        {"logout_uri": "https://elsewhere.example/"},
        {"logout_uri": SIGNED_OUT[:-1]},
        {"logout_uri": ""},
        {"client_id": "unknown"},
        {"client_id": ""},
    ):
        query = {"client_id": pages.client_id, "logout_uri": SIGNED_OUT} | changes
        visitor.open(f"/logout?{urlencode(query)}")
        assert visitor.answer.status_code == 400
        assert visitor.left_for == ""
    visitor.authorize()
    assert visitor.code
