"""return_to, tested with a real browser."""

from __future__ import annotations

from itertools import product

from foyer.return_to import own_path
from playwright.sync_api import Browser

from tests.browser_urls import may_leave_the_site

BASE = "https://app.example.com/callback"
LEADS = ["", "/", "\\", "//", "\t", "\n", " ", "\x00", "\x1f", "\u00a0", "\ufeff", "\u2028", "%"]
SEPARATORS = ["", "/", "\\", "//", "\t/", "/\t", "/\\", "%2f", "%5c", ".", "@", ":", "?", "#", ";"]
TAILS = [
    "evil.example",
    "/evil.example",
    "https://evil.example",
    "https:evil.example",
    "\uff45vil.example",
]
SCHEMES = ["", "https:", "HTTPS:", "http:", "javascript:", "data:", "java\tscript:", "h\nttps:"]

REFERENCES = ["".join(parts) for parts in product(SCHEMES, LEADS, SEPARATORS, TAILS)]

ORIGINS = """(references) => references.map((reference) => {
    try { return new URL(reference, %r).origin } catch { return "no URL" }
})"""


def origins(chromium: Browser, references: list[str]) -> list[str]:
    page = chromium.new_page()
    try:
        seen: list[str] = page.evaluate(ORIGINS % BASE, references)
    finally:
        page.close()
    return seen


def test_chromium_stays_here_wherever_it_is_sent(chromium: Browser) -> None:
    locations = [own_path(reference) for reference in REFERENCES]
    assert {*origins(chromium, locations)} == {"https://app.example.com"}
    assert len({*locations}) > 40, "not all of them are refused"


def test_our_model_of_a_browser_sees_every_way_out_that_chromium_sees(chromium: Browser) -> None:
    away = {
        reference
        for reference, origin in zip(REFERENCES, origins(chromium, REFERENCES), strict=True)
        if origin not in {"https://app.example.com", "no URL"}
    }
    assert len(away) > 1000
    assert {reference for reference in away if not may_leave_the_site(reference)} == set()
