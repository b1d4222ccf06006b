"""An authenticator app: set up, replaced, turned off."""

from __future__ import annotations

import re

import segno
from foyer.account.authenticator import SetUp
from markupsafe import escape

from tests.authenticator import digits, wrong
from tests.fake_cognito import User
from tests.flow.conftest import Owner, Stack, owner

QUARTER_OF_AN_HOUR = 15 * 60
PAGE = "/account/authenticator"
CODE = f"{PAGE}/code"


def begin(ada: Owner) -> str:
    """The secret, as the page shows it."""
    answer = ada.submit(PAGE)
    assert (answer.status, answer.location) == (303, PAGE)
    shown = re.search(r'<code id="key" translate="no">([A-Z2-7 ]+)</code>', ada.get(PAGE).body)
    assert shown
    return shown.group(1).replace(" ", "")


def test_a_code_from_the_app_turns_it_on(ada: Owner) -> None:
    assert ada.get(PAGE).status == 200
    assert ada.api.calls == [], "a GET changes nothing"
    assert "Off" in ada.get("/account").body
    secret = begin(ada)
    page = ada.get(PAGE).body
    assert "Please complete the set-up" not in page
    key_uri = f"otpauth://totp/Foyer:visitor?secret={secret}&issuer=Foyer"
    assert escape(key_uri) in page
    assert escape(segno.make(key_uri).svg_data_uri(border=4, light="#fff", dark="#000")) in page
    assert secret not in str(ada.cookies), "sealed"
    assert ada.api.calls.count("AssociateSoftwareToken") == 1
    code = digits(secret)
    wide = code[3:].translate({ord("0") + digit: 0xFF10 + digit for digit in range(10)})
    answer = ada.submit(CODE, code=f" {code[:3]} {wide}")
    assert (answer.status, answer.location) == (303, "/account")
    assert ada.api.secret == secret
    assert ada.api.has_authenticator
    assert ada.has_changed("authenticator_on")
    page = ada.get("/account").body
    assert "Two-step sign-in is on" in page
    assert "On, with an authenticator app" in page
    assert ada.named("authenticator") == {}


def test_finishing_needs_a_recent_sign_in_too(ada: Owner) -> None:
    ada.stack.clock.advance(QUARTER_OF_AN_HOUR - 1)
    secret = begin(ada)
    ada.stack.clock.advance(2)
    answer = ada.submit(CODE, code=digits(secret))
    assert answer.status == 403
    assert f'href="/login?return_to={PAGE}&amp;prompt=login"' in answer.body
    assert not ada.api.has_authenticator
    ada.stack.sign_in(ada, f"/login?return_to={PAGE}&prompt=login")
    assert secret in ada.get(PAGE).body.replace(" ", ""), "the same set-up goes on"
    assert ada.submit(CODE, code=digits(secret)).status == 303
    assert ada.api.has_authenticator


def test_a_wrong_code_leaves_the_same_secret_to_try_again(ada: Owner) -> None:
    secret = begin(ada)
    for code in ("", "12345", "1234567", "abcdef", "\u0661\u0662\u0663\u0664\u0665\u0666"):
        answer = ada.submit(CODE, code=code)
        assert answer.status == 400
        assert "Enter the six-digit code" in answer.body
    assert "VerifySoftwareToken" not in ada.api.calls
    answer = ada.submit(CODE, code=wrong(digits(secret)))
    assert answer.status == 400
    assert "That code is incorrect." in answer.body
    assert 'aria-invalid="true"' in answer.body
    assert 'autocomplete="one-time-code"' in answer.body
    assert wrong(digits(secret)) not in answer.body
    assert not ada.api.has_authenticator
    assert ada.submit(CODE, code=digits(secret)).status == 303


def test_an_answer_other_than_success_turns_nothing_on(ada: Owner) -> None:
    secret = begin(ada)
    ada.api.answers["VerifySoftwareToken"] = {"Status": "ERROR"}
    assert ada.submit(CODE, code=digits(secret)).status == 400
    assert "SetUserMFAPreference" not in ada.api.calls


def test_a_set_up_lasts_ten_minutes(ada: Owner) -> None:
    secret = begin(ada)
    ada.stack.clock.advance(599)
    assert secret[:4] in ada.get(PAGE).body
    ada.stack.clock.advance(1)
    answer = ada.submit(CODE, code=digits(secret))
    assert answer.status == 400
    assert "more than ten minutes" in answer.body
    assert "VerifySoftwareToken" not in ada.api.calls


def test_another_users_set_up_is_not_used(ada: Owner) -> None:
    secret = begin(ada)
    ada.stack.cognito.user = User(username="eve")
    eve = owner(ada.stack)
    eve.cookies |= ada.named("authenticator")
    assert secret[:4] not in eve.get(PAGE).body
    assert eve.submit(CODE, code=digits(secret)).status == 400


def test_a_session_cookie_cannot_pass_for_a_set_up(ada: Owner) -> None:
    (session,) = ada.named("session").values()
    ada.cookies["__Host-foyer-authenticator"] = session
    assert "Continue" in ada.get(PAGE).body
    assert len(ada.stack.logged("authenticator_not_usable")) == 1


def test_an_app_is_replaced_with_a_warning_and_turned_off_after_a_question(ada: Owner) -> None:
    """Cognito may stop asking for the old app's codes at once."""
    ada.api.has_authenticator = True
    assert "Set up another app" in ada.get("/account").body
    begin(ada)
    assert "Please complete the set-up" in ada.get(PAGE).body
    assert "need only your password" in ada.get(f"{PAGE}/off").body
    assert ada.api.has_authenticator
    answer = ada.submit(f"{PAGE}/off")
    assert (answer.status, answer.location) == (303, "/account")
    assert not ada.api.has_authenticator
    assert ada.has_changed("authenticator_off")
    assert "Two-step sign-in is off." in ada.get("/account").body


def test_what_the_pool_does_not_allow_is_explained(ada: Owner) -> None:
    ada.api.has_authenticator = True
    for mfa, path, sentence in (
        ("ON", f"{PAGE}/off", "cannot be turned off"),
        ("OFF", PAGE, "Two-step sign-in is not available here."),
    ):
        ada.api.mfa = mfa
        answer = ada.submit(path)
        assert answer.status == 400
        assert sentence in answer.body
    assert ada.api.has_authenticator
    assert ada.stack.logged("account_changed") == []


def test_an_answer_without_a_proper_secret_is_not_shown(stack: Stack, ada: Owner) -> None:
    ada.api.answers["AssociateSoftwareToken"] = {"SecretCode": "<b>secret</b>"}
    assert ada.submit(PAGE).status == 502
    assert stack.reasons() == ["user_api_answer_malformed"]


def test_the_key_uri_names_issuer_and_account_and_may_be_too_long_for_a_qr_code(
    stack: Stack,
) -> None:
    ada = owner(stack, BRAND_NAME="名" * 60)
    begin(ada)
    assert "<img" not in ada.get(PAGE).body
    set_up = SetUp(subject="", secret="ABCD", replaces=False)
    expected = "otpauth://totp/Foyer%20%26%20Co:ada%2Fl?secret=ABCD&issuer=Foyer%20%26%20Co"
    assert set_up.key_uri("Foyer & Co", "ada/l") == expected
