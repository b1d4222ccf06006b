"""The languages of the pages: which one a visitor reads, and its texts.

As with Cognito, the parameter ``lang`` chooses and a cookie keeps the choice until another is made
(https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pools-managed-login.html#managed-login-localization).
Before any choice Cognito speaks English. These pages ask the browser first (Accept-Language).
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
    """One file of languages/; ``tag`` is its name, a language tag of BCP 47."""

    tag: str
    texts: dict[str, str]

    def say(self, key: str, /, **values: object) -> str:
        """The text of this key, with its placeholders filled; still to be escaped for HTML."""
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
    return find(lang) or find(kept) or LANGUAGES[preferred(accepted) or DEFAULT]


def find(tag: str) -> Language | None:
    """The language for a tag such as ``de-AT``, by the app's rule."""
    code = lookup(tag)
    return LANGUAGES[code] if code else None
