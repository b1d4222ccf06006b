"""Protection of the pages: forged forms, hostile text, framing, other hosts."""

from __future__ import annotations

import base64
import hashlib
from itertools import product

import requests

from local.managed_login.app import PAGES, TOOLS
from tests.http_visitor import NOBODY
from tests.stack.login_pages import ANSWERS, PASSWORD, Pages, Visitor

HOSTILE = "<script>alert('x')</script>\"'&"


def test_a_form_without_its_token_is_forbidden(pages: Pages, visitor: Visitor) -> None:
    pages.new_user()
    visitor.authorize()
    paths = [path for path, handlers in (PAGES | TOOLS).items() if "POST" in handlers]
    tokens: list[dict[str, str]] = [{}, {"csrf": ""}, {"csrf": "0.0"}, {"csrf": "1.é"}]
    for path, token in product(paths, tokens):
        form = {"username": "ada", "password": PASSWORD, "action": "disable", **token}
        visitor.send("POST", f"{path}?{pages.query()}", form=form)
        assert visitor.answer.status_code == 403, path
        assert "cognito" not in visitor.answer.cookies
    assert pages.user()["enabled"]


def test_a_token_serves_one_form_of_one_browser(pages: Pages, visitor: Visitor) -> None:
    pages.new_user()
    token = visitor.authorize().fields("Sign in")["csrf"]
    other = Visitor(pages)
    other.authorize()
    other.submit(csrf=token)
    assert other.answer.status_code == 403
    visitor.authorize("/forgotPassword")
    visitor.press("Send the code", username="ada", csrf=token)
    assert visitor.answer.status_code == 403
    issued, _, mac = visitor.authorize().fields("Sign in")["csrf"].partition(".")
    visitor.submit(csrf=f"{int(issued) + 60}.{mac}")
    assert visitor.answer.status_code == 403


def test_only_plain_forms_of_a_reasonable_size_for_this_host_are_read(pages: Pages) -> None:
    for content, headers, status in (
        ("{}", {"Content-Type": "application/json"}, 415),
        ("{}", {"Content-Type": "text/plain"}, 415),
        ("{}", {"Content-Type": "multipart/form-data"}, 415),
        ({"username": "x" * 70_000}, {}, 413),
        ({}, {"Host": "attacker.example"}, 421),  # a name that was made to point here
    ):
        answer = requests.post(f"{pages.origin}/login", content, headers=headers, timeout=10)
        assert answer.status_code == status


def test_hostile_text_is_shown_as_text(pages: Pages, visitor: Visitor) -> None:
    seen: list[str] = []
    visitor.http.hooks["response"].append(lambda answer, **_: seen.append(answer.text))
    visitor.authorize("/signup", state=HOSTILE)
    page = visitor.press("Create account", **ANSWERS | {"username": "<b>ada</b>", "name": HOSTILE})
    assert page.heading == "Confirm your e-mail address"
    visitor.press("Confirm", code=HOSTILE)
    assert HOSTILE in visitor.open("/users").all("table")[0].text
    visitor.authorize(login_hint=HOSTILE, state=HOSTILE)
    assert visitor.submit(HOSTILE, HOSTILE).input("username")["value"] == HOSTILE
    address = [{"Name": "email", "Value": "<b>eve</b>@example.com"}]
    pages.administrate("create_user", "<b>eve</b>", UserAttributes=address)
    assert "<b>eve</b>@example.com" in visitor.open("/inbox").text
    for html in seen:
        assert "<script" not in html
        assert "<b>" not in html


def test_every_page_forbids_scripts_framing_and_caching(visitor: Visitor) -> None:
    for path in ("/login", "/signup", "/forgotPassword", "/inbox", "/users"):
        page = visitor.authorize(path)
        headers = visitor.answer.headers
        policy = dict(
            directive.split(" ", 1) for directive in headers["Content-Security-Policy"].split("; ")
        )
        digest = hashlib.sha256(page.all("style")[0].text.encode()).digest()
        # Forms lead to the app, because a sign-in does, and nowhere else.
        leads_out = path not in ("/inbox", "/users")
        assert policy == {
            "default-src": "'none'",
            "style-src": f"'sha256-{base64.b64encode(digest).decode()}'",
            "img-src": "data:",
            "base-uri": "'none'",
            "frame-ancestors": "'none'",
            "form-action": f"'self' {NOBODY}" if leads_out else "'self'",
        }
        assert headers["Cache-Control"] == "no-store"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert not page.all("script")
        assert all("style" not in e.attributes for e in page.elements)
    (visit,) = [c for c in visitor.cookies if c.name == "cognito-visit"]
    assert visit.has_nonstandard_attr("HttpOnly")
    assert visit.get_nonstandard_attr("SameSite") == "lax"
