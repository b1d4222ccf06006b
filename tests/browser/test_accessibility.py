"""Every page in every state is accessible: axe-core finds no problem, and it fits on a phone."""

from __future__ import annotations

from importlib import resources

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from tests.browser.every_page import LONG_NAME, PHONE, walk, walk_languages
from tests.browser.people import Visitor, new_account
from tests.running_stack import RunningStack

pytestmark = pytest.mark.browser

DESK: ViewportSize = {"width": 1280, "height": 720}
_AXE = resources.files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8")
# In light mode, all rules: WCAG A and AA, best practices, and target size (WCAG 2.2, 2.5.8), which
# is off by default in axe-core. In dark mode, those that depend on colours.
_OPTIONS = {
    "light": {"rules": {"target-size": {"enabled": True}}},
    "dark": {"runOnly": ["color-contrast", "link-in-text-block"]},
}
# The elements that a page has, each with those around it: all that axe-core can find fault with.
# Words do not count, nor repetitions, nor which language of the list is the page's own.
_SKELETON = """() => {
  const kind = element => [element.tagName, element.className,
    ...[...element.attributes].map(({name}) => name)].join(' ');
  const path = element => element ? `${path(element.parentElement)} > ${kind(element)}` : '';
  const paths = new Set([...document.querySelectorAll('html *')].map(path));
  return getComputedStyle(document.documentElement).getPropertyValue('--brand') +
    [...paths].sort().join('|');
}"""
_RUN = """async (options) => {
  const {violations} = await axe.run(document, {resultTypes: ['violations'], ...options});
  return violations.flatMap(({id, nodes}) =>
    nodes.map(({target, failureSummary}) => `${id} ${target}: ${failureSummary}`));
}"""


def test_every_page_in_every_state_is_accessible(stack: RunningStack, chromium: Browser) -> None:
    pages: dict[str, str] = {}

    def look(name: str, html: str) -> None:
        assert name not in pages
        pages[name] = html

    walk(stack, look)
    walk_languages(stack, look)
    faults: list[str] = []
    seen: set[str] = set()
    phone, desk = chromium.new_page(viewport=PHONE), chromium.new_page(viewport=DESK)
    desk.evaluate(_AXE)  # stays there when the page has another content
    for name, html in pages.items():
        phone.set_content(html)
        found = _reflow(phone)
        skeleton = phone.evaluate(_SKELETON)
        if skeleton not in seen:  # pages differ in their words more often than in what they are
            seen.add(skeleton)
            desk.set_content(html)
            found += _contrast_and_structure(desk)
        faults += [f"{name}: {fault}" for fault in found]
    for page in (phone, desk):
        page.close()
    assert "\n".join(faults) == ""


def _contrast_and_structure(page: Page) -> list[str]:
    faults = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        faults += [f"{scheme}: {fault}" for fault in page.evaluate(_RUN, _OPTIONS[scheme])]
    return faults


def _reflow(page: Page) -> list[str]:
    """No horizontal scrolling."""
    width, screen = page.evaluate("document.scrollingElement.scrollWidth"), PHONE["width"]
    return [] if width <= screen else [f"{width} CSS pixels wide on a screen of {screen}"]


def test_a_laptop_shows_a_table_of_users_that_fits(visitor: Visitor) -> None:
    account = new_account(visitor.stack, LONG_NAME)
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
