"""Sessions in a table: over at once wherever they are used, and listed for their owner.

The cookie holds a random id, the same during the whole session; rows.py makes a row's key of it.

No write creates a row, except at sign-in; so an answer that comes late cannot bring back a session
that is over.
"""

from __future__ import annotations

import re
import secrets as random
from dataclasses import replace
from typing import TYPE_CHECKING

from ..errors import SealBroken, Unavailable
from .keeper import Kept, Listed, Reading
from .order import Place
from .rows import READ, hash_of_subject, key_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aws_lambda_powertools import Logger

    from ..aws.dynamodb import Row, Table
    from ..clocks import Clocks
    from .order import Shown
    from .rows import Rows
    from .session import Session, SessionCookie

INDEX = "BySubject"

# Longer than a refresh can take, with its writes, so that only the lock of a container that has
# died is taken over. Cognito's grace period for a replaced refresh token is longer (template.yaml).
LOCK_SECONDS = 15
_ASK_AGAIN_AFTER = 0.1  # seconds, while another request refreshes

_ID = re.compile(r"[A-Za-z0-9_-]{43}")  # 256 bits

_IS_THERE = "attribute_exists(id) AND sealed <> :nothing"  # nor emptied, see ``end``
_IS_OURS = "lock_id = :lock"
# Our own lock counts as free: a call may be carried out twice.
_IS_FREE = (
    "writes = :writes AND"
    " (attribute_not_exists(locked_until) OR locked_until <= :now OR lock_id = :lock)"
)


