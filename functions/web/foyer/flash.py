"""A notice that the next page shows once, such as "Your name was changed.".

A cookie carries it over the redirect, so that no link can put words on a page. Its value is the key
of one of these texts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .cookies import CookieStyle

COOKIE = "foyer-notice"
_SECONDS = 120  # enough for managed login's sign-out in between

KEYS = (
    "you_are_signed_out",
    "name_was_changed",
    "password_was_changed",
    "authenticator_was_turned_on",
    "authenticator_was_turned_off",
    "signed_out_everywhere",
    "account_was_deleted",
)


def leave(key: str, *, style: CookieStyle) -> str:
    """The ``Set-Cookie`` line that shows the notice on the next page."""
    return style.line(COOKIE, key, max_age=_SECONDS)


def take(cookies: Mapping[str, str], *, style: CookieStyle) -> tuple[str | None, tuple[str, ...]]:
    """The notice's key, if there is one, and the line that removes it."""
    key = cookies.get(style.name(COOKIE))
    if key is None:
        return None, ()
    return (key if key in KEYS else None), (style.clear(COOKIE),)
