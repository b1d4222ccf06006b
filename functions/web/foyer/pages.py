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
from urllib.parse import quote

from markupsafe import Markup, escape

from . import color
from .language import DEFAULT, LANGUAGES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_HERE = Path(__file__).parent
_TEMPLATES = _HERE / "pages"
_TEXTS = _HERE / "languages"
# A door, as in the header; of the brand's colour.
_ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16">'
    '<path fill="{color}" opacity=".35" d="M1 16V4a3 3 0 0 1 3-3h8a3 3 0 0 1 3 3v12"/>'
    '<path fill="{color}" d="M5 16V6h6v10"/></svg>'
)
_TEXT = re.compile(r"\{text\[(\w+)\]\}")


@dataclass(frozen=True)
class Brand:
    """Name and look of the app.

    ``color`` is like ``#3d5a80``. ``logo`` and ``logo_dark``, for dark pages, are SVG in base64;
    ``logo_has_name`` when the logo shows the name. ``home`` is a path of the app.
    """

    name: str
    color: str
    logo: str = ""
    logo_dark: str = ""
    logo_has_name: bool = False
    tagline: str = ""
    home: str = ""


class PagesByLanguage:
    """The pages of each language, read from disk when they are first used."""

    def __init__(self, brand: Brand, *, offers_sign_up: bool = True) -> None:
        self._brand = brand
        self._offers_sign_up = offers_sign_up
        self._pages: dict[str, Pages] = {}

    def __getitem__(self, language: str) -> Pages:
        if language not in self._pages:
            self._pages[language] = Pages(
                self._brand, language, offers_sign_up=self._offers_sign_up
            )
        return self._pages[language]


class Pages:
    """Every page in one brand and one language; ``text`` has the language's texts, as HTML."""

    def __init__(self, brand: Brand, language: str, *, offers_sign_up: bool = True) -> None:
        self.language = language
        self._offers_sign_up = offers_sign_up
        self.text = _texts(language)
        self.brand_name = brand.name
        self._templates: dict[str, str] = {}
        for file in _TEMPLATES.glob("*.html"):  # those in folders are read when first used
            self._template(file.stem)
        self._brand = brand
        self._header = self._brand_header()
        self._icon = quote(_ICON.format(color=brand.color))
        self._languages = self._picker()
        style = (_TEMPLATES / "style.css").read_text("utf-8") + color.style(brand.color)
        self._style = Markup(style)  # noqa: S704 - our own file and a checked colour
        digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
        self.style_source = f"'sha256-{digest}'"

    def landing(self, *, notice: str | None = None) -> str:
        """For visitors who are not signed in; ``notice`` says what just happened."""
        return self.page(
            "landing",
            title=self.text["welcome"],
            offers_languages=True,
            notice=self._notice(notice),
            lead=self._brand.tagline or self.text["landing_lead"],
            sign_up=self.fill("sign_up") if self._offers_sign_up else "",
        )

    def welcome(
        self,
        claims: Mapping[str, object],
        *,
        has_account_page: bool = False,
        offers_to_end_copies: bool = False,
        is_local: bool = False,
        notice: str | None = None,
    ) -> str:
        """For the signed-in visitor. ``claims`` have the ID token's names.

        ``offers_to_end_copies`` leads to "sign out everywhere" on the account page. ``is_local``
        adds a hint for developers; ``notice`` says what just happened.
        """
        name = _name(claims) or self.text["visitor"]
        home = self._brand.home
        return self.page(
            "welcome",
            title=self.text["welcome"],
            offers_languages=True,
            notice=self.fill("end_copies") if offers_to_end_copies else self._notice(notice),
            initials=_initials(str(name)),
            name=name,
            details=Markup().join(self._details(claims, name)),
            home=self.fill("home_button", href=home) if home else "",
            account=self.fill("account/button") if has_account_page else "",
            hint=self.fill("local_hint") if is_local else "",
        )

    def _notice(self, notice: str | None) -> Markup | str:
        return self.fill("notice", notice=notice) if notice else ""

    def sign_out(self) -> str:
        """Asks before signing out."""
        return self.page("sign_out", title=self.text["sign_out"], offers_languages=True)

    def going_on(self, says: str, href: str) -> str:
        """Leads on by itself; ``says`` is the key of a text."""
        title = self.text[says]
        refresh = self.fill("refresh", href=href)
        return self.page("going_on", title=title, refresh=refresh, heading=title, href=href)

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
        self,
        template: str,
        *,
        title: str,
        offers_languages: bool = False,
        refresh: object = "",
        **values: object,
    ) -> str:
        """The file ``pages/{template}.html`` in the common layout; every value is escaped.

        ``offers_languages``: for a page that its address shows again, in any language.
        """
        return self.fill(
            "layout",
            title=title,
            brand_name=self.brand_name,
            languages=self._languages if offers_languages else "",
            refresh=refresh,
            brand=self._header,
            icon=self._icon,
            style=self._style,
            content=self.fill(template, **values),
        )

    def _details(self, claims: Mapping[str, object], name: object) -> Iterator[Markup]:
        """The e-mail address and the user name, unless the headline shows them already."""
        email, username = claims.get("email"), claims.get("cognito:username")
        if email:
            is_verified = bool(claims.get("email_verified"))
            mark = self.fill("verified") if is_verified else ""
            note = "" if is_verified else self.text["not_verified"]
            yield self.fill("welcome_email", email=email, mark=mark, note=note)
        if username and username not in (name, email, claims.get("sub")):
            yield self.fill("detail", term=self.text["user_name"], value=username)

    def _brand_header(self) -> Markup:
        """Logo and name, which lead to the start page."""
        brand = self._brand
        logo = ""
        if brand.logo:
            dark = self.fill("logo_dark", image=brand.logo_dark) if brand.logo_dark else ""
            alt = brand.name if brand.logo_has_name else ""
            logo = self.fill("logo", image=brand.logo, dark=dark, alt=alt)
        has_text = not (brand.logo and brand.logo_has_name)
        name = self.fill("brand_name", brand_name=brand.name) if has_text else ""
        return self.fill("brand", logo=logo, name=name)

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


def _name(claims: Mapping[str, object]) -> object:
    """The best name that the claims have."""
    for claim in ("name", "given_name", "preferred_username", "cognito:username", "email"):
        if claims.get(claim) and not str(claims[claim]).isspace():
            return claims[claim]
    return None


def _initials(name: str) -> str:
    """Of the first and the last word: "Ada King Lovelace" has AL."""
    words = name.partition("@")[0].split()
    letters = [word[0] for word in (words[:1] + words[1:][-1:])]
    return "".join(letters).upper()
