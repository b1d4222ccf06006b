"""Accessible tones of a brand's colour (WCAG 2.2, contrast ratio).

Colours are like ``#3d5a80``. For any colour, links, focus rings and the text on buttons have a
contrast of at least 4.5:1, in light and dark pages.
"""

from __future__ import annotations

LEAST_CONTRAST = 4.5

# The surfaces of pages/style.css with the least contrast: the darkest light one, the lightest dark.
_LIGHT_SURFACE = "#e8f3ec"
_DARK_SURFACE = "#1d3227"


def style(brand: str) -> str:
    """CSS that sets ``--brand``, ``--on-brand`` and, for both themes, ``--link``."""
    light = readable_on(_LIGHT_SURFACE, brand, towards=0)
    dark = readable_on(_DARK_SURFACE, brand, towards=255)
    return (
        f":root{{--brand:{brand};--on-brand:{text_color_on(brand)};--link:{light}}}"
        f"@media(prefers-color-scheme:dark){{:root{{--link:{dark}}}}}"
    )


def text_color_on(color: str) -> str:
    """Black or white, whichever has more contrast."""
    return "#fff" if contrast(color, "#ffffff") >= contrast(color, "#000000") else "#000"


def readable_on(surface: str, color: str, *, towards: int) -> str:
    """``color``, mixed with black (0) or white (255) until it has enough contrast."""
    channels = _channels(color)
    for step in range(21):
        mixed = [round(each + (towards - each) * step / 20) for each in channels]
        tone = "#" + "".join(f"{each:02x}" for each in mixed)
        if contrast(tone, surface) >= LEAST_CONTRAST:
            break
    return tone


def contrast(one: str, other: str) -> float:
    """From 1 to 21."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(color: str) -> float:
    red, green, blue = (_linear(each / 255) for each in _channels(color))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else float(((channel + 0.055) / 1.055) ** 2.4)


def _channels(color: str) -> tuple[int, int, int]:
    return int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16)
