"""The scoring of Mozilla's HTTP Observatory, as far as an app's own answers decide it.

Rules: https://developer.mozilla.org/en-US/observatory/docs/tests_and_scoring and, for the fine
print, src/analyzer/tests in https://github.com/mdn/mdn-http-observatory. A scan follows the site
with one cookie jar, so cookies set by earlier answers count. Of its tests, two look beyond an
answer: the redirection from plain HTTP (API Gateway answers HTTPS alone: 0) and the HSTS preload
list (not on it: 0). Bonuses count from 90 points on.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

_SIX_MONTHS = 15_768_000
_BROAD = {"ftp:", "http:", "https:", "*", "http://*", "http://*.*", "https://*", "https://*.*"}
_INLINE = {"'unsafe-inline'", "data:"}
_PASSIVE = {"img-src", "media-src"}
_PRIVATE = {"no-referrer", "same-origin", "strict-origin", "strict-origin-when-cross-origin"}

Headers = Mapping[str, str]


def score(headers: Headers, body: str, cookies: Sequence[str]) -> tuple[int, dict[str, int]]:
    """Points, and the modifiers they are made of; ``cookies`` are Set-Cookie lines so far."""
    modifiers = {
        "content-security-policy": _content_security_policy(headers),
        "cookies": _cookies(cookies),
        "cross-origin-resource-sharing": _sharing(headers),
        "referrer-policy": _referrer_policy(headers),
        "strict-transport-security": _strict_transport_security(headers),
        "subresource-integrity": _subresource_integrity(body),
        "x-content-type-options": 0 if headers.get("x-content-type-options") == "nosniff" else -5,
        "x-frame-options": _framing(headers),
        "cross-origin-resource-policy": _resource_policy(headers),
    }
    without_bonus = 100 + sum(min(value, 0) for value in modifiers.values())
    bonus = sum(max(value, 0) for value in modifiers.values())
    return (without_bonus + bonus if without_bonus >= 90 else max(without_bonus, 0)), modifiers


def directives(policy: str) -> dict[str, set[str]]:
    """A Content-Security-Policy, by directive."""
    parts = (part.split() for part in policy.split(";") if part.strip())
    return {name.lower(): set(sources) for name, *sources in parts}


def _content_security_policy(headers: Headers) -> int:
    csp = directives(headers.get("content-security-policy", ""))
    if not csp:
        return -25
    fallback = csp.get("default-src", {"*"})
    script, style = csp.get("script-src", fallback), csp.get("style-src", fallback)
    active = [sources for name, sources in csp.items() if name not in _PASSIVE]
    passive = [csp.get(name, fallback) for name in _PASSIVE]
    findings = [
        (script & (_BROAD | _INLINE) or csp.get("object-src", fallback) & _BROAD, -20),
        (any(map(_insecure, active)), -20),
        ("'unsafe-eval'" in script | style, -10),
        (any(map(_insecure, passive)), -10),
        (style & (_BROAD | _INLINE), 0),
        (csp.get("default-src") == {"'none'"}, 10),
        (True, 5),
    ]
    return next(points for is_found, points in findings if is_found)


def _insecure(sources: set[str]) -> bool:
    return any(source.startswith(("http:", "ftp:")) for source in sources)


def _cookies(lines: Sequence[str]) -> int:
    """HSTS holds wherever this is asked, which makes a missing Secure cheaper than it was."""
    worst, all_same_site = 0, True
    for line in lines:
        name = line.partition("=")[0].lower()
        attributes = {part.strip().lower() for part in line.split(";")[1:]}
        is_session = "sess" in name or "login" in name
        same_site = {part for part in attributes if part.startswith("samesite")}
        all_same_site &= bool(same_site)
        if same_site - {"samesite=lax", "samesite=strict", "samesite=none"}:
            worst = min(worst, -20)
        if "secure" not in attributes:
            worst = min(worst, -10 if is_session else -5)
        if is_session and "httponly" not in attributes:
            worst = min(worst, -30)
    return worst or (5 if lines and all_same_site else 0)


def _sharing(headers: Headers) -> int:
    credentials = headers.get("access-control-allow-credentials") == "true"
    return -50 if credentials and "access-control-allow-origin" in headers else 0


def _referrer_policy(headers: Headers) -> int:
    policy = headers.get("referrer-policy")
    if policy is None:
        return 0
    return 5 if policy in _PRIVATE else -5


def _strict_transport_security(headers: Headers) -> int:
    age = re.match(r"max-age=(\d+)(;|$)", headers.get("strict-transport-security", ""))
    if age is None:
        return -20
    return 0 if int(age[1]) >= _SIX_MONTHS else -10


def _subresource_integrity(body: str) -> int:
    """Without scripts there is nothing to check; with any, this app is out of its design."""
    return -50 if re.search(r"<script", body, re.IGNORECASE) else 0


def _framing(headers: Headers) -> int:
    ancestors = directives(headers.get("content-security-policy", "")).get("frame-ancestors")
    if ancestors is not None and not ancestors & _BROAD:
        return 5
    return 0 if headers.get("x-frame-options") in {"DENY", "SAMEORIGIN"} else -20


def _resource_policy(headers: Headers) -> int:
    policy = headers.get("cross-origin-resource-policy")
    if policy in {"same-origin", "same-site"}:
        return 10
    return 0 if policy in {None, "cross-origin"} else -5
