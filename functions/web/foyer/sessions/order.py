"""Names of session cookies, which put sign-ins, refreshes and sign-outs in order.

A browser sends requests side by side, and an answer that was made early may arrive late. So no
answer writes or clears a cookie that a later one may have written:

    foyer-session-{began}-{refreshes}   a session, after so many refreshes at Cognito
    foyer-signed-out-{moment}           sessions that began until this moment are over

``began`` and ``moment`` are microseconds since the epoch, and later than any that the browser
showed. The session that counts has the highest ``began``, then the most ``refreshes``. Everything
lower is left over from a late answer; it is not read, and the next answer clears it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

SESSION = "foyer-session"
_SIGNED_OUT = "foyer-signed-out"

_NAME = re.compile(rf"{SESSION}(?:-([0-9]{{1,16}})-([0-9]{{1,6}}))?|{_SIGNED_OUT}-([0-9]{{16}})")


_MOST_LEFT_OVER = 16  # as many as an answer's headers have room to clear


class Place(NamedTuple):
    """A session's place among all that this browser has had. Later ones are greater."""

    began: int
    refreshes: int

    @property
    def name(self) -> str:
        """The name of its cookie. Version 0.1 had one name for all, whose seals do not open now."""
        if self == (0, 0):
            return SESSION
        return f"{SESSION}-{self.began}-{self.refreshes}"


@dataclass(frozen=True)
class Shown:
    """What a browser's cookies show: the session that counts, if any, and the names of others."""

    current: Place | None
    left_over: tuple[str, ...]
    sign_outs: tuple[str, ...]
    latest: int

    @property
    def sessions(self) -> tuple[str, ...]:
        """The names of all session cookies."""
        return (self.current.name, *self.left_over) if self.current else self.left_over

    def next_began(self, now: int) -> int:
        """When a session that begins now began: later than all that the browser showed."""
        return max(now, self.latest + 1)

    def sign_out_name(self, now: int) -> str:
        """The name of the cookie that ends all that the browser showed."""
        return f"{_SIGNED_OUT}-{max(now, self.latest)}"


def shown(names: Iterable[str]) -> Shown:
    """What these cookies show; ``names`` are without prefix."""
    places: list[Place] = []
    sign_outs: dict[int, str] = {}
    for name in names:
        found = _NAME.fullmatch(name) if name.startswith("foyer-s") else None
        if found is None:
            continue
        if found[3]:
            sign_outs[int(found[3])] = name
        elif (place := Place(int(found[1] or 0), int(found[2] or 0))).name == name:
            places.append(place)
    places.sort(reverse=True)
    signed_out = max(sign_outs, default=-1)
    current = places[0] if places and places[0].began > signed_out else None
    left_over = [place.name for place in places if place is not current]
    return Shown(
        current,
        left_over=tuple(left_over[:_MOST_LEFT_OVER]),
        sign_outs=tuple(sign_outs.values())[:_MOST_LEFT_OVER],
        latest=max(signed_out, places[0].began if places else 0),
    )
