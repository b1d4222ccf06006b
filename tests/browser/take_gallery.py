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

from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

from tests.browser.chromium import launch
from tests.browser.every_page import PHONE, walk, walk_languages
from tests.running_stack import ROOT, running_stack

GALLERY = ROOT / "build" / "gallery"
_WINDOWS: dict[str, ViewportSize] = {
    "phone": PHONE,
    "desk": {"width": 1024, "height": 768},
}
Scheme = Literal["light", "dark"]
_SCHEMES: tuple[Scheme, ...] = ("light", "dark")
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
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = launch(playwright)
        views = [_View(browser, window, scheme) for window in _WINDOWS for scheme in _SCHEMES]

        def look(name: str, page: str) -> None:
            pictures[name] = [view.picture(name, page) for view in views]

        def look_in_its_language(name: str, page: str) -> None:
            title, _, language = name.rpartition(" ")
            taken = pictures.setdefault(f"{title} in every language", [])
            taken.append(views[0].picture(name, page, language))

        with running_stack(Path(folder) / "output") as stack:
            walk(stack, look)
            walk_languages(stack, look_in_its_language)
        browser.close()
    sections = "".join(_section(name, taken) for name, taken in pictures.items())
    (GALLERY / "index.html").write_text(_INDEX.format(sections=sections), "utf-8")
    print(f"{len(pictures)} pages: {GALLERY.relative_to(ROOT)}/index.html")  # noqa: T201 - its answer


class _View:
    def __init__(self, browser: Browser, window: str, scheme: Scheme) -> None:
        self._window, self._scheme = window, scheme
        self._page: Page = browser.new_page(viewport=_WINDOWS[window], color_scheme=scheme)

    def picture(self, name: str, page: str, language: str = "en") -> Picture:
        file = f"{name.replace(' ', '-')}.{self._window}.{self._scheme}.png"
        self._page.set_content(page)
        self._page.screenshot(path=GALLERY / file, full_page=True, animations="disabled")
        return Picture(file, self._window, self._scheme, language)


def _section(name: str, pictures: Sequence[Picture]) -> str:
    shown = "".join(
        f'<a href="{picture.file}"><img src="{picture.file}" alt="{picture}" loading="lazy"></a>'
        for picture in pictures
    )
    return f"<section><h2>{html.escape(name)}</h2><div>{shown}</div></section>"


if __name__ == "__main__":
    main()
