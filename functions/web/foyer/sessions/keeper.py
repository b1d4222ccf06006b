"""Where sessions are kept, in a cookie or in a table: what both have in common."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..errors import SealBroken
    from .order import Shown
    from .session import Session


@dataclass(frozen=True)
class Reading:
    """The session that a browser shows, or None; ``broken`` is why its cookie gave none.

    The last three are for a session in a table: its id, the number of writes of its row, and the
    lock that this request holds.
    """

    shown: Shown
    session: Session | None = None
    broken: SealBroken | None = None
    session_id: str = field(default="", repr=False)
    writes: int = 0
    lock: str = ""


@dataclass(frozen=True)
class Kept:
    """A session after a write, or None if it is over, and the ``Set-Cookie`` lines for it."""

    session: Session | None
    cookies: tuple[str, ...] = ()


@dataclass(frozen=True)
class Listed:
    """A session in the list of its user's; times are in seconds since the epoch.

    ``key`` names it and is worth nothing as a cookie. ``device`` is "" if it is not known.
    """

    key: str
    device: str
    signed_in_at: int
    seen_at: int
    is_this: bool


class SessionKeeper(Protocol):
    """Reads and writes sessions. Each method may raise Unavailable.

    ``ends_at_once``: whether a session can be ended wherever it is used, not only at its refresh.
    """

    ends_at_once: bool

    def read(self, cookies: Mapping[str, str]) -> Reading:
        """The session as it is: nothing is renewed, refreshed or ended."""

    def begin(self, session: Session, cookies: Mapping[str, str], *, user_agent: str) -> Kept:
        """Keep a new session, in place of all that the browser shows."""

    def renew(self, reading: Reading) -> Kept:
        """Note that the session is in use."""

    def lock(self, reading: Reading, *, wait_until: float | None) -> tuple[bool, Reading]:
        """Whether this request may refresh the session now, and the session as it is then.

        At most one may at a time, where that can be known. With ``wait_until`` (monotonic
        seconds), wait for another one's refresh until then.
        """

    def write(self, reading: Reading, session: Session) -> Kept:
        """Keep what a refresh gave, and give the lock back."""

    def end(self, reading: Reading) -> Kept:
        """End the session, because Cognito has."""

    def take(self, cookies: Mapping[str, str]) -> Session | None:
        """The session that the browser shows, which is over from now on, if that can be done."""

    def listed(self, cookies: Mapping[str, str], subject: str) -> tuple[Listed, ...]:
        """All sessions of a user, the one last used first, if they are known here."""

    def end_listed(self, cookies: Mapping[str, str], subject: str, key: str | None) -> None:
        """End the user's session of this key; without a key, all but the browser's."""

    def end_all(self, subject: str) -> None:
        """End all sessions of a user, if that can be done here."""
