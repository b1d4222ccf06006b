"""What a browser says a request is for: Fetch Metadata, and the headers of prefetching.

https://www.w3.org/TR/fetch-metadata/, https://wicg.github.io/nav-speculation/prefetch.html.
Browsers that say nothing are believed to show the answer to the visitor.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .http_api import Request

# Sec-Purpose is the standard; the others are older Chromium's, Safari's and Firefox's.
_PURPOSES = ("sec-purpose", "purpose", "x-purpose", "x-moz")
_SPECULATIVE = ("prefetch", "prerender", "preview")

# Documents inside another page. No page of ours or of managed login may be framed.
_EMBEDDED = ("iframe", "frame", "fencedframe", "embed", "object")


def is_unseen(request: Request) -> bool:
    """Whether no visitor sees the answer now: HEAD, prefetch, prerender."""
    if request.method == "HEAD":
        return True
    purposes = ",".join(request.headers.get(name, "") for name in _PURPOSES).lower()
    return any(word in purposes for word in _SPECULATIVE)


def is_navigation(request: Request) -> bool:
    """Whether a visitor goes to this address: no fetch, image or frame, and nothing unseen."""
    if is_unseen(request):
        return False
    if request.headers.get("sec-fetch-mode", "navigate") != "navigate":
        return False
    return request.headers.get("sec-fetch-dest", "document") not in _EMBEDDED
