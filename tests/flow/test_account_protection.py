"""Access to the account page: the owner, from our own pages, recently signed in."""

from __future__ import annotations

import base64

import pytest

from tests.fake_cognito import SCOPES
from tests.fake_cognito_api import PASSWORD, SCOPE
from tests.flow.browser import FORM, OWN_PAGE, Browser
from tests.flow.conftest import Owner, Stack, environment, owner

A_NEW_PASSWORD = "Difference-Engine-1822"
QUARTER_OF_AN_HOUR = 15 * 60
pytestmark = pytest.mark.sessions("cookie", "table")

FORMS: dict[str, dict[str, str]] = {
    "/account/name": {"name": "Ada King"},
    "/account/password": {"current": PASSWORD, "new": A_NEW_PASSWORD},
    "/account/authenticator": {},
    "/account/authenticator/code": {"code": "123456"},
    "/account/authenticator/off": {},
    "/account/sign-out-everywhere": {},
    "/account/delete": {"username": "visitor"},
}
RECENT = ["/account/authenticator", "/account/authenticator/off", "/account/delete"]


@pytest.mark.parametrize("path", FORMS)
def test_another_sites_form_changes_nothing(ada: Owner, path: str) -> None:
    before = ada.stack.cognito.upstream_calls
    for site in ("cross-site", "same-site", "none"):
        answer = ada.send("POST", path, {"sec-fetch-site": site, "content-type": FORM})
        assert answer.status == 400
        assert "Nothing was changed" in answer.body
        assert answer.cookies == ()
    assert ada.stack.cognito.upstream_calls == before


@pytest.mark.parametrize("path", RECENT)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_what_guards_the_account_needs_a_recent_sign_in(
    stack: Stack, ada: Owner, method: str, path: str
) -> None:
    def send() -> tuple[int, str]:
        answer = ada.get(path) if method == "GET" else ada.submit(path, **FORMS[path])
        return answer.status, answer.body

    stack.clock.advance(QUARTER_OF_AN_HOUR + 1)
    status, body = send()
    assert status == 403
    assert f'href="/login?return_to={path}&amp;prompt=login"' in body
    assert ada.api.calls == []
    (line,) = stack.logged("request_failed")
    assert (line["reason"], line.get("sub")) == ("sign_in_not_recent", ada.sub)
    assert line["route"] == f"{method} {path}"
    stack.sign_in(ada)
    stack.clock.advance(QUARTER_OF_AN_HOUR - 1)
    assert send()[0] in {200, 303}


@pytest.mark.parametrize("auth_time", [-QUARTER_OF_AN_HOUR - 1, None, True, "1791793800", 1.5])
def test_without_a_proper_auth_time_no_sign_in_is_recent(stack: Stack, auth_time: object) -> None:
    """Managed login may not have asked for the password: the new session does not prove it."""
    if type(auth_time) is int:
        auth_time += int(stack.clock.now())
    stack.cognito.id_token_claims = {"auth_time": auth_time}
    assert owner(stack).get("/account/delete").status == 403


def test_a_refreshed_token_does_not_make_an_old_sign_in_recent(stack: Stack, ada: Owner) -> None:
    stack.clock.advance(QUARTER_OF_AN_HOUR + 1)
    stack.cognito.id_token_claims = {"auth_time": int(stack.clock.now())}
    assert ada.get("/account/delete").status == 403


def test_only_prompt_login_goes_to_managed_login(ada: Owner) -> None:
    for given, sent in {
        "login": "login",
        "none": None,
        "consent": None,
        "login none": None,
    }.items():
        assert ada.get(f"/login?prompt={given}").query.get("prompt") == sent


def test_a_session_without_the_scope_signs_in_again(stack: Stack, signed_in: Browser) -> None:
    stack.cognito.scopes = (*SCOPES, SCOPE)
    later = stack.copy_of(signed_in, **environment(stack))
    answer = later.get("/account")
    assert answer.status == 403
    assert 'href="/login?return_to=/account"' in answer.body
    assert stack.cognito.calls("user_api") == 0
    stack.sign_in(later, "/login?return_to=/account")
    assert later.get("/account").status == 200


@pytest.mark.sessions("cookie")
def test_a_session_without_a_refresh_token_signs_in_again(stack: Stack) -> None:
    stack.cognito.token_answer = {"refresh_token": None}
    ada = owner(stack)
    assert ada.get("/account").status == 403
    assert ada.api.calls == []


def test_a_session_that_cognito_has_ended_is_over(ada: Owner) -> None:
    ada.stack.cognito.sign_out_everywhere()
    answer = ada.get("/account")
    assert (answer.status, answer.location) == (302, "/login?return_to=/account")
    assert ada.named("session") == {}


def test_without_cognito_the_session_stays_and_the_page_says_so(ada: Owner) -> None:
    ada.stack.cognito.fault("token", "http_503")
    answer = ada.get("/account")
    assert answer.status == 502
    assert "The change may not have been saved" in answer.body
    assert ada.is_signed_in


@pytest.mark.sessions("cookie")
@pytest.mark.parametrize(
    ("media_type", "body", "reason"),
    [
        ("text/plain", "name=Ada", "form_malformed"),
        ("", "name=Ada", "form_malformed"),
        ("multipart/form-data; boundary=x", "--x", "form_malformed"),
        (FORM, "name=Ada&name=Eve", "parameter_repeated"),
        (FORM, "name=%FF", "form_malformed"),
        (FORM, "name=Ä", "form_malformed"),
        (FORM, "name=a%00b", "parameter_malformed"),
        (FORM, f"name={'x' * 2049}", "parameter_too_long"),
        (FORM, f"x={'x' * 16384}", "form_too_large"),
        (FORM, "a=1&" * 17, "form_too_large"),
        (FORM, "base64: not base64!", "form_malformed"),
        (FORM, f"base64: {base64.b64encode(b'x' * 16385).decode()}", "form_too_large"),
    ],
)
def test_a_form_in_another_format_changes_nothing(
    ada: Owner, media_type: str, body: str, reason: str
) -> None:
    headers = OWN_PAGE | ({"content-type": media_type} if media_type else {})
    made = ada.event("POST", "/account/name", headers, body.removeprefix("base64: "))
    answer = ada.deliver({**made, "isBase64Encoded": body.startswith("base64: ")})
    assert answer.status == 400
    assert ada.stack.reasons() == [reason]
    assert ada.api.calls == []


def test_no_link_puts_a_notice_on_a_page(ada: Owner) -> None:
    ada.cookies["__Host-foyer-notice"] = "<b>pay here</b>"
    page = ada.get("/account")
    assert page.status == 200
    assert "pay here" not in page.body
    assert 'role="status"' not in page.body
