"""Protection of the pages: forged forms, hostile text, framing, other hosts."""

from __future__ import annotations

import base64
import hashlib

import pytest
import requests

from tests.stack.login_pages import APP, PASSWORD, Browser, LoginPages
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


@pytest.mark.parametrize("token", [{}, {"csrf": ""}, {"csrf": "0.0"}, {"csrf": "1.é"}])
def test_a_form_without_its_token_is_forbidden(
    pages: LoginPages, browser: Browser, token: dict[str, str]
) -> None:
    pages.new_user()
    browser.authorize()
    form = {"username": "ada", "password": PASSWORD, "action": "disable", **token}
    for path in FORMS:
        answer = browser.cookies.post(
            f"{pages.origin}{path}?{pages.query()}", form, allow_redirects=False, timeout=10
        )
        assert answer.status_code == 403, path
        assert "cognito" not in answer.cookies
    assert pages.user("ada")["enabled"]


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
    browser.authorize()
    issued, _, mac = browser.page.form("Sign in").fields["csrf"].partition(".")
    browser.sign_in(csrf=f"{int(issued) + 60}.{mac}")
    assert browser.answer.status_code == 403


def test_only_plain_forms_of_a_reasonable_size_are_read(pages: LoginPages) -> None:
    for kind in ("application/json", "text/plain", "multipart/form-data"):
        headers = {"Content-Type": kind}
        answer = requests.post(f"{pages.origin}/login", "{}", headers=headers, timeout=10)
        assert answer.status_code == 415
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


def test_every_page_forbids_scripts_framing_and_caching(
    pages: LoginPages, browser: Browser
) -> None:
    for path in ("/login", "/signup", "/forgotPassword", "/inbox", "/users"):
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
        # Forms lead to the app, because a sign-in does, and nowhere else.
        leads_out = path not in ("/inbox", "/users")
        assert policy["form-action"] == (f"'self' {APP}" if leads_out else "'self'")
        assert headers["Cache-Control"] == "no-store"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert not browser.page.all("script")
        assert all("style" not in e.attributes for e in browser.page.elements)
    (visit,) = [c for c in browser.cookies.cookies if c.name == "cognito-visit"]
    assert visit.has_nonstandard_attr("HttpOnly")
    assert visit.get_nonstandard_attr("SameSite") == "lax"


def test_a_name_that_was_made_to_point_here_is_refused(pages: LoginPages) -> None:
    answer = requests.get(f"{pages.origin}/users", headers={"Host": "attacker.example"}, timeout=10)
    assert answer.status_code == 421


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
    assert browser.page.alert == "Please check: E-mail address, Name, User name, Password."
    focused = [i.attributes["name"] for i in shown if "autofocus" in i.attributes]
    assert focused == ["email"]  # the first on the page
