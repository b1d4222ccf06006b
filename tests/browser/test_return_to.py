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


def test_chromium_stays_here_wherever_it_is_sent_and_our_model_of_it_misses_no_way_out(
    chromium: Browser,
) -> None:
    locations = [own_path(reference) for reference in REFERENCES]
    with chromium.new_page() as page:
        assert {*page.evaluate(ORIGINS % BASE, locations)} == {"https://app.example.com"}
        origins: list[str] = page.evaluate(ORIGINS % BASE, REFERENCES)
    assert len({*locations}) > 40, "not all of them are refused"
    away = {
        reference
        for reference, origin in zip(REFERENCES, origins, strict=True)
        if origin not in {"https://app.example.com", "no URL"}
    }
    assert len(away) > 1000
    assert {reference for reference in away if not may_leave_the_site(reference)} == set()
