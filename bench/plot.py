"""Draws the figures as SVG, readable in light and dark mode.

The pictures have their own background, because the page around them may be light or dark.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

_STYLE = """<style>
.ground{fill:#fff}
text{font:13px system-ui,sans-serif;fill:#333}.t{font-size:16px;font-weight:600}.n{fill:#666}
.ours{fill:#3d5a80}.first{fill-opacity:.45}.peer{fill:#98a3ad}.grid{stroke:#ccc}
.a{stroke:#3d5a80}.b{stroke:#c8553d}.c{stroke:#5b8e7d}.line{fill:none;stroke-width:2}
@media(prefers-color-scheme:dark){.ground{fill:#0d1117}
text{fill:#ddd}.n{fill:#aaa}.ours{fill:#8fb8de}.peer{fill:#6c7680}
.grid{stroke:#444}.a{stroke:#8fb8de}.b{stroke:#f2917b}.c{stroke:#9ad1b8}}
</style>"""
_ROUTES = ("landing", "login", "callback")


def cold_starts(report: Mapping[str, Any]) -> str:
    """A bar for the modelled cold start of each package and route, relative to hello world's."""
    groups = [
        (package["title"], name, rows)
        for name, package in report["packages"].items()
        if (rows := [row for row in report["routes"]
                     if row["subject"] == name and row["route"] in _ROUTES])
        and name != "hello"
    ]  # fmt: skip
    longest = max(row["cold_start_at_512_mb"] for _, _, rows in groups for row in rows)
    left, top, width, bar = 420, 62, 380, 15
    scale = width / longest
    parts: list[str] = []
    y = top
    for title, name, rows in groups:
        kind = "ours" if name.startswith("foyer") else "peer"
        parts.append(f'<text x="12" y="{y + 12}">{escape(title)}</text>')
        for row in sorted(rows, key=lambda row: _ROUTES.index(row["route"])):
            init = row["init_in_floors_cold_start"] * scale
            whole = row["cold_start_at_512_mb"] * scale
            parts += [
                f'<text x="{left - 8}" y="{y + 12}" text-anchor="end" class="n">'
                f"{row['route']}</text>",
                f'<rect x="{left}" y="{y}" width="{init:.1f}" height="{bar - 3}" class="{kind}"/>',
                f'<rect x="{left + init:.1f}" y="{y}" width="{max(whole - init, 0):.1f}" '
                f'height="{bar - 3}" class="{kind} first"/>',
                f'<text x="{left + whole + 6:.1f}" y="{y + 11}" class="n">'
                f"{row['cold_start_at_512_mb']:.1f}</text>",
            ]
            y += bar
        y += 9
    return _picture(
        left + width + 60, y + 8,
        "Cold start at 512 MB, in multiples of hello world's",
        "full: init, faint: first request at the memory's share of a processor; shorter is better",
        parts,
    )  # fmt: skip


def lines(
    title: str,
    subtitle: str,
    curves: Mapping[str, Sequence[tuple[float, float]]],
    *,
    x_label: str,
    percent: bool,
) -> str:
    """Curves over a common x axis; both axes start at zero."""
    left, top, width, height = 60, 70, 560, 260
    most_x = max(x for curve in curves.values() for x, _ in curve)
    most_y = max(y for curve in curves.values() for _, y in curve) or 1.0
    parts = []
    for value in _ticks(most_y):
        y = top + height * (1 - value / most_y)
        label = f"{value:.0%}" if percent else f"{value:g}"
        parts += [f'<line x1="{left}" x2="{left + width}" y1="{y:.1f}" y2="{y:.1f}" class="grid"/>',
                  f'<text x="{left - 8}" y="{y + 4:.1f}" text-anchor="end" class="n">{label}'
                  "</text>"]  # fmt: skip
    for value in _ticks(most_x):
        parts.append(f'<text x="{left + width * value / most_x:.1f}" y="{top + height + 20}" '
                     f'text-anchor="middle" class="n">{value:g}</text>')  # fmt: skip
    for row, ((label, curve), colour) in enumerate(zip(curves.items(), "abc", strict=False)):
        points = [(left + x / most_x * width, top + height * (1 - y / most_y)) for x, y in curve]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        at = top + 16 + row * 20
        parts += [f'<polyline points="{path}" class="line {colour}"/>',
                  f'<line x1="{left + width - 130}" x2="{left + width - 105}" y1="{at}" y2="{at}" '
                  f'class="line {colour}"/>',
                  f'<text x="{left + width - 98}" y="{at + 4}">{escape(label)}</text>']  # fmt: skip
    parts.append(f'<text x="{left + width / 2}" y="{top + height + 42}" text-anchor="middle" '
                 f'class="n">{escape(x_label)}</text>')  # fmt: skip
    return _picture(left + width + 30, top + height + 56, title, subtitle, parts)


def _ticks(most: float) -> list[float]:
    """Three to six round values from zero up to ``most``."""
    power = 10 ** math.floor(math.log10(most))
    step = next(power * part for part in (0.25, 0.5, 1, 2) if most / (power * part) <= 5)
    return [round(step * number, 10) for number in range(int(most / step + 1e-9) + 1)]


def _picture(width: int, height: int, title: str, subtitle: str, parts: list[str]) -> str:
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}" role="img" aria-label="{escape(title)}">'
    )
    ground = f'<rect width="{width}" height="{height}" rx="8" class="ground"/>'
    titles = [f'<text x="12" y="24" class="t">{escape(title)}</text>',
              f'<text x="12" y="44" class="n">{escape(subtitle)}</text>']  # fmt: skip
    return "\n".join([head, _STYLE, ground, *titles, *parts, "</svg>"]) + "\n"
