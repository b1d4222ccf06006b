"""Every language of the login pages has all texts, and there are no texts elsewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from foyer import language as app_language

from local import managed_login
from local.managed_login.attributes import AUTOCOMPLETE
from local.managed_login.language import ENGLISH, LANGUAGES, Language, choose
from local.managed_login.pool import PasswordPolicy
from local.managed_login.site import NOTICES
from local.managed_login.triggers import UNREADABLE
from tests.documents import in_source

FOLDER = Path(managed_login.__file__).parent
# Without those for developers, which are in English.
TEMPLATES = [
    file.read_text("utf-8")
    for file in FOLDER.glob("templates/*")
    if file.stem not in {"inbox", "users"}
]


def test_a_language_of_the_app_alone_is_not_spoken_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(app_language._BY_TAG, "tlh", "tlh")
    assert choose("tlh", "tlh", "tlh").tag == "en"
    assert set(LANGUAGES) <= set(app_language.LANGUAGES)


def test_every_text_is_used_and_every_text_that_is_used_exists() -> None:
    used = set(re.findall(r'\bsay\("(\w+)"', "".join(TEMPLATES)))
    used |= in_source(FOLDER, r'\bsay\(\s*"(\w+)"') | in_source(
        FOLDER, r'ErrorPage\(.*?"(error_\w+)"'
    )
    policy = PasswordPolicy()
    broken = {*policy.broken(" " * 257), *policy.broken("")}
    used |= {f"attribute_{name}" for name in AUTOCOMPLETE} | {f"notice_{name}" for name in NOTICES}
    used |= {f"rule_{name}" for name in policy.rules()} | {f"broken_{name}" for name in broken}
    used |= {"again_password", "again_new_password"}
    assert used <= set(ENGLISH.texts)
    assert set(ENGLISH.texts) <= used | in_source(FOLDER, r'"(\w+)"')


def placeholders(text: str) -> list[str]:
    return sorted(re.findall(r"\{(\w*)\}", text))


@pytest.mark.parametrize("language", LANGUAGES.values(), ids=LANGUAGES)
def test_a_language_has_the_same_texts_as_english(language: Language) -> None:
    assert language.texts.keys() == ENGLISH.texts.keys()
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


def test_templates_and_modules_contain_no_untranslated_texts() -> None:
    for template in TEMPLATES:
        html = re.sub(r"{#.*?#}|{%.*?%}|{{.*?}}", "", template, flags=re.DOTALL)
        for spoken in re.findall(r'(?:alt|title|placeholder|aria-label)="([^"]*)"', html):
            assert not spoken
        words = re.findall(r"\w+", re.sub(r'<[^>]*>|[\w-]+="[^"]*"', "", html))
        assert set(words) <= {"required"}  # an attribute, outside of its tag in the source
    sentences = in_source(FOLDER, r'[^"# ] *"([A-Z][a-z]+ [a-z]+[^"]*)"(?!")')
    assert sentences == {UNREADABLE, "Basic was expected"}  # Cognito's, and one for programs
