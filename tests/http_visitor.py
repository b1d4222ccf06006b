"""A visitor without a browser: reads pages, follows links and fills in forms over HTTP."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html.parser import HTMLParser
from urllib.parse import urljoin

import requests

NOBODY = "http://localhost:9"  # an origin that no test serves
_VOID = {"meta", "link", "input", "img", "br", "hr"}


@dataclass(eq=False)
class Element:
    tag: str
    attributes: dict[str, str]
    around: tuple[Element, ...]
    text: str = ""


class HtmlPage(HTMLParser):
    """What a visitor reads; empty strings for what is not there."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[Element] = []
        self._open: list[Element] = []
        self.feed(html)
        self.heading, self.text = (_text(self.all(tag)) for tag in ("h1", "main"))
        self.alert, self.notice = (self.by("role", role) for role in ("alert", "status"))
        self.links = {_text([a]): a.attributes.get("href", "") for a in self.all("a")}
        self.language = "".join(e.attributes.get("lang", "") for e in self.all("html"))
        inputs = [i.attributes for i in self.all("input")]
        self.focused = [each["name"] for each in inputs if "autofocus" in each]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        self.elements.append(Element(tag, attributes, tuple(self._open)))
        if tag not in _VOID:
            self._open.append(self.elements[-1])

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop().tag != tag:
            pass

    def handle_data(self, data: str) -> None:
        for element in self._open:
            element.text += data

    def all(self, tag: str) -> list[Element]:
        return [element for element in self.elements if element.tag == tag]

    def by(self, attribute: str, value: str) -> str:
        """The text of the elements with this attribute."""
        return _text([e for e in self.elements if e.attributes.get(attribute) == value])

    def by_id(self, name: str) -> str:
        return self.by("id", name)

    def form(self, button: str) -> Element:
        """The form that has this button."""
        pressed = next(b for b in self.all("button") if b.text.strip() == button)
        return next(element for element in pressed.around if element.tag == "form")

    def fields(self, button: str) -> dict[str, str]:
        """The fields of its form, without checkboxes."""
        form = self.form(button)
        inputs = (i.attributes for i in self.all("input") if form in i.around)
        return {i["name"]: i.get("value", "") for i in inputs if i.get("type") != "checkbox"}

    def input(self, name: str) -> dict[str, str]:
        return next(i.attributes for i in self.all("input") if i.attributes.get("name") == name)

    def problem_at(self, name: str) -> str:
        """The error that a screen reader announces for the field; empty if there is none."""
        attributes = self.input(name)
        if attributes.get("aria-invalid") != "true":
            return ""
        return self.by_id(attributes["aria-describedby"].split()[-1])


def _text(elements: Sequence[Element]) -> str:
    return " ".join(" ".join(element.text for element in elements).split())


class HttpVisitor:
    """Keeps cookies and follows redirects, but not to NOBODY; ``left_for`` is then the URL there.

    An address may be relative to the current page, or to ``home`` at the beginning.
    """

    def __init__(self, home: str) -> None:
        self._home = home
        self.http = requests.Session()
        self.http.trust_env = False  # no proxy for localhost
        self.cookies = self.http.cookies
        self.answer = requests.Response()
        self.page = HtmlPage("")
        self.left_for = ""

    def open(self, address: str = "/") -> HtmlPage:
        return self.send("GET", address, follow=True)

    def follow(self, link: str) -> HtmlPage:
        return self.open(self.page.links[link])

    def press(self, button: str, /, **values: str) -> HtmlPage:
        """Fill in the form that has this button and submit it, as browsers do."""
        action = self.page.form(button).attributes["action"]
        form = self.page.fields(button) | values
        headers = {"Origin": urljoin(self.answer.url, "/")[:-1], "Sec-Fetch-Site": "same-origin"}
        return self.send("POST", action, headers, form, follow=True)

    def send(
        self,
        method: str,
        address: str,
        headers: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
        *,
        follow: bool = False,
    ) -> HtmlPage:
        """As a script of the page does, if the headers say so; without redirects."""
        url: str | None = urljoin(self.answer.url or self._home, address)
        self.left_for = ""
        while url and not self.left_for:
            self.answer = self.http.request(
                method, url, data=form, headers=headers, allow_redirects=False, timeout=30
            )
            self.page = HtmlPage(self.answer.text)
            url = self._next_url() if follow else None
            self.left_for = url if url and url.startswith(f"{NOBODY}/") else ""
            method, form, headers = "GET", None, None
        return self.page

    def _next_url(self) -> str | None:
        """Where browsers go by themselves: a redirect, or where a page says so."""
        found = re.search(r'http-equiv="refresh" content="0; url=([^"]+)"', self.answer.text)
        to = html.unescape(found[1]) if found else self.answer.headers.get("Location")
        return urljoin(self.answer.url, to) if to else None

    def begin_sign_in(self) -> None:
        self.open(self._home)
        self.follow("Sign in")

    def sign_in(self, username: str, password: str) -> HtmlPage:
        self.begin_sign_in()
        return self.press("Sign in", username=username, password=password)
