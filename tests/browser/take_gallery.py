"""Take a picture of every page in every state: `make gallery` (writes build/gallery/).

On a phone and a desktop, in light and dark mode, with an index.html that shows them side by side.
Some pages in all languages, on a phone, where long words have the least space.
"""

from __future__ import annotations

import html
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from playwright.sync_api import ViewportSize, sync_playwright

from tests.browser import every_language
from tests.browser.chromium import launch
from tests.browser.every_page import PHONE, walk
from tests.browser.people import Visitor
from tests.running_stack import ROOT, running_stack

GALLERY = ROOT / "build" / "gallery"
_WINDOWS: dict[str, ViewportSize] = {
    "phone": PHONE,
    "desk": {"width": 1024, "height": 768},
}
Scheme = Literal["light", "dark"]
_SCHEMES: tuple[Scheme, ...] = ("light", "dark")
_EVERY_VIEW = [(window, scheme) for window in _WINDOWS for scheme in _SCHEMES]
_INDEX = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Gallery</title><style>
:root {{ color-scheme: light dark; }}
body {{ margin: 2rem; font: 1rem/1.5 system-ui, sans-serif; }}
section div {{ display: flex; gap: 1rem; align-items: start; overflow-x: auto; }}
img {{ height: 24rem; border: 1px solid #8888; border-radius: .5rem; }}
</style><h1>Every page in every state</h1>{sections}</html>"""


@dataclass(frozen=True)
class Picture:
    file: str
    window: str
    scheme: Scheme
    language: str

    def __str__(self) -> str:
        return f"{self.window}, {self.scheme}, {self.language}"


def main() -> None:
    shutil.rmtree(GALLERY, ignore_errors=True)
    GALLERY.mkdir(parents=True)
    pictures: dict[str, list[Picture]] = {}

    def look(visitor: Visitor, name: str) -> None:
        pictures[name] = [_shoot(visitor, name, *view) for view in _EVERY_VIEW]

    def look_in_its_language(visitor: Visitor, name: str) -> None:
        page, _, language = name.rpartition(" ")
        picture = _shoot(visitor, name, "phone", "light", language)
        pictures.setdefault(f"{page} in every language", []).append(picture)

    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = launch(playwright)
        with running_stack(Path(folder) / "output") as stack:
            walk(stack, browser, look)
            every_language.walk(stack, browser, look_in_its_language)
        browser.close()
    sections = "".join(_section(name, taken) for name, taken in pictures.items())
    (GALLERY / "index.html").write_text(_INDEX.format(sections=sections), "utf-8")
    print(f"{len(pictures)} pages: {GALLERY.relative_to(ROOT)}/index.html")  # noqa: T201 - its answer


def _shoot(
    visitor: Visitor, name: str, window: str, scheme: Scheme, language: str = "en"
) -> Picture:
    before = visitor.page.viewport_size
    assert before
    visitor.page.set_viewport_size(_WINDOWS[window])
    visitor.page.emulate_media(color_scheme=scheme)
    picture = Picture(f"{name.replace(' ', '-')}.{window}.{scheme}.png", window, scheme, language)
    visitor.page.screenshot(path=GALLERY / picture.file, full_page=True, animations="disabled")
    visitor.page.set_viewport_size(before)
    return picture


def _section(name: str, pictures: Sequence[Picture]) -> str:
    shown = "".join(
        f'<a href="{picture.file}"><img src="{picture.file}" alt="{picture}" loading="lazy"></a>'
        for picture in pictures
    )
    return f"<section><h2>{html.escape(name)}</h2><div>{shown}</div></section>"


if __name__ == "__main__":
    main()
