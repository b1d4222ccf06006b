"""Every page in every state is accessible: axe-core finds no problem, and it fits on a phone."""

from __future__ import annotations

from importlib import resources

import pytest
from playwright.sync_api import Browser, ViewportSize

from tests.browser import every_language
from tests.browser.every_page import PHONE, walk
from tests.browser.people import Visitor
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
    faults: dict[str, list[str]] = {}
    seen: set[str] = set()

    def look(visitor: Visitor, name: str) -> None:
        assert name not in faults
        faults[name] = _reflow(visitor)
        skeleton = visitor.page.evaluate(_SKELETON)
        if skeleton not in seen:  # pages differ in their words more often than in what they are
            seen.add(skeleton)
            faults[name] += _contrast_and_structure(visitor)

    walk(stack, chromium, look)
    every_language.walk(stack, chromium, look)
    assert "\n".join(f"{name}: {fault}" for name in faults for fault in faults[name]) == ""


def _contrast_and_structure(visitor: Visitor) -> list[str]:
    visitor.page.set_viewport_size(DESK)
    visitor.page.evaluate(_AXE)
    faults = []
    for scheme in ("light", "dark"):
        visitor.page.emulate_media(color_scheme=scheme)
        faults += [f"{scheme}: {fault}" for fault in visitor.page.evaluate(_RUN, _OPTIONS[scheme])]
    visitor.page.set_viewport_size(PHONE)
    return faults


def _reflow(visitor: Visitor) -> list[str]:
    """No horizontal scrolling."""
    width, screen = visitor.page.evaluate("document.scrollingElement.scrollWidth"), PHONE["width"]
    return [] if width <= screen else [f"{width} CSS pixels wide on a screen of {screen}"]
