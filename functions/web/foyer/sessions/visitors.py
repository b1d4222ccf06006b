"""Who a request comes from: its session, which is renewed, refreshed or ended as needed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from .. import flash
from ..errors import PerhapsNewKey, RequestFailed, Unavailable
from .session import auth_time

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aws_lambda_powertools import Logger

    from ..clocks import Clocks
    from ..counters import Counters
    from .keeper import Kept, Listed, Reading, SessionKeeper
    from .refresh import Access, AsksCognito
    from .session import Session, SessionCookie

RECOGNISE_SECONDS = 10  # for all of it, reading the secret included
_WAIT_SECONDS = 4  # for another request's refresh


@dataclass(frozen=True)
class Visit:
    """Who is here, and the ``Set-Cookie`` lines that must go with the answer.

    ``postponed`` is why a refresh that was due did not happen. ``was_refused``: the session ended
    because its refresh token does not count any more. ``unusable`` is why the session that the
    browser shows is none.
    """

    session: Session | None
    cookies: tuple[str, ...] = ()
    was_ended: bool = False
    was_refused: bool = False
    access: Access | None = None
    postponed: RequestFailed | None = None
    unusable: str = ""

    @property
    def signed_in(self) -> Session:
        """The session, on a route that needs one."""
        if self.session is None:
            raise LookupError("nobody is signed in; the route must say needs=Needs.SESSION")
        return self.session

    def is_recent(self, seconds: float, now: float) -> bool:
        """Whether the visitor proved who they are within ``seconds``.

        By ``auth_time`` (OIDC Core §2), since managed login may sign in without asking, and by the
        sign-in here, in case the token's time is wrong.
        """
        if self.access is None or self.session is None:
            return False
        authenticated_at = min(auth_time(self.access.claims), self.session.signed_in_at)
        return now - authenticated_at <= seconds


class Visitors:
    """Recognises visitors; ``seconds`` is how long it may take to recognise one."""

    def __init__(
        self,
        *,
        cookie: SessionCookie,
        keeper: SessionKeeper,
        refresh: AsksCognito,
        log: Logger,
        counters: Counters,
        clocks: Clocks,
        seconds: float = RECOGNISE_SECONDS,
    ) -> None:
        self._seconds = seconds
        self._cookie = cookie
        self._keeper = keeper
        self._refresh = refresh
        self._log = log
        self._counters = counters
        self._clocks = clocks

    @property
    def ends_at_once(self) -> bool:
        """Whether ``end_all`` ends sessions at that moment, or at their next refresh."""
        return self._keeper.ends_at_once

    def recognise(self, cookies: Mapping[str, str]) -> Visit:
        """Who is here. Asks Cognito only when the access token has expired."""
        deadline = self._clocks.monotonic() + self._seconds
        reading = self._keeper.read(cookies)
        session = reading.session
        if session is None:
            return self._nobody(reading)
        now = self._clocks.now()
        if session.is_due_for_refresh(now):
            return self._refreshed(reading, deadline)
        if self._cookie.is_worth_renewing(session, now):
            return self._visit(self._keeper.renew(reading))
        return Visit(session, self._left_over(reading))

    def ask(self, cookies: Mapping[str, str]) -> Visit:
        """Who is here. Refreshes now and returns a new access token.

        A session without a refresh token has no ``access``, and no ``postponed`` either.
        """
        deadline = self._clocks.monotonic() + self._seconds
        reading = self._keeper.read(cookies)
        session = reading.session
        if session is None:
            return self._nobody(reading)
        if session.refresh_token is None:
            return Visit(session, self._left_over(reading))
        wait_until = self._clocks.monotonic() + _WAIT_SECONDS
        return self._refreshed(reading, deadline, wait_until=wait_until)

    def begin(self, session: Session, cookies: Mapping[str, str], *, user_agent: str) -> Visit:
        """Begin a session, in place of all that the browser has."""
        shown = self._cookie.shown(cookies)
        session = replace(session, began=shown.next_began(self._clocks.microseconds()))
        return self._visit(self._keeper.begin(session, cookies, user_agent=user_agent))

    def has_cookie(self, cookies: Mapping[str, str]) -> bool:
        """Whether the browser sent a session cookie that counts, valid or not."""
        return self._cookie.shown(cookies).current is not None

    def sign_out(self, cookies: Mapping[str, str]) -> tuple[str, ...]:
        """``Set-Cookie`` lines that sign this browser out, whatever else is still on its way."""
        return self._cookie.sign_out(self._cookie.shown(cookies), self._clocks.microseconds())

    def session_in(self, cookies: Mapping[str, str]) -> Session | None:
        """The session as it is, or None when there is none or it is invalid."""
        reading = self._keeper.read(cookies)
        return self._nobody(reading).session if reading.broken else reading.session

    def take(self, cookies: Mapping[str, str]) -> Session | None:
        """The session as it was. In a table, it ends now for every copy of its cookie."""
        return self._keeper.take(cookies)

    def listed(self, cookies: Mapping[str, str], subject: str) -> tuple[Listed, ...]:
        """All sessions of a user, the one last used first; none with sessions in cookies."""
        return self._keeper.listed(cookies, subject)

    def end_listed(self, cookies: Mapping[str, str], subject: str, key: str | None) -> None:
        """End the user's session of this key; without a key, all but this browser's."""
        self._keeper.end_listed(cookies, subject, key)

    def end_all(self, subject: str) -> None:
        """End all sessions of a user; those in cookies end at their next refresh instead."""
        self._keeper.end_all(subject)

    def _nobody(self, reading: Reading) -> Visit:
        """No session; cookies that are invalid or left over are cleared."""
        if reading.broken is None:
            return Visit(None, self._left_over(reading))
        reason = str(reading.broken)
        self._log.info("session_not_usable", reason=reason)
        if isinstance(reading.broken, PerhapsNewKey):  # another container may be able to open it
            return Visit(None, unusable=reason)
        return Visit(None, self._cookie.clear(reading.shown.sessions), unusable=reason)

    def _visit(self, kept: Kept) -> Visit:
        return Visit(kept.session, kept.cookies)

    def _refreshed(
        self, reading: Reading, deadline: float, *, wait_until: float | None = None
    ) -> Visit:
        """Ask Cognito, unless another request is doing so."""
        try:
            is_ours, locked = self._keeper.lock(reading, wait_until=wait_until)
        except Unavailable as error:  # the session was read, so it still serves
            return self._postponed(reading.session, self._left_over(reading), error)
        session = locked.session
        if session is None:
            return self._nobody(locked)
        if not is_ours:
            busy = Unavailable("refresh_under_way") if wait_until is not None else None
            return Visit(session, self._left_over(locked), postponed=busy)
        return self._asked(locked, session, deadline)

    def _asked(self, reading: Reading, session: Session, deadline: float) -> Visit:
        """What Cognito says, and whatever comes of it kept."""
        asked = self._refresh.ask(session, deadline=deadline, now=self._clocks.now)
        if asked.ended is not None:
            return self._ended(session, self._keeper.end(reading), asked.ended)
        try:
            kept = self._keeper.write(reading, asked.session)
        except Unavailable as error:
            return self._postponed(session, self._left_over(reading), error)
        if asked.postponed is not None:
            return self._postponed(kept.session, kept.cookies, asked.postponed)
        return Visit(kept.session, kept.cookies, access=asked.access if kept.session else None)

    def _left_over(self, reading: Reading) -> tuple[str, ...]:
        return self._cookie.clear(reading.shown.left_over)

    def _postponed(
        self, session: Session | None, cookies: tuple[str, ...], error: RequestFailed
    ) -> Visit:
        """Nobody's session ends because Cognito, or the table, is unavailable."""
        sub = session.subject if session else None
        self._log.warning("refresh_postponed", reason=error.reason, detail=error.detail, sub=sub)
        self._counters.count("RefreshPostponed", reason=error.reason)
        return Visit(session, cookies, postponed=error)

    def _ended(self, session: Session, kept: Kept, error: RequestFailed) -> Visit:
        if kept.session is not None:  # another request refreshed it meanwhile
            return self._visit(kept)
        sub = session.subject
        self._log.info("session_ended", reason=error.reason, detail=error.detail, sub=sub)
        self._counters.count("SessionEnded", reason=error.reason)
        if error.reason != "token_invalid_grant":
            return Visit(None, kept.cookies, was_ended=True)
        # Signed out everywhere, disabled, or used by somebody with a copy of the cookie.
        refused = flash.remember_refusal(style=self._cookie.style)
        return Visit(None, (*kept.cookies, refused), was_ended=True, was_refused=True)
