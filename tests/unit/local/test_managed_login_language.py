"""The languages of the login pages: the chosen one, and completeness."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

import pytest
from foyer import language as app_language

from local import managed_login
from local.managed_login.attributes import AUTOCOMPLETE
from local.managed_login.language import ENGLISH, LANGUAGES, Language, choose
from local.managed_login.pool import PasswordPolicy
from local.managed_login.site import NOTICES
from local.managed_login.triggers import UNREADABLE

FOLDER = Path(managed_login.__file__).parent
TOOLS = {"inbox", "users"}  # of those who develop the app: English only
MODULES = [file for file in sorted(FOLDER.glob("*.py")) if file.stem not in TOOLS | {"oauth"}]
TEMPLATES = [file for file in sorted(FOLDER.glob("templates/*")) if file.stem not in TOOLS]

every_language = pytest.mark.parametrize("language", LANGUAGES.values(), ids=LANGUAGES)


def test_a_language_of_the_app_alone_is_not_spoken_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(app_language._BY_TAG, "tlh", "tlh")
    assert choose("tlh", "tlh", "tlh").tag == "en"


def constants(file: Path) -> Iterator[str]:
    """The strings in a module's code, less its docstrings."""
    tree = ast.parse(file.read_text("utf-8"))
    prose = {id(n.value) for n in ast.walk(tree) if isinstance(n, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in prose:
            yield node.value


def used_keys() -> set[str]:
    in_code = {text for file in MODULES for text in constants(file)} & set(ENGLISH.texts)
    in_templates = {
        key for file in TEMPLATES for key in re.findall(r'say\("(\w+)"', file.read_text("utf-8"))
    }
    composed = {f"attribute_{name}" for name in AUTOCOMPLETE} | {f"notice_{n}" for n in NOTICES}
    policy = PasswordPolicy()
    composed |= {f"rule_{rule}" for rule in policy.rules()}
    composed |= {f"broken_{rule}" for rule in policy.broken(" " * 257)}
    composed |= {f"broken_{rule}" for rule in policy.broken("")}
    composed |= {"again_password", "again_new_password"}
    return in_code | in_templates | composed


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


@every_language
def test_a_language_has_every_text_that_is_used_and_no_other(language: Language) -> None:
    assert set(LANGUAGES) <= set(app_language.LANGUAGES)
    assert set(language.texts) == used_keys()
    for key, text in language.texts.items():
        english = ENGLISH.texts[key]
        assert placeholders(text) == placeholders(english), key
        assert text.strip(), key
        assert "<" not in text, key
        assert text == text.strip() or key == "list_separator", key
        if english.endswith(".") and key != "look_at":
            assert text[-1] in ".。", key
        if language is not ENGLISH and " " in english.strip():
            assert text != english, key


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda file: file.name)
def test_templates_contain_no_untranslated_texts(template: Path) -> None:
    html = re.sub(r"{#.*?#}|{%.*?%}|{{.*?}}", "", template.read_text("utf-8"), flags=re.DOTALL)
    for spoken in re.findall(r'(?:alt|title|placeholder|aria-label)="([^"]*)"', html):
        assert not spoken
    words = re.findall(r"\w+", re.sub(r'<[^>]*>|[\w-]+="[^"]*"', "", html))
    assert set(words) <= {"required"}  # an attribute, outside of its tag in the source


@pytest.mark.parametrize("module", MODULES, ids=lambda file: file.name)
def test_modules_contain_no_visible_texts(module: Path) -> None:
    sentences = {text for text in constants(module) if re.search(r"[A-Z][a-z]+ [a-z]+", text)}
    assert sentences <= {UNREADABLE}
