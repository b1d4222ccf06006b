"""What one page may load in addition to what every page may (Content Security Policy, level 3)."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields

# This site, one origin (or its subdomains), data: URLs, or the hash of one inline script or style.
# Not 'unsafe-inline', 'unsafe-eval', * or a bare scheme: with those, a mistake in escaping
# is enough.
_SOURCE = re.compile(
    r"'self'|https://(?:\*\.)?[a-z0-9.-]+\.[a-z0-9-]+(?::[0-9]{1,5})?|data:"
    r"|'sha(?:256|384|512)-[A-Za-z0-9+/]+={0,2}'"
)


@dataclass(frozen=True, kw_only=True)
class Allows:
    """Sources by kind, such as ``connect=("'self'",)``. Raise ValueError for one too wide."""

    script: tuple[str, ...] = ()
    style: tuple[str, ...] = ()
    img: tuple[str, ...] = ()
    font: tuple[str, ...] = ()
    connect: tuple[str, ...] = ()
    media: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for kind in fields(self):
            for source in getattr(self, kind.name):
                too_wide = source == "data:" and kind.name in ("script", "connect")
                if too_wide or not _SOURCE.fullmatch(source):
                    raise ValueError(f"not a source for {kind.name}: {source}")

    def widen(self, policy: str) -> str:
        """The policy with these sources."""
        directives = dict(each.split(" ", 1) for each in policy.split("; "))
        for kind in fields(self):
            name, added = f"{kind.name}-src", getattr(self, kind.name)
            if added:
                present = [directives[name]] if name in directives else []
                directives[name] = " ".join((*present, *added))
        return "; ".join(f"{name} {sources}" for name, sources in directives.items())
