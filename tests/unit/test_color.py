"""Any brand's colour can be read, in light and dark pages."""

from __future__ import annotations

import re

import pytest
from foyer.color import LEAST_CONTRAST, contrast, style, text_color_on
from hypothesis import given
from hypothesis import strategies as st

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
