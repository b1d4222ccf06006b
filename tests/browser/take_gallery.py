"""Take a picture of every page in every state: `make gallery` (writes build/gallery/).

On a phone and a desktop, in light and dark mode, with an index.html that shows them side by side.
Some pages in all languages, on a phone, where long words have the least space.
"""

from __future__ import annotations

import html
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, ViewportSize, sync_playwright

from tests.browser.every_page import PHONE, walk, walk_languages
from tests.browser.people import launch
from tests.running_stack import ROOT, running_stack

GALLERY = ROOT / "build" / "gallery"
_WINDOWS: dict[str, ViewportSize] = {"phone": PHONE, "desk": {"width": 1024, "height": 768}}
_SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
_INDEX = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Gallery</title><style>
:root {{ color-scheme: light dark; }}
body {{ margin: 2rem; font: 1rem/1.5 system-ui, sans-serif; }}
section div {{ display: flex; gap: 1rem; align-items: start; overflow-x: auto; }}
img {{ height: 24rem; border: 1px solid #8888; border-radius: .5rem; }}
</style><h1>Every page in every state</h1>{sections}</html>"""


class _Gallery:
    """``pictures`` are files, with what they show, by the heading above them."""

    def __init__(self, browser: Browser) -> None:
        self.pictures: dict[str, list[tuple[str, str]]] = {}
        self._views = {
            f"{name}.{scheme}": browser.new_page(viewport=window, color_scheme=scheme)
            for name, window in _WINDOWS.items()
            for scheme in _SCHEMES
        }

    def look(self, name: str, page: str) -> None:
        self.pictures[name] = [self._shoot(name, page, view) for view in self._views]

    def look_in_its_language(self, name: str, page: str) -> None:
        title, _, _language = name.rpartition(" ")
        taken = self.pictures.setdefault(f"{title} in every language", [])
        taken.append(self._shoot(name, page, "phone.light"))

    def _shoot(self, name: str, page: str, view: str) -> tuple[str, str]:
        file = f"{name.replace(' ', '-')}.{view}.png"
        self._views[view].set_content(page)
        self._views[view].screenshot(path=GALLERY / file, full_page=True, animations="disabled")
        return file, f"{name}, {view.replace('.', ', ')}"


def main() -> None:
    shutil.rmtree(GALLERY, ignore_errors=True)
    GALLERY.mkdir(parents=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        gallery = _Gallery(launch(playwright))
        with running_stack(Path(folder) / "output") as stack:
            walk(stack, gallery.look)
            walk_languages(stack, gallery.look_in_its_language)
    sections = "".join(_section(name, taken) for name, taken in gallery.pictures.items())
    (GALLERY / "index.html").write_text(_INDEX.format(sections=sections), "utf-8")
    print(f"{len(gallery.pictures)} pages: {GALLERY.relative_to(ROOT)}/index.html")  # noqa: T201 - its answer


def _section(name: str, pictures: Sequence[tuple[str, str]]) -> str:
    shown = "".join(
        f'<a href="{file}"><img src="{file}" alt="{shows}" loading="lazy"></a>'
        for file, shows in pictures
    )
    return f"<section><h2>{html.escape(name)}</h2><div>{shown}</div></section>"


if __name__ == "__main__":
    main()
