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
TEMPLATES = sorted((PACKAGE / "pages").rglob("*.html"), key=lambda file: file.name)
OTHERS = [code for code in LANGUAGES if code != DEFAULT]

# The same word in both languages, not a missing translation.
SAME_AS_ENGLISH = {
    ("de", "name"): "Germans write Name too",
    ("fr", "email"): "of e-mail, courriel and mél, the one on most French pages",
    ("it", "email"): "the Italian word",
    ("pt-BR", "email"): "the Brazilian word",
    ("es", "error"): "the Spanish word",
    ("it", "password"): "the Italian word",
}


def placeholders(text: str) -> list[str]:
    return sorted(re.findall(r"\{(\w*)\}", text))


@pytest.mark.parametrize("code", LANGUAGES)
def test_a_language_has_every_text_once_in_order(code: str) -> None:
    text = (PACKAGE / f"languages/{code}.json").read_text("utf-8")
    keys = [key for key, _ in json.loads(text, object_pairs_hook=list[tuple[str, Any]])]
    assert keys == sorted(ENGLISH)
    assert all(value and value.strip() == value for value in TEXTS[code].values())
    assert set(TEXTS) == set(LANGUAGES)


@pytest.mark.parametrize("code", OTHERS)
def test_a_translation_takes_the_same_values_and_leaves_nothing_in_english(code: str) -> None:
    for key, text in ENGLISH.items():
        assert placeholders(TEXTS[code][key]) == placeholders(text), key
    same = {(code, key) for key, text in ENGLISH.items() if TEXTS[code][key] == text}
    assert same == {pair for pair in SAME_AS_ENGLISH if pair[0] == code}


def test_every_text_is_used_and_every_text_that_is_used_exists() -> None:
    pages = "".join(file.read_text("utf-8") for file in TEMPLATES)
    used = {*re.findall(r"\{text\[(\w+)\]\}", pages), *in_source(PACKAGE, r'\btext\["(\w+)"\]')}
    assert used <= set(ENGLISH)
    assert set(ENGLISH) <= used | in_source(PACKAGE, r'"(\w+)"')


@pytest.mark.parametrize(
    "file",
    [file for file in TEMPLATES if file.stem != "local_hint"],  # for developers, in English
    ids=lambda file: file.name,
)
def test_pages_contain_no_untranslated_texts(file: Path) -> None:
    if re.search(r"<h1>\s*[^\s{]", file.read_text("utf-8")):
        return  # an app's page, in the app's one language
    html = re.sub(r"\{[^}]*\}", "", file.read_text("utf-8"))
    shown = re.sub(r"<[^>]*>", "", html)
    spoken = "".join(re.findall(r'\b(?:alt|aria-label|placeholder|title|value)="([^"]*)"', html))
    assert not re.search(r"[^\W\d_]", shown + spoken)


def test_the_code_passes_no_untranslated_texts_to_pages() -> None:
    """routes.py apart, where apps add pages in their own language."""
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
