"""No page, in whatever state, keeps anybody out: axe-core finds nothing, light or dark."""

from __future__ import annotations

from importlib import resources

import pytest
from playwright.sync_api import Browser

from tests.browser.every_page import walk
from tests.browser.people import Visitor
from tests.running_stack import RunningStack

pytestmark = pytest.mark.browser

NARROW = 320  # CSS pixels: a phone, or 640 at 200 % (WCAG 2.2, 1.4.10 Reflow)
_AXE = resources.files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8")
# By day, all rules: WCAG A and AA, best practices, and the size of targets (WCAG 2.2, 2.5.8), which
# axe-core leaves out otherwise. By night, those that colours can break.
_OPTIONS = {
    "light": {"rules": {"target-size": {"enabled": True}}},
    "dark": {"runOnly": ["color-contrast", "link-in-text-block"]},
}
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
        found[name] = _contrast_and_structure(visitor) + _reflow(visitor)

    walk(stack, chromium, look)
    return found


def _contrast_and_structure(visitor: Visitor) -> list[str]:
    visitor.page.evaluate(_AXE)
    faults = []
    for scheme in ("light", "dark"):
        visitor.page.emulate_media(color_scheme=scheme)
        faults += [f"{scheme}: {fault}" for fault in visitor.page.evaluate(_RUN, _OPTIONS[scheme])]
    return faults


def _reflow(visitor: Visitor) -> list[str]:
    """Nothing has to be scrolled sideways."""
    wide = visitor.page.viewport_size
    assert wide
    visitor.page.set_viewport_size({"width": NARROW, "height": 640})
    width = visitor.page.evaluate("document.scrollingElement.scrollWidth")
    visitor.page.set_viewport_size(wide)
    return [] if width <= NARROW else [f"{width} CSS pixels wide on a screen of {NARROW}"]


def test_every_page_in_every_state_is_accessible(faults: dict[str, list[str]]) -> None:
    assert len(faults) > 40
    assert "\n".join(f"{name}: {fault}" for name in faults for fault in faults[name]) == ""
