"""Access to the account page: the owner, from our own pages, recently signed in."""

from __future__ import annotations

import base64
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.authenticator import digits
from tests.fake_cognito import SCOPES
from tests.fake_cognito_api import PASSWORD
from tests.flow.account import A_NEW_PASSWORD, QUARTER_OF_AN_HOUR, Owner, environment, owner
from tests.flow.browser import event
from tests.flow.conftest import ORIGIN, Stack
from tests.flow.private_values import found_in, private_values, somebody

pytestmark = pytest.mark.sessions("cookie", "table")

FORMS: list[tuple[str, dict[str, str]]] = [
    ("/account/name", {"name": "Ada King"}),
    ("/account/password", {"current": PASSWORD, "new": A_NEW_PASSWORD}),
    ("/account/authenticator", {}),
    ("/account/authenticator/code", {"code": "123456"}),
    ("/account/authenticator/off", {}),
    ("/account/sign-out-everywhere", {}),
    ("/account/delete", {"username": "visitor"}),
]
RECENT = [
    ("GET", "/account/authenticator"),
    ("POST", "/account/authenticator"),
    ("GET", "/account/authenticator/off"),
    ("POST", "/account/authenticator/off"),
    ("GET", "/account/delete"),
    ("POST", "/account/delete"),
]
FORM = "application/x-www-form-urlencoded"


@pytest.fixture
def ada(stack: Stack) -> Owner:
    return owner(stack)


def send(ada: Owner, method: str, path: str) -> tuple[int, str]:
    answer = (
        ada.browser.get(path) if method == "GET" else ada.browser.submit(path, **dict(FORMS)[path])
    )
    return answer.status, answer.body


@pytest.mark.parametrize("site", ["cross-site", "same-site", "none"])
@pytest.mark.parametrize("path", [path for path, _ in FORMS])
def test_another_sites_form_changes_nothing(ada: Owner, path: str, site: str) -> None:
    before = ada.stack.cognito.upstream_calls
    answer = ada.browser.send("POST", path, {"sec-fetch-site": site, "content-type": FORM})
    assert answer.status == 400
    assert "Nothing was changed" in answer.body
    assert answer.cookies == ()
    assert ada.stack.cognito.upstream_calls == before


@pytest.mark.parametrize(("method", "path"), RECENT)
def test_what_guards_the_account_needs_a_recent_sign_in(ada: Owner, method: str, path: str) -> None:
    ada.stack.clock.advance(QUARTER_OF_AN_HOUR - 1)
    status, _ = send(ada, method, path)
    assert status in {200, 303}
    other = owner(ada.stack)
    ada.stack.cognito.user.enabled = True
    other.stack.clock.advance(QUARTER_OF_AN_HOUR + 1)
    other.api.calls.clear()
    status, body = send(other, method, path)
    assert status == 403
    assert f'href="/login?return_to={path}&amp;prompt=login"' in body
    assert other.api.calls == []
    (line,) = other.stack.logged("request_failed")
    assert (line["reason"], line.get("sub")) == ("sign_in_not_recent", other.sub)
    assert line["route"] == f"{method} {path}"


def test_a_sign_in_that_managed_login_did_not_ask_for_is_not_recent(ada: Owner) -> None:
    """The session here is new, but the password was given before."""
    long_ago = int(ada.stack.clock.now()) - QUARTER_OF_AN_HOUR - 1
    ada.stack.cognito.id_token_claims = {"auth_time": long_ago}
    assert ada.browser.get("/account/delete").status == 403


@pytest.mark.parametrize("auth_time", [None, True, "1791793800", 1.5])
def test_without_a_proper_auth_time_no_sign_in_is_recent(ada: Owner, auth_time: object) -> None:
    ada.stack.cognito.id_token_claims = {"auth_time": auth_time}
    assert ada.browser.get("/account/delete").status == 403


def test_a_token_that_claims_to_be_fresh_does_not_make_an_old_session_so(ada: Owner) -> None:
    ada.stack.clock.advance(QUARTER_OF_AN_HOUR + 1)
    ada.stack.cognito.id_token_claims = {"auth_time": int(ada.stack.clock.now())}
    assert ada.browser.get("/account/delete").status == 403


@pytest.mark.parametrize(
    ("given", "sent"),
    [("login", ["login"]), ("none", None), ("consent", None), ("login none", None)],
)
def test_of_prompts_only_login_goes_to_managed_login(
    ada: Owner, given: str, sent: list[str] | None
) -> None:
    location = ada.browser.get(f"/login?prompt={given}").location
    assert parse_qs(urlsplit(location).query).get("prompt") == sent


def test_a_session_from_before_the_page_was_turned_on_signs_in_again(stack: Stack) -> None:
    browser = stack.browser()
    stack.sign_in(browser)
    stack.cognito.scopes = (*SCOPES, "aws.cognito.signin.user.admin")
    later = stack.browser(**environment(stack))
    later.cookies = browser.cookies
    answer = later.get("/account")
    assert answer.status == 403
    assert 'href="/login?return_to=/account"' in answer.body
    assert stack.cognito.calls("user_api") == 0
    stack.sign_in(later, "/login?return_to=/account")
    assert later.get("/account").status == 200


