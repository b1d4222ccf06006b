"""The languages of the pages: choosing one, and its texts.

As in Cognito, the parameter ``lang`` sets the language, and a cookie keeps it
(https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pools-managed-login.html#managed-login-localization).
Without either, Cognito uses English. These pages use Accept-Language first.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from foyer.language import DEFAULT, lookup, preferred

Say = Callable[..., str]


@dataclass(frozen=True)
class Language:
    """One file in languages/; ``tag`` is its name, a BCP 47 language tag."""

    tag: str
    texts: dict[str, str]

    def say(self, key: str, /, **values: object) -> str:
        """The text for this key with its placeholders filled; not yet escaped for HTML."""
        return self.texts[key].format(**values)


LANGUAGES = {
    file.stem: Language(file.stem, json.loads(file.read_text("utf-8")))
    for file in sorted((Path(__file__).parent / "languages").glob("*.json"))
}
ENGLISH = LANGUAGES[DEFAULT]

LANGUAGE_COOKIE = "cognito-lang"
LANGUAGE_SECONDS = 365 * 24 * 3600


def choose(lang: str, kept: str, accepted: str) -> Language:
    """By the parameter ``lang``, the cookie, Accept-Language. Unknown languages are ignored."""
    return find(lang) or find(kept) or find(preferred(accepted) or "") or ENGLISH


def find(tag: str) -> Language | None:
    """The language for a tag such as ``de-AT``, by the app's rule; the app may have more."""
    return LANGUAGES.get(lookup(tag) or "")
