"""Signing in, with an authenticator app too, staying signed in, signing out."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest

from tests.authenticator import digits, wrong
from tests.stack.login_pages import PASSWORD, SIGNED_OUT, Pages, Visitor

WRONG = "Incorrect username or password."
WRONG_CODE = "That code is incorrect."
LATE = "That took longer than five minutes. Please sign in again."


def test_a_fresh_form_gives_a_code_and_a_session_of_an_hour(pages: Pages, visitor: Visitor) -> None:
    pages.new_user()
    visitor.authorize()
    pages.now += 301
    page = visitor.submit()
    assert "more than five minutes" in page.alert
    assert page.input("username")["value"] == "ada"
    visitor.submit(" ADA ")  # this pool's user names know no case
    header, first = visitor.answer.headers["Set-Cookie"], visitor.cookies["cognito"]
    assert {"HttpOnly", "SameSite=lax", "Max-Age=3600"} <= set(header.split("; "))
    assert PASSWORD not in header
    id_token, _ = pages.claims(pages.exchange(visitor.code).json())
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


def test_after_five_failures_even_the_right_password_has_to_wait(
    pages: Pages, visitor: Visitor
) -> None:
    pages.new_user()
    for name in ("ada", "ADA@example.com", "nobody"):
        visitor.authorize(prompt="login")
        for _ in range(5):
            assert visitor.submit(name, "Wrong-horse-1").alert == WRONG
        assert visitor.submit(name).alert.startswith("Password attempts exceeded")
        pages.now += 2
        visitor.submit(name)
        assert ("code=" in visitor.left_for) == (name != "nobody")


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
    pages.new_user()
    pages.make_password_temporary()
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
        assert page.problem_at("code").startswith(WRONG_CODE)
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
    for code in (wrong(digits(secret)), "123", "", "abcdef", "\u0661"):
        assert visitor.press("Continue", code=code).problem_at("code").startswith(WRONG_CODE)
    page = visitor.press("Continue", code=digits(secret))
    assert page.problem_at("code").startswith("Too many wrong codes.")
    assert visitor.left_for == ""
    pages.now += 301
    assert visitor.press("Continue", code=digits(secret)).notice == LATE
    assert visitor.authorize().heading == "Sign in"
    pages.make_password_temporary()
    visitor.submit()
    assert visitor.choose_password().heading == "Enter the code"
    visitor.press("Continue", code=digits(secret))
    assert pages.exchange(visitor.code).status_code == 200


@pools_with_mfa("OFF", "OPTIONAL")
def test_where_mfa_is_not_demanded_the_pages_offer_none(pages: Pages, visitor: Visitor) -> None:
    pages.new_user()
    page = visitor.authorize()
    assert {i.attributes.get("name") for i in page.all("input")} == {"csrf", "username", "password"}
    visitor.submit(totp="on")
    assert visitor.code