class TableKeeper:
    """Keeps sessions in the rows of a table."""

    ends_at_once = True

    def __init__(
        self, table: Table, rows: Rows, cookie: SessionCookie, *, log: Logger, clocks: Clocks
    ) -> None:
        self._table = table
        self._rows = rows
        self._cookie = cookie
        self._log = log
        self._clocks = clocks

    def read(self, cookies: Mapping[str, str]) -> Reading:
        shown = self._cookie.shown(cookies)
        if shown.current is None:
            return Reading(shown)
        session_id = self._id(shown.current.name, cookies)
        if not session_id:
            return Reading(shown, broken=SealBroken("not_an_id"))
        return self._looked_up(shown, session_id)

    def begin(self, session: Session, cookies: Mapping[str, str], *, user_agent: str) -> Kept:
        shown = self._cookie.shown(cookies)
        session_id = random.token_urlsafe(32)
        self._table.put(self._rows.new(session, session_id, user_agent=user_agent))
        seconds = session.signed_in_at + self._cookie.max_seconds - int(self._clocks.now())
        name = Place(session.began, 0).name
        line = self._cookie.style.line(name, session_id, max_age=max(0, seconds))
        others = [each for each in shown.sessions if each != name]
        return Kept(session, (line, *self._cookie.clear(others)))

    def renew(self, reading: Reading) -> Kept:
        """If the row cannot be written, the session serves as it is."""
        if reading.session is None:
            return self._over(reading)
        session = replace(reading.session, seen_at=int(self._clocks.now()))
        try:
            key = key_of(reading.session_id)
            if not self._table.update(key, self._rows.times(session), _IS_THERE, {"nothing": ""}):
                return self._over(reading)
        except Unavailable as error:
            self._log.warning("session_not_renewed", reason=error.reason, detail=error.detail)
            session = reading.session
        return self._kept(reading, session)

    def lock(self, reading: Reading, *, wait_until: float | None) -> tuple[bool, Reading]:
        lock = random.token_hex(16)
        while True:
            now = int(self._clocks.now())
            if self._table.update(
                key_of(reading.session_id),
                {"lock_id": lock, "locked_until": now + LOCK_SECONDS},
                _IS_FREE,
                {"writes": reading.writes, "now": now, "lock": lock},
            ):
                return True, replace(reading, lock=lock)
            reading = self._looked_up(reading.shown, reading.session_id)
            is_last_try = wait_until is None or self._clocks.monotonic() >= wait_until
            if reading.session is None or is_last_try:
                return False, reading
            self._clocks.pause(_ASK_AGAIN_AFTER)

    def write(self, reading: Reading, session: Session) -> Kept:
        """Sealed with the newest key. The session is over if its row has gone meanwhile."""
        session = replace(session, seen_at=int(self._clocks.now()))
        fields = self._rows.fields(session, reading.session_id, writes=reading.writes + 1)
        key = key_of(reading.session_id)
        is_written = self._table.update(
            key, {**fields, "locked_until": 0}, _IS_OURS, {"lock": reading.lock}
        )
        return self._kept(reading, session) if is_written else self._as_it_is(reading)

    def end(self, reading: Reading) -> Kept:
        """Empties the row, because the guard may not delete any; DynamoDB deletes it later.

        A session whose row cannot be written is refused at its next refresh again.
        """
        now = int(self._clocks.now())
        empty: Row = {"sealed": "", "writes": reading.writes + 1, "expires_at": now}
        key = key_of(reading.session_id)
        try:
            is_ended = self._table.update(key, empty, _IS_OURS, {"lock": reading.lock})
        except Unavailable as error:
            self._log.warning("session_still_in_table", reason=error.reason, detail=error.detail)
            is_ended = True
        return self._over(reading) if is_ended else self._as_it_is(reading)

    def take(self, cookies: Mapping[str, str]) -> Session | None:
        shown = self._cookie.shown(cookies)
        current = None
        for name in shown.sessions:
            session_id = self._id(name, cookies)
            if not session_id:
                continue
            row = self._table.delete(key_of(session_id))
            if row is not None and shown.current is not None and name == shown.current.name:
                current = self._read(shown, session_id, row).session
        return current

    def listed(self, cookies: Mapping[str, str], subject: str) -> tuple[Listed, ...]:
        own = self._own_key(cookies)
        sessions = [
            Listed(
                str(row["id"]),
                str(row.get("device", "")),
                int(row.get("signed_in_at", 0)),
                int(row.get("seen_at", 0)),
                row["id"] == own,
            )
            for row in self._of(subject)
            if int(row.get("expires_at", 0)) > self._clocks.now()
        ]
        return tuple(sorted(sessions, key=lambda each: each.seen_at, reverse=True))

    def end_listed(self, cookies: Mapping[str, str], subject: str, key: str | None) -> None:
        """Only rows of this user: a key comes from a form."""
        own = self._own_key(cookies)
        for row in self._of(subject):
            if row["id"] == key or (key is None and row["id"] != own):
                self._table.delete(str(row["id"]))

    def _own_key(self, cookies: Mapping[str, str]) -> str:
        place = self._cookie.shown(cookies).current
        return key_of(self._id(place.name, cookies)) if place else ""

    def end_all(self, subject: str) -> None:
        for row in self._of(subject):
            self._table.delete(str(row["id"]))

    def _id(self, name: str, cookies: Mapping[str, str]) -> str:
        value = cookies.get(self._cookie.style.name(name), "")
        return value if _ID.fullmatch(value) else ""

    def _of(self, subject: str) -> list[Row]:
        return self._table.query(INDEX, "subject_hash", hash_of_subject(subject))

    def _looked_up(self, shown: Shown, session_id: str) -> Reading:
        row = self._table.get(key_of(session_id), fields=READ)
        if row is None:
            return Reading(shown, broken=SealBroken("not_in_table"))
        return self._read(shown, session_id, row)

    def _read(self, shown: Shown, session_id: str, row: Row) -> Reading:
        try:
            began = shown.current.began if shown.current else 0
            session = self._rows.session(row, session_id, began=began)
        except SealBroken as error:
            return Reading(shown, broken=error)
        return Reading(shown, session, session_id=session_id, writes=int(row["writes"]))

    def _kept(self, reading: Reading, session: Session) -> Kept:
        return Kept(session, self._cookie.clear(reading.shown.left_over))

    def _as_it_is(self, reading: Reading) -> Kept:
        """Another request has changed the row, or it has gone."""
        found = self._looked_up(reading.shown, reading.session_id)
        return self._over(reading) if found.session is None else self._kept(found, found.session)

    def _over(self, reading: Reading) -> Kept:
        return Kept(None, self._cookie.clear(reading.shown.sessions))
