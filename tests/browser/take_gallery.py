"""Take a picture of every page in every state: `make gallery` (writes build/gallery/).

On a phone and on a desk, light and dark, with an index.html to look at them side by side.
"""

from __future__ import annotations

import html
import shutil
import tempfile
from pathlib import Path
from typing import Literal

from playwright.sync_api import ViewportSize, sync_playwright

from tests.browser.chromium import launch
from tests.browser.every_page import PHONE, walk
from tests.browser.people import Visitor
from tests.running_stack import ROOT, running_stack

GALLERY = ROOT / "build" / "gallery"
_WINDOWS: dict[str, ViewportSize] = {
    "phone": PHONE,
    "desk": {"width": 1024, "height": 768},
}
_SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
_INDEX = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Gallery</title><style>
:root {{ color-scheme: light dark; }}
body {{ margin: 2rem; font: 1rem/1.5 system-ui, sans-serif; }}
section div {{ display: flex; gap: 1rem; align-items: start; overflow-x: auto; }}
img {{ height: 24rem; border: 1px solid #8888; border-radius: .5rem; }}
</style><h1>Every page in every state</h1>{sections}</html>"""


def main() -> None:
    shutil.rmtree(GALLERY, ignore_errors=True)
    GALLERY.mkdir(parents=True)
    names: list[str] = []

    def look(visitor: Visitor, name: str) -> None:
        names.append(name)
        _shoot(visitor, name)

    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = launch(playwright)
        with running_stack(Path(folder) / "output") as stack:
            walk(stack, browser, look)
        browser.close()
    sections = "".join(map(_section, names))
    (GALLERY / "index.html").write_text(_INDEX.format(sections=sections), "utf-8")
    print(f"{len(names)} pages: {GALLERY.relative_to(ROOT)}/index.html")  # noqa: T201 - its answer


def _shoot(visitor: Visitor, name: str) -> None:
    before = visitor.page.viewport_size
    assert before
    for window, size in _WINDOWS.items():
        visitor.page.set_viewport_size(size)
        for scheme in _SCHEMES:
            visitor.page.emulate_media(color_scheme=scheme)
            visitor.page.screenshot(
                path=GALLERY / _file(name, window, scheme), full_page=True, animations="disabled"
            )
    visitor.page.set_viewport_size(before)


def _section(name: str) -> str:
    pictures = "".join(
        f'<a href="{file}"><img src="{file}" alt="{window}, {scheme}" loading="lazy"></a>'
        for window in _WINDOWS
        for scheme in _SCHEMES
        for file in [_file(name, window, scheme)]
    )
    return f"<section><h2>{html.escape(name)}</h2><div>{pictures}</div></section>"


def _file(name: str, window: str, scheme: str) -> str:
    return f"{name.replace(' ', '-')}.{window}.{scheme}.png"


if __name__ == "__main__":
    main()
