"""The documentation site, as `make docs` builds it, opened from its folder without a server."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Browser, Page, ViewportSize, expect

from tests.documents import ROOT

pytestmark = pytest.mark.browser

REPOSITORY = "https://git.example/you/foyer"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, chromium: Browser) -> Path:  # noqa: ARG001 - without a browser there is no need for a site
    folder = tmp_path_factory.mktemp("docs")
    built, gallery = folder / "site", folder / "gallery"
    gallery.mkdir()
    (gallery / "index.html").write_text("<h1>Every page</h1>")
    for scheme in ("light", "dark"):
        shutil.copy(
            ROOT / f"docs/pictures/flow-{scheme}.png", gallery / f"landing.phone.{scheme}.png"
        )
    command = ["make", "docs", f"DOCS={built}", f"REPO_URL={REPOSITORY}", f"GALLERY={gallery}"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603 - fixed words
    assert done.returncode == 0, done.stdout + done.stderr
    return built


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """A phone; whatever leaves the folder fails the test."""
    window: ViewportSize = {"width": 360, "height": 740}
    with chromium.new_context(viewport=window) as context:
        page = context.new_page()
        asked: list[str] = []
        page.on("request", lambda each: asked.append(each.url))
        yield page
    assert not [url for url in asked if not url.startswith(("file:", "data:"))]


AXE_OPTIONS: dict[str, dict[str, object]] = {
    # The theme has two <aside> without a name, and a few controls outside of all landmarks.
    "light": {"rules": {rule: {"enabled": False} for rule in ("landmark-unique", "region")}},
    "dark": {"runOnly": ["color-contrast", "link-in-text-block"]},
}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_are_accessible_and_show_the_pictures_of_the_scheme(
    page: Page, site: Path, scheme: Literal["light", "dark"]
) -> None:
    page.emulate_media(color_scheme=scheme)
    for file in ("index", "README", "docs/architecture", "docs/gallery", "docs/recipes/vite"):
        page.goto((site / f"{file}.html").as_uri())
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), file
        for picture in page.locator("article img:visible").all():
            assert picture.evaluate("each => each.naturalWidth"), file
            assert "-dark" not in (picture.get_attribute("src") or "") or scheme == "dark"
        if file != "docs/recipes/vite":
            assert page.locator(f"article .only-{scheme}").first.is_visible(), file
        if file in ("index", "docs/architecture", "docs/recipes/vite"):
            violations = Axe().run(page, options=AXE_OPTIONS[scheme]).response["violations"]
            assert [each["id"] for each in violations] == [], file


def test_the_site_leads_to_the_gallery_to_what_is_searched_and_to_the_repository(
    page: Page, site: Path
) -> None:
    page.goto((site / "docs/gallery.html").as_uri())
    page.get_by_role("link", name="All pictures").click()
    expect(page.get_by_role("heading", name="Every page")).to_be_visible()
    page.goto((site / "search.html").as_uri() + "?q=csrf")
    found = page.get_by_role("main").get_by_role("link", name="Protect your functions").first
    found.click()
    expect(page.get_by_role("heading", name="Protect your functions")).to_be_visible()
    page.goto((site / "docs/architecture.html").as_uri())
    edit = page.get_by_role("link", name="Edit this page")
    assert edit.get_attribute("href") == f"{REPOSITORY}/edit/main/docs/architecture.md"
    source = page.get_by_role("link", name="template.yaml").get_attribute("href")
    assert source == f"{REPOSITORY}/blob/main/template.yaml"
