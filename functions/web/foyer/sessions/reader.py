"""The session that a browser shows, as it is: nothing is renewed, refreshed or ended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..errors import SealBroken

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ..aws.secret_store import SecretStore
    from .order import Shown
    from .session import Session, SessionCookie


@dataclass(frozen=True)
class Reading:
    """The session, or None; ``broken`` is why a cookie that is there gave none."""

    shown: Shown
    session: Session | None = None
    broken: SealBroken | None = None


class SessionReader:
    """Opens session cookies; ``now`` gives seconds since the epoch."""

    def __init__(
        self, cookie: SessionCookie, secrets: SecretStore, *, now: Callable[[], float]
    ) -> None:
        self._cookie = cookie
        self._secrets = secrets
        self._now = now

    def read(self, cookies: Mapping[str, str]) -> Reading:
        """The session in these cookies; raise Unavailable when the secret is."""
        shown = self._cookie.shown(cookies)
        place = shown.current
        if place is None:
            return Reading(shown)
        try:
            session = self._secrets.use(
                lambda credentials: self._cookie.open(
                    place, cookies, keys=credentials.key_ring, now=self._now()
                )
            )
        except SealBroken as error:
            return Reading(shown, broken=error)
        return Reading(shown, session)
