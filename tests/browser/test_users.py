"""The users page on screens between phone and desktop size."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.every_page import LONG_NAME
from tests.browser.people import Directory, Visitor

pytestmark = pytest.mark.browser


def test_a_laptop_shows_a_table_that_fits_for_any_users(
    visitor: Visitor, directory: Directory
) -> None:
    account = directory.add(LONG_NAME)
    visitor.open(f"{visitor.stack.login}/users")
    row = visitor.page.get_by_role("row").filter(has_text=account.username)
    row.get_by_role("button", name="Require new password").click()
    expect(row).to_contain_text("FORCE_CHANGE_PASSWORD")
    for width, shown in {1280: "table-row", 961: "table-row", 900: "block"}.items():
        visitor.page.set_viewport_size({"width": width, "height": 700})
        assert row.evaluate("row => getComputedStyle(row).display") == shown
        assert visitor.page.evaluate("document.scrollingElement.scrollWidth") <= width
        frame = visitor.page.evaluate("document.querySelector('main').clientWidth")
        assert visitor.page.evaluate("document.querySelector('table').offsetWidth") < frame
