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
ENGLISH = LANGUAGES["en"]

LANGUAGE_COOKIE = "cognito-lang"
LANGUAGE_SECONDS = 365 * 24 * 3600

# Tags that lookup by itself would not find: other Portuguese, and Chinese by script and place.
_TAGS = {tag.lower(): tag for tag in LANGUAGES} | {
    "pt": "pt-BR",
    "zh": "zh-CN",
    "zh-hant": "zh-TW",
    "zh-hk": "zh-TW",
    "zh-mo": "zh-TW",
}


def choose(lang: str, kept: str, accepted: str) -> Language:
    """By the parameter ``lang``, the cookie, Accept-Language; what is unknown is passed over."""
    for tag in (lang, kept, *_by_preference(accepted)):
        found = find(tag)
        if found:
            return found
    return ENGLISH


def find(tag: str) -> Language | None:
    """The language that a tag means, by lookup (RFC 4647 §3.4)."""
    rest = tag.lower()
    while rest and rest not in _TAGS:
        rest = rest.rpartition("-")[0]
    return LANGUAGES[_TAGS[rest]] if rest else None


def _by_preference(accepted: str) -> list[str]:
    """The tags of Accept-Language (RFC 9110 §12.5.4), those with the greatest weight first."""
    weighed = []
    for item in accepted.split(","):
        tag, _, parameter = item.partition(";")
        weighed.append((_weight(parameter), tag.strip()))
    weighed.sort(key=lambda pair: -pair[0])  # stable: of equal weights the first counts
    return [tag for weight, tag in weighed if weight > 0]


def _weight(parameter: str) -> float:
    try:
        return float(parameter.strip().removeprefix("q=")) if parameter else 1.0
    except ValueError:
        return 0.0
