"""The users page on screens between phone and desk."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.every_page import LONG_NAME
from tests.browser.people import Directory, Visitor

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(
    ("width", "is_table"), [(1280, True), (1024, True), (961, True), (900, False)]
)
def test_a_laptop_shows_a_table_that_fits_whoever_is_in_it(
    visitor: Visitor, directory: Directory, width: int, is_table: bool
) -> None:
    account = directory.add(LONG_NAME)
    visitor.page.set_viewport_size({"width": width, "height": 700})
    visitor.open(f"{visitor.stack.login}/users")
    row = visitor.page.get_by_role("row").filter(has_text=account.username)
    row.get_by_role("button", name="Require new password").click()
    expect(row).to_contain_text("FORCE_CHANGE_PASSWORD")
    display = row.evaluate("row => getComputedStyle(row).display")
    assert (display == "table-row") == is_table
    assert visitor.page.evaluate("document.scrollingElement.scrollWidth") <= width
    frame = visitor.page.evaluate("document.querySelector('main').clientWidth")
    assert visitor.page.evaluate("document.querySelector('table').offsetWidth") < frame
