"""Sign-in from the first page to the welcome page, as a browser sees it."""

from __future__ import annotations

from tests.flow.browser import Browser
from tests.flow.conftest import Stack


def test_a_visitor_signs_in_and_is_welcomed_by_name(stack: Stack, browser: Browser) -> None:
    callback = stack.sign_in(browser)
    assert callback.status == 303
    assert callback.location == "/"
    page = browser.get("/")
    assert page.status == 200
    assert stack.cognito.user.name in page.body
    assert stack.cognito.user.email in page.body
