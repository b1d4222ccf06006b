"""HTML pages: files in pages/, texts from languages/, filled with values that MarkupSafe escapes.

``{text[key]}`` in a page is a text, filled in once for each language. ``{name}`` is a value, filled
in for each request; texts may have values too. No page has a script. The one inline style has its
hash in the Content-Security-Policy.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from markupsafe import Markup, escape

from .language import DEFAULT, LANGUAGES

if TYPE_CHECKING:
    from collections.abc import Mapping

_HERE = Path(__file__).parent
_TEMPLATES = _HERE / "pages"
_TEXTS = _HERE / "languages"
_TEXT = re.compile(r"\{text\[(\w+)\]\}")


@dataclass(frozen=True)
class Brand:
    """Name and look of the app: ``color`` is like ``#3d5a80``, ``logo`` an SVG in base64."""

    name: str
    color: str
    logo: str = ""


class PagesByLanguage:
    """The pages of each language, read from disk when they are first used."""

    def __init__(self, brand: Brand) -> None:
        self._brand = brand
        self._pages: dict[str, Pages] = {}

    def __getitem__(self, language: str) -> Pages:
        if language not in self._pages:
            self._pages[language] = Pages(self._brand, language)
        return self._pages[language]


class Pages:
    """Every page in one brand and one language; ``text`` has the language's texts, as HTML."""

    def __init__(self, brand: Brand, language: str) -> None:
        self.language = language
        self.text = _texts(language)
        self.brand_name = brand.name
        self._templates: dict[str, str] = {}
        for file in _TEMPLATES.glob("*.html"):  # those in folders are read when first used
            self._template(file.stem)
        self._logo = self.fill("logo", image=brand.logo) if brand.logo else ""
        self._languages = self._picker()
        colors = f":root{{--brand:{brand.color};--on-brand:{text_color_on(brand.color)}}}"
        style = (_TEMPLATES / "style.css").read_text("utf-8") + colors
        self._style = Markup(style)  # noqa: S704 - our own file and a checked colour
        digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
        self.style_source = f"'sha256-{digest}'"

    def landing(self, *, notice: str | None = None) -> str:
        """For visitors who are not signed in; ``notice`` says what just happened."""
        shown = self.fill("notice", notice=notice) if notice else ""
        return self.page("landing", title=self.text["welcome"], offers_languages=True, notice=shown)

    def welcome(self, claims: Mapping[str, object], *, has_account_page: bool = False) -> str:
        """For the signed-in visitor; ``claims`` are the ID token's names for things."""
        details = Markup().join(
            self.fill("detail", term=term, value=value) for term, value in self._details(claims)
        )
        return self.page(
            "welcome",
            title=self.text["welcome"],
            offers_languages=True,
            name=_name(claims) or self.text["visitor"],
            details=details,
            account=self.fill("account/button") if has_account_page else "",
        )

    def sign_out(self) -> str:
        """Asks before signing out."""
        return self.page("sign_out", title=self.text["sign_out"], offers_languages=True)

    def problem(self, *, heading: str, sentence: str, reference: str, href: str, label: str) -> str:
        """What went wrong, what to do next, and a reference that the log has too.

        It offers no languages: another request would do something else, or lose the reference.
        """
        action = self.fill("action", href=href, label=label)
        return self.page(
            "problem",
            title=heading,
            heading=heading,
            sentence=sentence,
            action=action,
            reference=reference,
        )

    def page(
        self, template: str, *, title: str, offers_languages: bool = False, **values: object
    ) -> str:
        """The file ``pages/{template}.html`` in the common layout; every value is escaped.

        ``offers_languages``: for a page that its address shows again, in any language.
        """
        return self.fill(
            "layout",
            title=title,
            brand_name=self.brand_name,
            languages=self._languages if offers_languages else "",
            logo=self._logo,
            style=self._style,
            content=self.fill(template, **values),
        )

    def _details(self, claims: Mapping[str, object]) -> list[tuple[str, object]]:
        details: list[tuple[str, object]] = []
        if claims.get("name"):
            details.append((self.text["name"], claims["name"]))
        if claims.get("email"):
            email = claims["email"]
            if not claims.get("email_verified"):
                email = self.text["email_not_verified"].format(email=email)
            details.append((self.text["email"], email))
        if claims.get("cognito:username"):
            details.append((self.text["user_name"], claims["cognito:username"]))
        return details

    def _picker(self) -> Markup:
        links = Markup().join(
            self.fill(
                "language", code=code, name=name, is_current=str(code == self.language).lower()
            )
            for code, name in LANGUAGES.items()
        )
        return self.fill("languages", name=LANGUAGES[self.language], links=links)

    def fill(self, template: str, **values: object) -> Markup:
        """The file ``pages/{template}.html`` by itself; every value is escaped."""
        escaped = {
            name: value if type(value) is Markup else escape(value)
            for name, value in values.items()
        }
        return Markup(self._template(template).format_map(escaped))  # noqa: S704 - escaped above

    def _template(self, name: str) -> str:
        """The file with this language's texts filled in."""
        template = self._templates.get(name)
        if template is None:
            file = (_TEMPLATES / f"{name}.html").read_text("utf-8").rstrip("\n")
            template = _TEXT.sub(lambda found: self.text[found[1]], file)
            template = template.replace("{language}", self.language)
            self._templates[name] = template
        return template


def _texts(language: str) -> dict[str, Markup]:
    """A language's texts as HTML; a value within a text keeps its own direction (``bdi``).

    Texts that a language lacks, because your own page is not translated yet, are in English.
    """
    texts: dict[str, str] = {}
    for code in dict.fromkeys((DEFAULT, language)):
        texts |= json.loads((_TEXTS / f"{code}.json").read_text("utf-8"))
    return {key: _html(text) for key, text in texts.items()}


def _html(text: str) -> Markup:
    escaped = escape(text)
    if "{" not in escaped:
        return escaped
    return escaped.replace("{", Markup("<bdi>{")).replace("}", Markup("}</bdi>"))


def text_color_on(color: str) -> str:
    """Black or white, whichever has more contrast (WCAG 2.2, contrast ratio)."""
    luminance = _luminance(color)
    against_white = 1.05 / (luminance + 0.05)
    against_black = (luminance + 0.05) / 0.05
    return "#fff" if against_white >= against_black else "#000"


def _luminance(color: str) -> float:
    def linear(channel: float) -> float:
        return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4

    red, green, blue = (linear(int(color[at : at + 2], 16) / 255) for at in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _name(claims: Mapping[str, object]) -> object:
    """The best name that the claims have."""
    for claim in ("name", "given_name", "preferred_username", "cognito:username", "email"):
        if claims.get(claim):
            return claims[claim]
    return None
