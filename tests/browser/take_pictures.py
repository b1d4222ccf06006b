"""Take the pictures of README: `make pictures` (writes docs/pictures/).

Each shows one page of a running local stack, as the tests' visitor meets it, light and dark.
"""

from __future__ import annotations

import base64
import tempfile
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, sync_playwright

from tests.browser.people import Account, Visitor, launch
from tests.running_stack import ROOT, RunningStack, running_stack

Scheme = Literal["light", "dark"]

PICTURES = ROOT / "docs" / "pictures"
ACCOUNT = Account("ada", "ada@example.com")
_WINDOW = {"width": 320, "height": 540}
_GAP = 16
_STRIP = """<!doctype html><meta charset="utf-8"><style>
body {{ margin: 0; padding: {gap}px; display: flex; gap: {gap}px; background: {paper}; }}
figure {{ margin: 0; font: 500 20px system-ui, sans-serif; color: {ink}; }}
img {{ display: block; border: 1px solid {line}; border-radius: 12px; }}
figcaption {{ margin: 0 4px 10px; }}
</style>{figures}"""
_COLOURS = {
    "light": {"paper": "#fff", "ink": "#1f2328", "line": "#d0d7de"},  # GitHub's page
    "dark": {"paper": "#0d1117", "ink": "#e6edf3", "line": "#30363d"},
}


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = launch(playwright)
        for scheme in ("light", "dark"):
            output = Path(folder) / f"{scheme}.output"
            with running_stack(output) as stack:  # a new one each time, so that Ada is new
                _picture_flow(stack, browser, scheme)
        browser.close()


def _picture_flow(stack: RunningStack, browser: Browser, scheme: Scheme) -> None:
    shots: dict[str, bytes] = {}
    options = {"viewport": _WINDOW, "color_scheme": scheme}
    with Visitor.arriving(stack, browser, **options) as visitor:

        def shoot(step: str) -> None:
            shots[step] = visitor.page.screenshot(animations="disabled")

        visitor.open()
        visitor.follow("Create account")
        visitor.fill_in_sign_up(ACCOUNT)
        visitor.page.evaluate("scrollTo(0, 0)")
        shoot("Sign up")
        visitor.press("Create account")
        visitor.sees("Confirm your e-mail address")
        mail = visitor.newest_mail(ACCOUNT.email)
        shots["Inbox"] = mail.page.screenshot()
        visitor.enter_code(mail)
        visitor.press("Confirm")
        visitor.page.get_by_label("Password").fill(ACCOUNT.password)
        shoot("Sign in")
        visitor.press("Sign in")
        visitor.is_welcome(ACCOUNT)
        shoot("Welcome")
    _save_strip(browser, shots, scheme)


def _save_strip(browser: Browser, shots: dict[str, bytes], scheme: Scheme) -> None:
    """All steps side by side in one picture."""
    figures = "".join(
        f"<figure><figcaption>{number}. {step}</figcaption>"
        f'<img src="data:image/png;base64,{base64.b64encode(shot).decode()}"></figure>'
        for number, (step, shot) in enumerate(shots.items(), start=1)
    )
    width = _GAP + len(shots) * (_WINDOW["width"] + 2 + _GAP)  # 2 for the border
    with browser.new_context(viewport={"width": width, "height": 100}) as context:
        page = context.new_page()
        page.set_content(_STRIP.format(figures=figures, gap=_GAP, **_COLOURS[scheme]))
        page.screenshot(path=PICTURES / f"flow-{scheme}.png", full_page=True)


if __name__ == "__main__":
    main()
