"""Where to go after sign-in: a path of this app, never somebody else's page.

Browsers parse URLs by the WHATWG standard, which reads a backslash as a slash and drops tabs
and newlines, so ``/\\evil.example`` and ``/<tab>/evil.example`` both name another host. What
is allowed here is therefore a list of what is harmless, not of what is known to be bad.
"""

from __future__ import annotations

import re
from urllib.parse import quote

MAX_CHARACTERS = 512  # five of these in cookies have to fit into API Gateway's 10,240 bytes

# One slash, then anything but a slash or backslash; no backslash, white space or control later.
_OWN_PATH = re.compile(r"/(?![/\\])[^\\\s\x00-\x1f\x7f-\x9f]*")


def own_path(value: str) -> str:
    """Return the path (with query and fragment) ready for a Location header, or ``/``."""
    if not _OWN_PATH.fullmatch(value):
        return "/"
    # A header is ASCII (RFC 9110 §5.5); what is percent-encoded already stays as it is.
    path = quote(value, safe="/?#&=%:@!$'()*+,;~[]")
    return path if len(path) <= MAX_CHARACTERS else "/"
