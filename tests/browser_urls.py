"""Resolves URL references like browsers, to find out which site they lead to."""

from __future__ import annotations

import re


def may_leave_the_site(location: str) -> bool:
    """The WHATWG URL parser's first steps for a reference relative to an https: URL.

    https://url.spec.whatwg.org/#concept-basic-url-parser: control characters and spaces at either
    end go, tabs and newlines go everywhere, a backslash is a slash, two slashes begin a host and
    letters before a colon are a scheme. (A scheme equal to the base's is relative in some forms;
    those count as leaving.) tests/browser/test_return_to.py holds this to Chromium.
    """
    stripped = location.strip("".join(map(chr, range(0x21))))
    seen = re.sub(r"[\t\n\r]", "", stripped).replace("\\", "/")
    return seen.startswith("//") or re.match(r"[A-Za-z][A-Za-z0-9+.-]*:", seen) is not None
