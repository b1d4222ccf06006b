"""Protection of the pages: forged forms, hostile text, framing, other hosts."""

from __future__ import annotations

import base64
import hashlib
from urllib.parse import urlsplit

import pytest
import requests

from tests.stack.login_pages import CALLBACK, PASSWORD, Browser, LoginPages
from tests.stack.test_managed_login_sign_up import ANSWERS

pytestmark = pytest.mark.stack

FORMS = [
    "/login",
    "/signup",
    "/confirm",
    "/resendcode",
    "/forgotPassword",
    "/confirmforgotPassword",
    "/changePassword",
    "/mfa",
    "/mfa/setup",
    "/users",
]
HOSTILE = "<script>alert('x')</script>\"'&"


@pytest.mark.parametrize("path", FORMS)
@pytest.mark.parametrize("token", ["", "0.0", "1.é", "none"])
def test_a_form_without_its_token_is_forbidden(
    pages: LoginPages, browser: Browser, path: str, token: str
) -> None:
    pages.new_user()
    browser.authorize()
    form = {"username": "ada", "password": PASSWORD, "action": "disable"}
    if token != "none":
        form["csrf"] = token
    answer = browser.cookies.post(
        f"{pages.origin}{path}?{pages.query()}", form, allow_redirects=False, timeout=10
    )
    assert answer.status_code == 403
    assert pages.user("ada")["enabled"]
    assert "cognito" not in answer.cookies


def test_a_token_serves_one_form_of_one_browser(pages: LoginPages, browser: Browser) -> None:
    pages.new_user()
    browser.authorize()
    token = browser.page.form("Sign in").fields["csrf"]
    other = Browser(pages)
    other.authorize()
    other.sign_in(csrf=token)
    assert other.answer.status_code == 403
    browser.open(f"/forgotPassword?{pages.query()}")
    browser.press("Send the code", username="ada", csrf=token)
    assert browser.answer.status_code == 403


def test_a_token_whose_time_was_changed_is_forbidden(browser: Browser) -> None:
    browser.authorize()
    issued, _, mac = browser.page.form("Sign in").fields["csrf"].partition(".")
    browser.sign_in(csrf=f"{int(issued) + 60}.{mac}")
    assert browser.answer.status_code == 403


@pytest.mark.parametrize("kind", ["application/json", "text/plain", "multipart/form-data"])
def test_only_plain_forms_are_read(pages: LoginPages, kind: str) -> None:
    answer = requests.post(
        f"{pages.origin}/login?{pages.query()}", "{}", headers={"Content-Type": kind}, timeout=10
    )
    assert answer.status_code == 415


def test_an_oversize_form_is_refused(pages: LoginPages) -> None:
    answer = requests.post(f"{pages.origin}/login", {"username": "x" * 70_000}, timeout=10)
    assert answer.status_code == 413


def test_hostile_text_is_shown_as_text(pages: LoginPages, browser: Browser) -> None:
    hostile_name = "<b>ada</b>"
    browser.open(f"/signup?{pages.query(state=HOSTILE)}")
    browser.press("Create account", **ANSWERS | {"username": hostile_name, "name": HOSTILE})
    assert browser.page.heading == "Confirm your e-mail address"
    pages_seen = [browser.answer.text]
    browser.press("Confirm", code=HOSTILE)
    pages_seen.append(browser.answer.text)
    browser.open("/users")
    pages_seen.append(browser.answer.text)
    assert HOSTILE in browser.page.all("table")[0].text
    browser.authorize(login_hint=HOSTILE, state=HOSTILE)
    pages_seen.append(browser.answer.text)
    browser.sign_in(HOSTILE, HOSTILE)
    pages_seen.append(browser.answer.text)
    assert browser.page.input("username")["value"] == HOSTILE
    for html in pages_seen:
        assert "<script" not in html
        assert "<b>" not in html


def test_hostile_text_in_a_mail_is_shown_as_text(pages: LoginPages, browser: Browser) -> None:
    pages.cognito.admin_create_user(
        UserPoolId=pages.pool_id,
        Username="<i>eve</i>",
        UserAttributes=[{"Name": "email", "Value": "<i>eve</i>@example.com"}],
    )
    page = browser.open("/inbox")
    assert "<i>eve</i>@example.com" in page.text
    assert not page.all("i")


@pytest.mark.parametrize("path", ["/login", "/signup", "/forgotPassword", "/inbox", "/users"])
def test_every_page_forbids_scripts_framing_and_caching(
    pages: LoginPages, browser: Browser, path: str
) -> None:
    browser.open(f"{path}?{pages.query()}")
    headers = browser.answer.headers
    policy = dict(
        directive.split(" ", 1) for directive in headers["Content-Security-Policy"].split("; ")
    )
    style = browser.page.all("style")[0].text.encode()
    digest = base64.b64encode(hashlib.sha256(style).digest()).decode()
    assert policy["default-src"] == "'none'"
    assert policy["style-src"] == f"'sha256-{digest}'"
    assert policy["frame-ancestors"] == "'none'"
    assert policy["base-uri"] == "'none'"
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert not browser.page.all("script")
    assert all("style" not in e.attributes for e in browser.page.elements)


def test_forms_may_lead_to_the_app_and_nowhere_else(browser: Browser) -> None:
    browser.authorize()
    callback = urlsplit(CALLBACK)
    policy = browser.answer.headers["Content-Security-Policy"]
    assert policy.endswith(f"form-action 'self' {callback.scheme}://{callback.netloc}")
    browser.open("/users")
    assert browser.answer.headers["Content-Security-Policy"].endswith("form-action 'self'")


def test_a_name_that_was_made_to_point_here_is_refused(pages: LoginPages) -> None:
    answer = requests.get(f"{pages.origin}/users", headers={"Host": "attacker.example"}, timeout=10)
    assert answer.status_code == 421


def test_cookies_are_closed_to_scripts(pages: LoginPages, browser: Browser) -> None:
    browser.authorize()
    answer = requests.get(f"{pages.origin}/login?{pages.query()}", timeout=10)
    assert "HttpOnly" in answer.headers["Set-Cookie"]
    assert "SameSite=lax" in answer.headers["Set-Cookie"]


def test_every_field_has_a_label_and_every_problem_is_tied_to_it(
    pages: LoginPages, browser: Browser
) -> None:
    browser.open(f"/signup?{pages.query()}")
    browser.press("Create account")
    labels = {label.attributes["for"] for label in browser.page.all("label")}
    shown = [i for i in browser.page.all("input") if i.attributes["type"] != "hidden"]
    assert {i.attributes["id"] for i in shown} == labels
    for name in ("username", "email", "name", "password"):
        assert browser.page.problem_at(name)
    assert browser.page.all("title")[0].text.startswith("Error: ")
    focused = [i.attributes["name"] for i in shown if "autofocus" in i.attributes]
    assert focused == ["email"]  # the first on the page
