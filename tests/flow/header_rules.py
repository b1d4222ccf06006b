"""What every answer to an app on HTTPS must have: Browser checks each one that a test receives.

From the HTTP Observatory of Mozilla (developer.mozilla.org/en-US/observatory/docs) and the OWASP
cheat sheet.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

HEADERS = {
    "content-security-policy": (
        r"default-src 'none'; style-src 'sha256-[A-Za-z0-9+/]{43}='; img-src data:; "
        r"base-uri 'none'; frame-ancestors 'none'; form-action 'self' https?://[\w.:-]+"
    ),
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": r"camera=\(\), geolocation=\(\), microphone=\(\), payment=\(\), usb=\(\)",
    "strict-transport-security": "max-age=63072000; includeSubDomains",
    "x-content-type-options": "nosniff",
}
SAYS_TOO_MUCH = {"etag", "last-modified", "expires", "server", "x-powered-by", "x-frame-options"}


def assert_safe(
    method: str, headers: Mapping[str, str], cookies: tuple[str, ...], body: str
) -> None:
    for name, pattern in HEADERS.items():
        assert re.fullmatch(pattern, headers.get(name, "")), name
    assert not SAYS_TOO_MUCH & headers.keys()
    assert not any(name.startswith("access-control-") for name in headers)
    is_for_everybody = headers.get("cache-control") == "public, max-age=86400" and not cookies
    assert is_for_everybody or headers.get("cache-control") == "no-store"
    # A page with a form sends its own origin as referrer.
    has_form = 'method="post"' in body or (method == "HEAD" and "content-language" in headers)
    expected = {"same-origin"} if has_form else {"no-referrer"}
    expected |= {"no-referrer"} if method == "HEAD" else set()
    assert headers.get("referrer-policy") in expected
    assert "<script" not in body.lower()
    if body:
        media_type = "html" if body.startswith("<!doctype") else "json|plain"
        assert re.search(media_type, headers.get("content-type", ""))
    for line in cookies:
        pair, max_age, *others = line.split("; ")
        assert re.fullmatch(r"__Host-foyer-[A-Za-z0-9_-]+=[A-Za-z0-9_-]*", pair)
        assert re.fullmatch(r"Max-Age=[0-9]+", max_age)
        assert others == ["Path=/", "Secure", "HttpOnly", "SameSite=Lax"]
