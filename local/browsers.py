"""Recognises requests from browsers, and host names that are not of this machine.

A web page can make a browser send requests to any port of this machine, and its domain name may
resolve to 127.0.0.1 (DNS rebinding). Browsers add headers that a page cannot omit
(fetch.spec.whatwg.org, "forbidden request-header"), and ``Host`` contains the domain name.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

LOOPBACK = ("127.0.0.1", "[::1]")
THIS_MACHINE = ("localhost", *LOOPBACK)

_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::[0-9]{1,5})?")


def is_from_browser(names: Iterable[bytes]) -> bool:
    """Whether a browser sent it, by its headers: ``Origin``, and names that begin with Sec-."""
    lower = [name.lower() for name in names]
    return any(name == b"origin" or name.startswith(b"sec-") for name in lower)


def hostname(headers: Iterable[tuple[bytes, bytes]]) -> str:
    """The ``Host`` of a request without the port; empty if there is not exactly one."""
    values = [value for name, value in headers if name.lower() == b"host"]
    found = _HOST.fullmatch(values[0].decode("latin-1").lower()) if len(values) == 1 else None
    return found[1] if found else ""


def is_named(headers: Iterable[tuple[bytes, bytes]], hosts: Collection[str]) -> bool:
    """Whether ``Host`` is one of these names, with any port."""
    return hostname(headers) in hosts
