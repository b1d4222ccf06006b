"""What tells a browser's request, and a name that only a browser would have for this machine.

A web page can make a browser send requests to any port of this machine, and its owner can let a
name of theirs resolve to 127.0.0.1 (DNS rebinding). Browsers add headers that no page can leave
out (fetch.spec.whatwg.org, "forbidden request-header"), and the name stands in ``Host``.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

LOOPBACK = ("127.0.0.1", "[::1]")
THIS_MACHINE = ("localhost", *LOOPBACK)

_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::[0-9]{1,5})?")


def is_from_browser(names: Iterable[bytes]) -> bool:
    """By the names of a request's headers: ``Origin``, ``Sec-Fetch-Site`` and others in Sec-."""
    lower = [name.lower() for name in names]
    return any(name == b"origin" or name.startswith(b"sec-") for name in lower)


def hostname(headers: Iterable[tuple[bytes, bytes]]) -> str:
    """The one ``Host`` of a request, without the port; empty when that is not what there is."""
    values = [value for name, value in headers if name.lower() == b"host"]
    found = _HOST.fullmatch(values[0].decode("latin-1").lower()) if len(values) == 1 else None
    return found[1] if found else ""


def is_named(headers: Iterable[tuple[bytes, bytes]], hosts: Collection[str]) -> bool:
    """Whether ``Host`` is one of these names, at any port."""
    return hostname(headers) in hosts
