"""Pages escape every value, and text on the brand colour is readable."""

from __future__ import annotations

import html
import json
import shutil
from pathlib import Path

import foyer.pages
import pytest
from foyer.pages import Brand, Pages, PagesByLanguage
from hypothesis import given
from hypothesis import strategies as st

PAGES = Pages(Brand("Foyer", "#3d5a80"), "en")


@given(st.text(min_size=1))
def test_a_name_appears_as_text_whatever_it_is(name: str) -> None:
    escaped = html.escape(name).replace("&#x27;", "&#39;").replace("&quot;", "&#34;")
    assert f"<h1><bdi>{escaped}</bdi></h1>" in PAGES.welcome({"name": name})


@pytest.mark.parametrize(
    ("claims", "greeting"),
    [
        ({"name": "Ada", "given_name": "A", "email": "a@example.com"}, "Ada"),
        ({"name": "", "given_name": "A", "email": "a@example.com"}, "A"),
        ({"preferred_username": "ada", "cognito:username": "u1"}, "ada"),
        ({"cognito:username": "u1", "email": "a@example.com"}, "u1"),
        ({"email": "a@example.com"}, "a@example.com"),
        ({}, "visitor"),
    ],
)
def test_the_greeting_uses_the_best_name_there_is(claims: dict[str, object], greeting: str) -> None:
    assert f"<h1><bdi>{greeting}</bdi></h1>" in PAGES.welcome(claims)


def test_unknown_details_and_an_absent_notice_are_not_shown() -> None:
    assert "<dt>" not in PAGES.welcome({})
    assert "not verified" not in PAGES.welcome({"name": "Ada"})
    assert 'role="status"' not in PAGES.landing()
    notice = '<p class="notice" role="status">You were signed out.</p>'
    assert notice in PAGES.landing(notice="You were signed out.")


def test_a_language_is_read_once_and_only_when_it_is_wanted() -> None:
    pages = PagesByLanguage(Brand("Foyer", "#3d5a80"))
    assert not pages._pages
    assert pages["de"] is pages["de"]
    assert set(pages._pages) == {"de"}


def test_a_missing_text_is_in_english(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = Path(foyer.pages.__file__).parent
    for folder in ("pages", "languages"):
        shutil.copytree(package / folder, tmp_path / folder)
    monkeypatch.setattr("foyer.pages._TEMPLATES", tmp_path / "pages")
    monkeypatch.setattr("foyer.pages._TEXTS", tmp_path / "languages")
    (tmp_path / "pages/orders.html").write_text("<h1>{text[orders]}, {name}</h1>", "utf-8")

    def shown(language: str, **texts: str) -> str:
        file = tmp_path / f"languages/{language}.json"
        file.write_text(json.dumps(json.loads(file.read_text("utf-8")) | texts), "utf-8")
        pages = Pages(Brand("Foyer", "#3d5a80"), "de")
        return pages.page("orders", title="Orders", name="<Ada>")

    assert "<h1>Your orders, &lt;Ada&gt;</h1>" in shown("en", orders="Your orders")
    assert "<h1>Ihre Bestellungen &amp; mehr, &lt;Ada&gt;</h1>" in shown(
        "de", orders="Ihre Bestellungen & mehr"
    )


@pytest.mark.parametrize("name", ["{language}", "{text[name]}", "{}", "{{x}}", "{name!r}"])
def test_braces_in_a_brand_or_a_value_stay_what_they_are(name: str) -> None:
    page = Pages(Brand(name, "#3d5a80"), "fr").welcome({"name": name, "email": name})
    assert f"<bdi>{name}</bdi></a></header>" in page
    assert f"<h1><bdi>{name}</bdi></h1>" in page
    assert f"<dd><bdi>{name}</bdi>" in page
