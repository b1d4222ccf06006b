"""Which language a visitor reads: what was asked for, else kept, else what the browser prefers.

Language tags are matched by lookup (RFC 4647 §3.4), the browser's with their weights (RFC 9110
§12.5.4). Anything malformed is ignored.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .http_api import Request

# The languages of managed login, by the codes of its parameter ``lang``, each with its own name: https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pools-managed-login.html#managed-login-localization
LANGUAGES = {
    "de": "Deutsch",
    "en": "English",
    "es": "Español",
    "fr": "Français",
    "id": "Bahasa Indonesia",
    "it": "Italiano",
    "ja": "日本語",
    "ko": "한국어",
    "pt-BR": "Português (Brasil)",
    "zh-CN": "简体中文",
    "zh-TW": "繁體中文",
}
DEFAULT = "en"
COOKIE = "foyer-language"
COOKIE_SECONDS = 365 * 24 * 60 * 60

# Tags that lookup alone would miss: other Portuguese, Chinese by script, and the regions that use
# the traditional script.
_BY_TAG = {code.lower(): code for code in LANGUAGES} | {
    "pt": "pt-BR",
    "zh": "zh-CN",
    "zh-hant": "zh-TW",
    "zh-hk": "zh-TW",
    "zh-mo": "zh-TW",
}

MAX_TAG = 100  # characters; longer than any that RFC 5646 §4.4.1 expects
# Longer than any browser's list, which has a dozen languages at most.
_MAX_CHARACTERS = 500


@dataclass(frozen=True)
class Choice:
    """The language of an answer; ``was_asked_for`` by ``?lang=``, so that a cookie keeps it."""

    language: str
    was_asked_for: bool = False


def choose(request: Request, *, kept: str | None) -> Choice:
    """The language of the answer; ``kept`` is the value of the cookie."""
    asked = _asked_for(request)
    if asked:
        return Choice(asked, was_asked_for=True)
    if kept in LANGUAGES:
        return Choice(kept)
    return Choice(preferred(request.headers.get("accept-language", "")) or DEFAULT)


def _asked_for(request: Request) -> str | None:
    """The language that ``?lang=`` names. An unknown one is ignored."""
    if "lang=" not in request.raw_query:
        return None
    return lookup(request.wish("lang", at_most=MAX_TAG) or "")


def lookup(tag: str) -> str | None:
    """Our language for a tag such as ``de-AT``, or None."""
    rest = tag.lower()
    while rest and rest not in _BY_TAG:
        rest = rest.rpartition("-")[0]
    return _BY_TAG.get(rest)


def preferred(accepted: str) -> str | None:
    """Our language that Accept-Language prefers; of equal weights, the first."""
    best, best_weight = None, 0.0
    for item in accepted[:_MAX_CHARACTERS].split(","):
        tag, _, parameter = item.partition(";")
        weight = _weight(parameter) if parameter else 1.0
        if weight > best_weight:
            language = lookup(tag.strip())
            if language:
                best, best_weight = language, weight
                if weight == 1.0:
                    break
    return best


def _weight(parameter: str) -> float:
    """From 0 (not acceptable) to 1; a malformed weight counts as 0."""
    try:
        weight = float(parameter.strip().lower().removeprefix("q="))
    except ValueError:
        return 0.0
    return weight if weight <= 1 else 0.0
