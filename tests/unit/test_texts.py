"""Every language has all texts, and there are no texts elsewhere."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import foyer
import pytest
from foyer.language import DEFAULT, LANGUAGES
from foyer.pages import Brand, Pages

from tests.documents import in_source

PACKAGE = Path(foyer.__file__).parent
TEXTS = {
    file.stem: dict(json.loads(file.read_text("utf-8")))
    for file in (PACKAGE / "languages").iterdir()
}
ENGLISH = TEXTS[DEFAULT]
TEMPLATES = sorted((PACKAGE / "pages").rglob("*.html"))

# The same word in both languages, not a missing translation.
SAME_AS_ENGLISH = {
    ("de", "name"), ("fr", "email"), ("it", "email"), ("pt-BR", "email"), ("es", "error"),
    ("it", "password"),
}  # fmt: skip


def placeholders(text: str) -> list[str]:
    return sorted(re.findall(r"\{(\w*)\}", text))


@pytest.mark.parametrize("code", LANGUAGES)
def test_a_language_has_every_text_once_in_order_with_the_same_values(code: str) -> None:
    text = (PACKAGE / f"languages/{code}.json").read_text("utf-8")
    keys = [key for key, _ in json.loads(text, object_pairs_hook=list[tuple[str, Any]])]
    assert keys == sorted(ENGLISH)
    for key, value in TEXTS[code].items():
        assert value.strip() == value != "", key
        assert placeholders(value) == placeholders(ENGLISH[key]), key


def test_no_text_of_another_language_is_in_english() -> None:
    assert set(TEXTS) == set(LANGUAGES)
    others = set(LANGUAGES) - {DEFAULT}
    same = {(code, key) for code in others for key in ENGLISH if TEXTS[code][key] == ENGLISH[key]}
    assert same == SAME_AS_ENGLISH


def test_every_text_is_used_and_every_text_that_is_used_exists() -> None:
    pages = "".join(file.read_text("utf-8") for file in TEMPLATES)
    used = {*re.findall(r"\{text\[(\w+)\]\}", pages), *in_source(PACKAGE, r'\btext\["(\w+)"\]')}
    assert used <= set(ENGLISH)
    assert set(ENGLISH) <= used | in_source(PACKAGE, r'"(\w+)"')


def test_pages_and_code_contain_no_untranslated_texts() -> None:
    """Apart from apps' own pages, and the hint for developers."""
    for file in TEMPLATES:
        page = file.read_text("utf-8")
        if file.stem == "local_hint" or re.search(r"<h1>\s*[^\s{]", page):
            continue
        html = re.sub(r"\{[^}]*\}", "", page)
        spoken = re.findall(r'\b(?:alt|aria-label|placeholder|title|value)="([^"]*)"', html)
        shown = re.sub(r"<[^>]*>", "", html) + "".join(spoken)
        assert not re.search(r"[^\W\d_]", shown), file.name
    arguments = "title|heading|sentence|label|notice|term"
    for file in {*PACKAGE.rglob("*.py")} - {PACKAGE / "routes.py"}:
        assert not re.search(rf"""\b(?:{arguments})=f?["']""", file.read_text("utf-8")), file


@pytest.mark.parametrize("code", LANGUAGES)
def test_a_language_is_set_as_its_readers_expect(code: str) -> None:
    for key, text in TEXTS[code].items():
        assert not re.search(r"['\"`]|\.\.\.|  ", text), key
        if code == "fr":  # a space that does not break before high punctuation
            assert not re.search(r"[^\u202f\u00a0][?!;:]", text), key
        if code == "es":
            assert text.count("?") == text.count("¿"), key
        if code in {"ja", "zh-CN", "zh-TW"}:  # full-width punctuation
            assert not re.search(r"[,.;:?!()]", text), key


@pytest.mark.parametrize("code", LANGUAGES)
def test_a_value_within_a_text_keeps_its_own_direction(code: str) -> None:
    page = Pages(Brand("Foyer", "#3d5a80"), code).welcome({"name": "<דנה>", "email": "d@e.org"})
    assert "<bdi>&lt;דנה&gt;</bdi>" in page
    assert "<bdi>d@e.org</bdi>" in page, "with a note that it is not verified"
    assert "{" not in page.partition("</style>")[2], "every place was filled"
