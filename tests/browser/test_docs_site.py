"""The documentation site, as `make docs` builds it, opened from its folder without a server."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

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


@pytest.fixture(params=["light", "dark"])
def page(chromium: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A phone; whatever leaves the folder fails the test."""
    window: ViewportSize = {"width": 360, "height": 740}
    context = chromium.new_context(color_scheme=request.param, viewport=window)
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda each: asked.append(each.url))
    yield page
    context.close()
    assert not [url for url in asked if not url.startswith(("file:", "data:"))]


# The theme has two <aside> without a name, and a few controls outside of all landmarks.
AXE_OPTIONS = {"rules": {rule: {"enabled": False} for rule in ("landmark-unique", "region")}}


def scheme(page: Page) -> str:
    return (
        "dark" if page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches") else "light"
    )


def test_pages_fit_a_phone_and_show_the_pictures_of_the_scheme(page: Page, site: Path) -> None:
    for file in [
        "index.html",
        "README.html",
        "docs/architecture.html",
        "docs/gallery.html",
    ]:
        page.goto((site / file).as_uri())
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), file
        for picture in page.locator("article img").all():
            if picture.is_visible():
                assert picture.evaluate("each => each.naturalWidth"), file
                assert "-dark" not in (picture.get_attribute("src") or "") or scheme(page) == "dark"
        shown = page.locator(f"article .only-{scheme(page)}")
        assert shown.first.is_visible(), file


def test_pages_are_accessible(page: Page, site: Path) -> None:
    for file in ["index.html", "docs/recipes/vite.html", "docs/architecture.html"]:
        page.goto((site / file).as_uri())
        violations = Axe().run(page, options=AXE_OPTIONS).response["violations"]
        assert [each["id"] for each in violations] == [], file


def test_the_gallery_is_in_the_site(page: Page, site: Path) -> None:
    page.goto((site / "docs/gallery.html").as_uri())
    page.get_by_role("link", name="All pictures").click()
    expect(page.get_by_role("heading", name="Every page")).to_be_visible()


def test_search_works_without_a_server(page: Page, site: Path) -> None:
    page.goto((site / "search.html").as_uri() + "?q=csrf")
    found = page.get_by_role("main").get_by_role("link", name="Protect your functions").first
    found.click()
    expect(page.get_by_role("heading", name="Protect your functions")).to_be_visible()


def test_pages_and_source_files_lead_to_the_repository(page: Page, site: Path) -> None:
    page.goto((site / "docs/architecture.html").as_uri())
    edit = page.get_by_role("link", name="Edit this page")
    assert edit.get_attribute("href") == f"{REPOSITORY}/edit/main/docs/architecture.md"
    source = page.get_by_role("link", name="template.yaml").get_attribute("href")
    assert source == f"{REPOSITORY}/blob/main/template.yaml"
