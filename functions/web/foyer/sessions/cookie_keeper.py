"""Sessions in cookies: nothing is stored, so nothing can be locked or ended elsewhere."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ..errors import SealBroken
from .keeper import Kept, Listed, Reading

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from aws_lambda_powertools import Logger

    from ..aws.secret_store import SecretStore
    from .order import Shown
    from .session import Session, SessionCookie


class CookieKeeper:
    """Opens and seals session cookies; ``now`` gives seconds since the epoch.

    ``groups`` are those worth their place in a cookie; empty means all.
    """

    ends_at_once = False

    def __init__(
        self,
        cookie: SessionCookie,
        secrets: SecretStore,
        *,
        log: Logger,
        now: Callable[[], float],
        groups: tuple[str, ...] = (),
    ) -> None:
        self._groups = groups
        self._cookie = cookie
        self._secrets = secrets
        self._log = log
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

    def begin(self, session: Session, cookies: Mapping[str, str], *, user_agent: str) -> Kept:
        del user_agent  # there is no list of sessions to show it in
        return self._sealed(session, self._cookie.shown(cookies))

    def renew(self, reading: Reading) -> Kept:
        return self._sealed(reading.session, reading.shown)

    def lock(self, reading: Reading, *, wait_until: float | None) -> tuple[bool, Reading]:
        """Always: two requests may refresh at once, which Cognito's grace period allows."""
        del wait_until
        return True, reading

    def write(self, reading: Reading, session: Session) -> Kept:
        return self._sealed(session, reading.shown)

    def end(self, reading: Reading) -> Kept:
        return Kept(None, self._cookie.clear(reading.shown.sessions))

    def take(self, cookies: Mapping[str, str]) -> Session | None:
        """The session; only the browser can forget a cookie."""
        return self.read(cookies).session

    def listed(self, cookies: Mapping[str, str], subject: str) -> tuple[Listed, ...]:
        """None: cookies elsewhere are not known."""
        del cookies, subject
        return ()

    def end_listed(self, cookies: Mapping[str, str], subject: str, key: str | None) -> None:
        """There is no list."""

    def end_all(self, subject: str) -> None:
        """Cookies elsewhere end at their next refresh."""

    def _sealed(self, session: Session | None, shown: Shown) -> Kept:
        """The session, in use now, in its cookie; every other session cookie is cleared."""
        if session is None:
            raise LookupError("there is no session to seal")
        session = replace(session, seen_at=int(self._now()))
        if self._groups:
            session = session.with_groups_of(self._groups)
        line, left_out = self._cookie.line(session, keys=self._secrets.credentials().key_ring)
        if left_out:
            self._log.warning("session_too_large", left_out=list(left_out))
            session = session.without(left_out)
        others = [name for name in shown.sessions if name != session.place.name]
        return Kept(session, (line, *self._cookie.clear(others)))
