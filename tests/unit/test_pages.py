"""Pages escape every value; any brand's colour can be read; browsers have short names."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import foyer.pages
import pytest
from foyer.color import LEAST_CONTRAST, contrast, style, text_color_on
from foyer.pages import Brand, Pages
from foyer.sessions.device import device_of
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import escape

PAGES = Pages(Brand("Foyer", "#3d5a80"), "en")


@pytest.mark.parametrize(
    ("claims", "greeting"),
    [
        ({"name": "Ada", "given_name": "A", "email": "a@example.com"}, "Ada"),
        ({"name": " ", "given_name": "A", "email": "a@example.com"}, "A"),
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


def test_a_missing_text_is_in_english(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = Path(foyer.pages.__file__).parent
    for folder in ("pages", "languages"):
        shutil.copytree(package / folder, tmp_path / folder)
    monkeypatch.setattr("foyer.pages._TEMPLATES", tmp_path / "pages")
    monkeypatch.setattr("foyer.pages._TEXTS", tmp_path / "languages")
    (tmp_path / "pages/orders.html").write_text("<h1>{text[orders]}, {name}</h1>", "utf-8")
    for language, orders in {"en": "Your orders", "de": "Ihre Bestellungen & mehr"}.items():
        file = tmp_path / f"languages/{language}.json"
        file.write_text(json.dumps(json.loads(file.read_text("utf-8")) | {"orders": orders}))
        page = Pages(Brand("Foyer", "#3d5a80"), "de").page("orders", title="Orders", name="<Ada>")
        assert f"<h1>{escape(orders)}, &lt;Ada&gt;</h1>" in page


@pytest.mark.parametrize("name", ["{language}", "{text[name]}", "{}", "{{x}}", "{name!r}"])
def test_braces_in_a_brand_or_a_value_stay_what_they_are(name: str) -> None:
    page = Pages(Brand(name, "#3d5a80"), "fr").welcome({"name": name, "email": name})
    assert f"<bdi>{name}</bdi></a></header>" in page
    assert f"<h1><bdi>{name}</bdi></h1>" in page
    assert f"<dd><bdi>{name}</bdi>" in page


COLORS = st.integers(0, 0xFFFFFF).map("#{:06x}".format)
LIGHT = ["#f6f5f2", "#ffffff", "#e8f3ec", "#fbeeee"]
DARK = ["#15171b", "#1e2126", "#1d3227", "#3a2224"]


@pytest.mark.parametrize(
    ("one", "other", "ratio"),
    [("#000000", "#ffffff", 21.0), ("#777777", "#ffffff", 4.48), ("#ffdd00", "#ffffff", 1.35)],
)
def test_contrast_is_that_of_wcag(one: str, other: str, ratio: float) -> None:
    assert contrast(one, other) == contrast(other, one) == pytest.approx(ratio, abs=0.01)


@given(COLORS)
def test_links_and_buttons_can_be_read_in_both_themes(color: str) -> None:
    light, dark = re.findall(r"--link:(#[0-9a-f]{6})", style(color))
    assert min(contrast(light, surface) for surface in LIGHT) >= LEAST_CONTRAST
    assert min(contrast(dark, surface) for surface in DARK) >= LEAST_CONTRAST
    text = {"#fff": "#ffffff", "#000": "#000000"}[text_color_on(color)]
    assert contrast(text, color) >= LEAST_CONTRAST


def test_a_colour_that_can_be_read_stays_as_it_is() -> None:
    assert "--link:#3d5a80}" in style("#3d5a80")


MOZILLA = "Mozilla/5.0"
WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"


@pytest.mark.parametrize(
    ("user_agent", "device"),
    [
        (f"{MOZILLA} (Windows NT 10.0; Win64; x64; rv:145.0) Firefox/145.0", "Firefox, Windows"),
        (f"{MOZILLA} (X11; Linux x86_64) {WEBKIT} Chrome/142.0 Safari/537.36", "Chrome, Linux"),
        (f"{MOZILLA} (Windows NT 10.0) {WEBKIT} Chrome/142 Safari/537 Edg/142.0", "Edge, Windows"),
        (f"{MOZILLA} (Macintosh; Intel Mac OS X 10_15) Version/26 Safari/605.1", "Safari, macOS"),
        (f"{MOZILLA} (iPhone; CPU iPhone OS 18_7 like Mac OS X) CriOS/142", "Chrome, iOS"),
        (f"{MOZILLA} (iPad; CPU OS 18_7 like Mac OS X) Version/26 Safari/604", "Safari, iPadOS"),
        (f"{MOZILLA} (Linux; Android 10; K) {WEBKIT} Chrome/142 Mobile Safari", "Chrome, Android"),
        ("curl/8.5.0", ""),
        ("", ""),
        ("<script>" * 100 + "Firefox", ""),
    ],
)  # fmt: skip
def test_a_browser_is_named_in_two_words(user_agent: str, device: str) -> None:
    assert device_of(user_agent) == device
