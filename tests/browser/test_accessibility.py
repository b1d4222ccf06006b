"""No page, in whatever state, keeps anybody out: axe-core finds nothing, and a phone shows all."""

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
# By day, all rules: WCAG A and AA, best practices, and the size of targets (WCAG 2.2, 2.5.8), which
# axe-core leaves out otherwise. By night, those that colours can break.
_OPTIONS = {
    "light": {"rules": {"target-size": {"enabled": True}}},
    "dark": {"runOnly": ["color-contrast", "link-in-text-block"]},
}
# Languages differ in the length of their words, and in little that axe-core sees: it looks at one
# of long words and at one without blanks between them.
_CLOSELY = (" de", " ja")
_RUN = """async (options) => {
  const {violations} = await axe.run(document, {resultTypes: ['violations'], ...options});
  return violations.flatMap(({id, nodes}) =>
    nodes.map(({target, failureSummary}) => `${id} ${target}: ${failureSummary}`));
}"""


@pytest.fixture(scope="module")
def faults(stack: RunningStack, chromium: Browser) -> dict[str, list[str]]:
    """What there is to mend, by page and state."""
    found: dict[str, list[str]] = {}

    def look(visitor: Visitor, name: str) -> None:
        assert name not in found
        found[name] = _reflow(visitor) + _contrast_and_structure(visitor)

    def look_in_its_language(visitor: Visitor, name: str) -> None:
        if name.endswith(_CLOSELY):
            look(visitor, name)
        else:
            found[name] = _reflow(visitor)

    walk(stack, chromium, look)
    every_language.walk(stack, chromium, look_in_its_language)
    return found


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
    """Nothing has to be scrolled sideways."""
    width, screen = visitor.page.evaluate("document.scrollingElement.scrollWidth"), PHONE["width"]
    return [] if width <= screen else [f"{width} CSS pixels wide on a screen of {screen}"]


def test_every_page_in_every_state_is_accessible(faults: dict[str, list[str]]) -> None:
    assert len(faults) > 70
    assert "\n".join(f"{name}: {fault}" for name in faults for fault in faults[name]) == ""
