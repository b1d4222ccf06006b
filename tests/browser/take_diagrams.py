"""Draw the documents' diagrams for the site: `make diagrams` (writes docs/pictures/).

GitHub draws Mermaid by itself. The site shows pictures, so that it needs no script. This needs npm,
for Mermaid itself, and Chromium.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

from playwright.sync_api import Locator, Page, sync_playwright

from tests.browser.people import launch
from tests.documents import ROOT

MERMAID = "mermaid@12.3.0"
PICTURES = ROOT / "docs" / "pictures"
DRAWN = PICTURES / "diagrams.json"  # the hash of each diagram's source when it was drawn
SCHEMES: dict[str, dict[str, object]] = {
    "light": {
        "theme": "neutral",
        "themeVariables": {"clusterBkg": "#f6f5f2", "clusterBorder": "#d9d7d1"},
    },
    "dark": {
        "theme": "dark",
        "themeVariables": {"clusterBkg": "#1e2126", "clusterBorder": "#4a505b"},
    },
}
_DIAGRAM = re.compile(r"^## ([^\n]+)\n(?:(?!^## ).)*?^```mermaid\n(.*?)^```$", re.DOTALL | re.M)


def diagrams() -> dict[str, str]:
    """The sources, by the name of their pictures: the heading above them."""
    documents = (file.read_text("utf-8") for file in sorted((ROOT / "docs").rglob("*.md")))
    found = [each for text in documents for each in _DIAGRAM.findall(text)]
    return {re.sub(r"\W+", "-", heading.lower()): source for heading, source in found}


def hashes() -> dict[str, str]:
    return {name: hashlib.sha256(each.encode()).hexdigest() for name, each in diagrams().items()}


def main() -> None:
    if not (npm := shutil.which("npm")):
        sys.exit("This needs npm, to get Mermaid. Install Node and try again.")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        pack = [npm, "pack", "--silent", MERMAID]
        subprocess.run(pack, cwd=folder, check=True, stdout=subprocess.DEVNULL)  # noqa: S603 - fixed
        (archive,) = Path(folder).glob("*.tgz")
        with tarfile.open(archive) as packed:
            packed.extract("package/dist/mermaid.min.js", folder, filter="data")
        browser = launch(playwright)
        for scheme, look in SCHEMES.items():
            page = browser.new_page(device_scale_factor=2, viewport={"width": 1200, "height": 900})
            page.add_script_tag(path=Path(folder) / "package/dist/mermaid.min.js")
            for name, source in diagrams().items():
                _draw(page, source, look).screenshot(
                    path=PICTURES / f"{name}-{scheme}.png", omit_background=True
                )
        browser.close()
    DRAWN.write_text(json.dumps(hashes(), indent=2) + "\n", "utf-8")


def _draw(page: Page, source: str, look: dict[str, object]) -> Locator:
    page.evaluate(
        """async ([source, look]) => {
            mermaid.initialize({startOnLoad: false, fontFamily: 'system-ui, sans-serif', ...look});
            const {svg} = await mermaid.render('diagram', source);
            document.body.innerHTML = svg;
            document.documentElement.style.background = 'none';
        }""",
        [source, look],
    )
    return page.locator("svg").first


if __name__ == "__main__":
    main()
