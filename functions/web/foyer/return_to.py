"""Where to go after sign-in: a path of this app, never somebody else's page.

Browsers parse URLs by the WHATWG standard, which reads a backslash as a slash and drops tabs
and newlines, so ``/\\evil.example`` and ``/<tab>/evil.example`` both name another host. What
is allowed here is therefore a list of what is harmless, not of what is known to be bad.
"""

from __future__ import annotations

import re
from urllib.parse import quote, unquote

MAX_CHARACTERS = 512  # five of these in cookies have to fit into API Gateway's 10,240 bytes

# No backslash, no control, and of white space only the space.
_OWN_PATH = re.compile(r"/(?:[^\\\s\x00-\x1f\x7f-\x9f]| )*")
_DOT = re.compile(r"%2e", re.IGNORECASE)

# Nobody wants to end up here after a sign-in, and some of these would start another one.
_NOT_A_GOAL = {"/login", "/signup", "/callback", "/logout", "/renew"}


def own_path(value: str) -> str:
    """Return the path (with query and fragment) ready for a Location header, or ``/``."""
    if not _OWN_PATH.fullmatch(value):
        return "/"
    # A header is ASCII (RFC 9110 §5.5); what is percent-encoded already stays as it is.
    quoted = quote(value, safe="/?#&=%:@!$'()*+,;~[]")
    path = re.split("[?#]", quoted, maxsplit=1)[0]
    resolved = _without_dots(path)
    if resolved.startswith("//") or unquote(resolved).rstrip("/") in _NOT_A_GOAL:
        return "/"
    location = resolved + quoted[len(path) :]
    return location if len(location) <= MAX_CHARACTERS else "/"


def _without_dots(path: str) -> str:
    """As browsers resolve ``.`` and ``..`` (WHATWG URL, path state); ``%2e`` is a dot too."""
    resolved: list[str] = []
    segments = path[1:].split("/")
    for at, segment in enumerate(segments):
        dots = _DOT.sub(".", segment)
        if dots not in (".", ".."):
            resolved.append(segment)
            continue
        if dots == "..":
            del resolved[-1:]
        if at == len(segments) - 1:
            resolved.append("")
    return "/" + "/".join(resolved)
