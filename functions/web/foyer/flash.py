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

_REFUSED = "foyer-refused"
_REFUSED_SECONDS = 24 * 60 * 60

KEYS = (
    "you_are_signed_out",
    "name_was_changed",
    "password_was_changed",
    "authenticator_was_turned_on",
    "authenticator_was_turned_off",
    "signed_out_everywhere",
    "signed_out_everywhere_at_once",
    "device_was_signed_out",
    "other_devices_were_signed_out",
    "account_was_deleted",
    "sign_in_was_cancelled",
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


def remember_refusal(*, style: CookieStyle) -> str:
    """The line that remembers until the next sign-in that Cognito refused a refresh token."""
    return style.line(_REFUSED, "1", max_age=_REFUSED_SECONDS)


def forget_refusal(cookies: Mapping[str, str], *, style: CookieStyle) -> tuple[str, ...]:
    """The line that forgets it, if it is remembered."""
    return (style.clear(_REFUSED),) if style.name(_REFUSED) in cookies else ()
