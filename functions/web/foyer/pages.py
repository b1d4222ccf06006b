"""HTML pages: files in pages/, filled with values that MarkupSafe escapes.

No page has a script. The one inline style has its hash in the Content-Security-Policy.
"""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from markupsafe import Markup, escape

if TYPE_CHECKING:
    from collections.abc import Mapping

_FOLDER = Path(__file__).parent / "pages"


class Pages:
    """Every page in one brand; ``brand_color`` is like ``#3d5a80``."""

    def __init__(self, *, brand_name: str, brand_color: str) -> None:
        self._brand_name = brand_name
        self._templates = {
            file.stem: file.read_text("utf-8").rstrip("\n") for file in _FOLDER.glob("*.html")
        }
        brand = f":root{{--brand:{brand_color};--on-brand:{text_color_on(brand_color)}}}"
        style = (_FOLDER / "style.css").read_text("utf-8") + brand
        self._style = Markup(style)  # noqa: S704 - our own file and a checked colour
        digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
        self.style_source = f"'sha256-{digest}'"

    def landing(self, *, notice: str | None = None) -> str:
        """For visitors who are not signed in; ``notice`` says what just happened."""
        shown = self._fill("notice", text=notice) if notice else ""
        return self.page("landing", title="Welcome", notice=shown)

    def welcome(self, claims: Mapping[str, object]) -> str:
        """For the signed-in visitor; ``claims`` are the ID token's names for things."""
        details = Markup().join(
            self._fill("detail", term=term, value=value) for term, value in _details(claims)
        )
        return self.page("welcome", title="Welcome", name=_greeting(claims), details=details)

    def sign_out(self) -> str:
        """Asks before signing out."""
        return self.page("sign_out", title="Sign out")

    def problem(self, *, heading: str, sentence: str, reference: str, href: str, label: str) -> str:
        """What went wrong, what to do next, and a reference that the log has too."""
        action = self._fill("action", href=href, label=label)
        return self.page(
            "problem",
            title=heading,
            heading=heading,
            sentence=sentence,
            action=action,
            reference=reference,
        )

    def page(self, template: str, *, title: str, **values: object) -> str:
        """The file ``pages/{template}.html`` in the common layout; every value is escaped."""
        return self._fill(
            "layout",
            title=title,
            brand_name=self._brand_name,
            style=self._style,
            content=self._fill(template, **values),
        )

    def _fill(self, template: str, **values: object) -> Markup:
        escaped = {name: escape(value) for name, value in values.items()}
        return Markup(self._templates[template].format_map(escaped))  # noqa: S704 - escaped above


def text_color_on(color: str) -> str:
    """Black or white, whichever stands out more (WCAG 2.2, contrast ratio)."""
    luminance = _luminance(color)
    against_white = 1.05 / (luminance + 0.05)
    against_black = (luminance + 0.05) / 0.05
    return "#fff" if against_white >= against_black else "#000"


def _luminance(color: str) -> float:
    def linear(channel: float) -> float:
        return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4

    red, green, blue = (linear(int(color[at : at + 2], 16) / 255) for at in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _greeting(claims: Mapping[str, object]) -> object:
    for claim in ("name", "given_name", "preferred_username", "cognito:username", "email"):
        if claims.get(claim):
            return claims[claim]
    return "visitor"


def _details(claims: Mapping[str, object]) -> list[tuple[str, object]]:
    details = []
    if claims.get("name"):
        details.append(("Name", claims["name"]))
    if claims.get("email"):
        note = "" if claims.get("email_verified") else " (not verified yet)"
        details.append(("E-mail", f"{claims['email']}{note}"))
    if claims.get("cognito:username"):
        details.append(("User name", claims["cognito:username"]))
    return details
