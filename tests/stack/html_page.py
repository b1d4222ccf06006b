"""Reads a page like a visitor: headings, forms, links, and messages next to fields."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

_VOID = {"meta", "link", "input", "img", "br", "hr"}


@dataclass
class Form:
    action: str
    fields: dict[str, str] = field(default_factory=dict)
    buttons: list[str] = field(default_factory=list)


@dataclass
class Element:
    tag: str
    attributes: dict[str, str]
    text: str = ""


class HtmlPage(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.elements: list[Element] = []
        self._open: list[Element] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        element = Element(tag, attributes)
        self.elements.append(element)
        if tag not in _VOID:
            self._open.append(element)
        if tag == "form":
            self.forms.append(Form(attributes["action"]))
        if tag == "input" and self.forms and attributes.get("type") != "checkbox":
            self.forms[-1].fields[attributes["name"]] = attributes.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop().tag != tag:
            pass
        if tag == "button" and self.forms:
            self.forms[-1].buttons.append(self.all("button")[-1].text.strip())

    def handle_data(self, data: str) -> None:
        for element in self._open:
            element.text += data

    def all(self, tag: str) -> list[Element]:
        return [element for element in self.elements if element.tag == tag]

    @property
    def heading(self) -> str:
        return self.all("h1")[0].text.strip()

    @property
    def text(self) -> str:
        return " ".join(self.all("main")[0].text.split())

    def link(self, text: str) -> str:
        return next(a.attributes["href"] for a in self.all("a") if a.text.strip() == text)

    def has_link(self, text: str) -> bool:
        return any(a.text.strip() == text for a in self.all("a"))

    def form(self, button: str) -> Form:
        return next(form for form in self.forms if button in form.buttons)

    def input(self, name: str) -> dict[str, str]:
        return next(i.attributes for i in self.all("input") if i.attributes.get("name") == name)

    def by_id(self, name: str) -> str:
        found = next(e for e in self.elements if e.attributes.get("id") == name)
        return " ".join(found.text.split())

    def problem_at(self, name: str) -> str:
        """The error that a screen reader announces for the field; empty if there is none."""
        attributes = self.input(name)
        if attributes.get("aria-invalid") != "true":
            return ""
        return self.by_id(attributes["aria-describedby"].split()[-1])

    @property
    def alert(self) -> str:
        return " ".join(
            e.text.strip() for e in self.elements if e.attributes.get("role") == "alert"
        )

    @property
    def notice(self) -> str:
        return " ".join(
            e.text.strip() for e in self.elements if e.attributes.get("role") == "status"
        )