@pytest.mark.sessions("cookie")
def test_a_session_that_keeps_no_refresh_token_signs_in_again(stack: Stack) -> None:
    stack.cognito.token_answer = {"refresh_token": None}
    ada = owner(stack)
    assert ada.browser.get("/account").status == 403
    assert ada.api.calls == []


def test_a_session_that_cognito_has_ended_is_over(ada: Owner) -> None:
    ada.stack.cognito.sign_out_everywhere()
    answer = ada.browser.get("/account")
    assert (answer.status, answer.location) == (302, "/login?return_to=/account")
    assert ada.browser.named("session") == {}


def test_without_cognito_the_session_stays_and_the_page_says_so(ada: Owner) -> None:
    ada.stack.cognito.fault("token", "http_503")
    answer = ada.browser.get("/account")
    assert answer.status == 502
    assert "The change may not have been saved" in answer.body
    assert ada.browser.get("/me").status == 200


MALFORMED = [
    ({"content-type": "text/plain"}, "name=Ada", False, "form_malformed"),
    ({}, "name=Ada", False, "form_malformed"),
    ({"content-type": "multipart/form-data; boundary=x"}, "--x", False, "form_malformed"),
    ({"content-type": FORM}, "name=Ada&name=Eve", False, "parameter_repeated"),
    ({"content-type": FORM}, "name=%FF", False, "form_malformed"),
    ({"content-type": FORM}, "name=Ä", False, "form_malformed"),
    ({"content-type": FORM}, "name=a%00b", False, "parameter_malformed"),
    ({"content-type": FORM}, f"name={'x' * 2049}", False, "parameter_too_long"),
    ({"content-type": FORM}, f"x={'x' * 16384}", False, "form_too_large"),
    ({"content-type": FORM}, "a=1&" * 17, False, "form_too_large"),
    ({"content-type": FORM}, "not base64!", True, "form_malformed"),
    ({"content-type": FORM}, base64.b64encode(b"x" * 16385).decode(), True, "form_too_large"),
]


@pytest.mark.parametrize(("headers", "body", "is_base64", "reason"), MALFORMED)
def test_a_form_in_another_format_changes_nothing(
    ada: Owner, headers: dict[str, str], body: str, is_base64: bool, reason: str
) -> None:
    made = event(
        "POST",
        "/account/name",
        domain=urlsplit(ORIGIN).netloc,
        cookies=ada.browser.cookies,
        headers={"sec-fetch-site": "same-origin", **headers},
        body=body,
    )
    answer = ada.browser.deliver({**made, "isBase64Encoded": is_base64})
    assert answer.status == 400
    assert [line["reason"] for line in ada.stack.logged("request_failed")] == [reason]
    assert ada.api.calls == []


def test_no_link_puts_a_notice_on_a_page(ada: Owner) -> None:
    ada.browser.cookies["__Host-foyer-notice"] = "<b>pay here</b>"
    page = ada.browser.get("/account")
    assert page.status == 200
    assert "pay here" not in page.body
    assert 'role="status"' not in page.body


def test_nothing_typed_or_made_is_written_down(
    stack: Stack, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    stack.cognito.user = somebody()
    stack.cognito.scopes = (*SCOPES, "aws.cognito.signin.user.admin")
    browser = stack.browser(LOG_LEVEL="DEBUG", **environment(stack))
    stack.sign_in(browser)
    api = stack.cognito.api
    steps: list[Callable[[], object]] = [
        lambda: browser.get("/account"),
        lambda: browser.submit("/account/name", name="Canary Newname"),
        lambda: browser.submit("/account/password", current="canary-wrong-one", new=A_NEW_PASSWORD),
        lambda: browser.submit("/account/password", current=PASSWORD, new="canary-new-password"),
        lambda: browser.submit("/account/authenticator"),
        lambda: browser.get("/account/authenticator"),
        lambda: browser.submit("/account/authenticator/code", code="999999999"),
        lambda: browser.submit(
            "/account/authenticator/code", code=digits(api.pending_secret or "")
        ),
        lambda: browser.submit("/account/delete", username="canary-somebody-else"),
        lambda: browser.submit("/account/delete", username="canary-username"),
    ]
    for step in steps:
        step()
    assert api.is_deleted
    assert api.secret is not None
    typed = {"Canary Newname", "canary-wrong-one", "canary-new-password", "canary-somebody-else"}
    values = private_values(stack, browser) | typed | {PASSWORD, A_NEW_PASSWORD, api.secret}
    values -= {"account_was_deleted", "name_was_changed", "password_was_changed"}
    values -= {"authenticator_was_turned_on"}
    written = "".join((*capsys.readouterr(), caplog.text, stack.log_stream.getvalue()))
    assert found_in(written, values) == set()
