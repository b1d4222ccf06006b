"""One page may load more than others, but nothing that makes escaping the only defence."""

from __future__ import annotations

import pytest
from foyer.content_policy import Allows
from foyer.http_api import html, reply

ALWAYS = {"content-security-policy": "default-src 'none'; img-src data:; form-action 'self'"}


def test_a_page_names_what_it_loads_and_others_stay_as_they_are() -> None:
    allows = Allows(script=("'self'",), img=("https://*.example.com",), connect=("'self'",))
    made = reply(html("", language="en", allows=allows), always=ALWAYS)
    assert made["headers"]["content-security-policy"] == (
        "default-src 'none'; img-src data: https://*.example.com; form-action 'self'; "
        "script-src 'self'; connect-src 'self'"
    )
    assert reply(html("", language="en"), always=ALWAYS)["headers"].items() >= ALWAYS.items()


@pytest.mark.parametrize(
    "source",
    ["'unsafe-inline'", "'unsafe-eval'", "*", "https:", "http://x.example", "data:", "",
     "'self'; object-src *", "https://*", "'self' *", "https://x.example/\n"],
)  # fmt: skip
def test_a_source_that_is_too_wide_is_refused(source: str) -> None:
    with pytest.raises(ValueError, match="not a source"):
        Allows(script=(source,))
