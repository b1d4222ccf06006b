"""The order of languages: the query, the cookie, the browser's list, English."""

from __future__ import annotations

import pytest
from foyer.http_api import Request
from foyer.language import DEFAULT, LANGUAGES, Choice, choose, lookup, preferred
from hypothesis import given
from hypothesis import strategies as st


def request(query: str = "", accepted: str | None = None) -> Request:
    headers = {} if accepted is None else {"accept-language": accepted}
    return Request(
        route_key="GET /",
        request_id="id=",
        app_url="https://app.example.com",
        raw_query=query,
        headers=headers,
        cookies={},
    )


TAGS: dict[str | None, str] = {
    **{code: code for code in LANGUAGES},
    "de": "de DE de-AT de-Latn-CH-1996",
    "en": "en en-US-x-twain",
    "fr": "fr fr-CA",
    "pt-BR": "pt pt-PT pt-br PT-BR",
    "zh-CN": "zh zh-CN zh-Hans zh-Hans-HK zh-SG",
    "zh-TW": "zh-TW zh-tw zh-Hant zh-Hant-HK zh-HK zh-MO",
    None: "sv deu d -de *",
}


@pytest.mark.parametrize("language", TAGS)
def test_a_tag_is_shortened_until_it_is_a_known_language(language: str | None) -> None:
    for tag in TAGS[language].split():
        assert lookup(tag) == language, tag
    assert lookup("") is None


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("de", "de"),
        ("de-AT,de;q=0.9,en-US;q=0.8,en;q=0.7", "de"),
        ("en;q=0.5, fr;q=0.8", "fr"),
        ("en;q=0.5, fr;q=0.5", "en"),
        ("sv, da;q=0.9, it;q=0.1", "it"),
        ("ja ; Q=0.4 , ko\t;\tq=0.6", "ko"),
        ("de;q=0, es;q=0.001", "es"),
        ("de-AT;q=0.5, de;q=0", "de"),
        ("de;q=0.000", None),
        ("sv", None),
        ("*", None),
        ("*;q=0.5, fr;q=0.1", "fr"),
        ("", None),
        (",,;,;q=,=;", None),
        ("de;q=high, it;q=0.2", "it"),
        ("de;q=nan, it;q=0.2", "it"),
        ("de;q=inf, it;q=0.2", "it"),
        ("de;q=-1, it;q=0.2", "it"),
        ("de;q=1.5, it;q=0.2", "it"),
        ("sv," * 20 + "de", "de"),
        ("sv," * 100_000 + "de", None),
    ],
)
def test_the_browsers_list_is_read_by_weight(accepted: str, language: str | None) -> None:
    assert preferred(accepted) == language


@given(st.text(), st.text(), st.none() | st.text())
def test_for_any_input_the_language_is_a_known_one(query: str, accepted: str, kept: str) -> None:
    assert choose(request(f"lang={query}", accepted), kept=kept).language in LANGUAGES
    assert preferred(accepted) in {None, *LANGUAGES}


def test_the_query_comes_before_the_cookie_and_that_before_the_browser() -> None:
    assert choose(request("lang=fr", "it"), kept="ja").language == "fr"
    assert choose(request("lang=sv", "it"), kept="ja").language == "ja"
    assert choose(request("", "it"), kept="../../secret").language == "it"
    assert choose(request("", "sv"), kept=None).language == DEFAULT
    assert choose(request(), kept=None).language == DEFAULT
    repeated = request("x=%FF&lang=%FF&lang=de-DE-u-co-phonebk-x&lang=fr")
    assert choose(repeated, kept=None).language == "de"
    assert choose(request("a=1&lang=zh-hant"), kept=None) == Choice("zh-TW", was_asked_for=True)
    for unusable in ("lang=", "lang=%FF", "lang=%00de", "language=de", "lang=" + "de-" * 40):
        assert choose(request(unusable), kept=None) == Choice(DEFAULT)
