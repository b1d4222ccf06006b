"""Cookie names and ``Set-Cookie`` lines (RFC 6265bis).

Every cookie is HttpOnly, SameSite=Lax (Strict would keep it away from the callback, which
arrives from Cognito's site), Path=/ and, except on http://localhost, Secure with the
``__Host-`` prefix, which keeps sibling domains from setting it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

# Browsers silently drop a longer cookie (RFC 6265bis §5.6 counts name and value;
# older ones count the whole line).
MAX_BYTES = 4096


@dataclass(frozen=True)
class CookieStyle:
    """How cookies look on this origin; ``secure`` is false on http://localhost only."""

    secure: bool

    @classmethod
    def of_app(cls, app_url: str | None) -> CookieStyle:
        """The style of an app's origin; None stands for the domain that was called."""
        return cls(secure=not (app_url or "").startswith("http://"))

    def name(self, name: str) -> str:
        """The name as browsers know it."""
        return f"__Host-{name}" if self.secure else name

    def own(self, cookies: Iterable[str]) -> Iterable[str]:
        """The names, without prefix, of those that could be ours."""
        prefix = self.name("")
        return (each.removeprefix(prefix) for each in cookies if each.startswith(prefix))

    def line(self, name: str, value: str, *, max_age: int) -> str:
        """A ``Set-Cookie`` line; ``max_age`` is in seconds."""
        secure = "; Secure" if self.secure else ""
        return (
            f"{self.name(name)}={value}; Max-Age={max_age}; Path=/{secure}; HttpOnly; SameSite=Lax"
        )

    def clear(self, name: str) -> str:
        """The line that makes browsers forget the cookie."""
        return self.line(name, "", max_age=0)
