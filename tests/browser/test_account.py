"""Users manage their account in the local stack."""

from __future__ import annotations

import pytest
from foyer.pages import Brand, Pages
from playwright.sync_api import Route

from tests.browser.every_page import account_with_devices
from tests.browser.people import Directory, Visitor

pytestmark = pytest.mark.browser


def test_the_account_asks_for_the_password_again_and_signs_out_everywhere(
    visitor: Visitor, directory: Directory
) -> None:
    ada = directory.add()
    visitor.sign_in(ada)
    visitor.open("/login?return_to=/account/delete&prompt=login")  # as after 15 minutes
    visitor.sees("Sign in")
    visitor.submit_sign_in(ada)
    visitor.is_at("/account/delete")
    visitor.open("/account")
    visitor.follow("Sign out everywhere")
    visitor.press("Sign out everywhere")
    visitor.is_signed_out()
    visitor.reads("You are signed out everywhere.")
    visitor.begin_sign_in()


_FOCUSED = """() => {
    const focused = document.activeElement;
    const {outlineStyle, outlineWidth} = getComputedStyle(focused);
    return [focused.textContent.trim(), outlineStyle !== "none" && parseFloat(outlineWidth) > 0];
}"""


def test_the_keyboard_reaches_and_ends_every_session_of_the_list_in_order(visitor: Visitor) -> None:
    """As with sessions in a table, where there is a list."""
    page = account_with_devices(Pages(Brand("Foyer", "#3d5a80"), "en"))
    sent: list[str | None] = []

    def answer(route: Route) -> None:
        if route.request.method == "POST":
            sent.append(route.request.post_data)
        route.fulfill(body=page, content_type="text/html")

    visitor.context.route("**/account**", answer)
    visitor.open("/account")
    reached: list[str] = []
    while "Delete account" not in reached and len(reached) < 30:
        visitor.page.keyboard.press("Tab")
        name, is_visible = visitor.page.evaluate(_FOCUSED)
        assert is_visible, name
        reached.append(name)
    assert [name for name in reached if "ign out" in name] == [
        "Sign out everywhere",
        "Sign out (Samsung Internet, Android)",
        "Sign out (Unknown device)",
        "Sign out all other devices",
    ]
    for name, expected in (("(Unknown device)", f"session={'c' * 64}"), ("other devices", None)):
        visitor.page.get_by_role("button", name=name).focus()
        visitor.page.keyboard.press("Enter")
        visitor.sees("Your account")
        assert sent.pop() == expected
