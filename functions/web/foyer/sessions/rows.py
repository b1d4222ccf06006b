"""A session as a row of a table: tokens and claims are sealed, the rest is in the clear.

Only the cookie holds the session's random id; the row's key is its SHA-256. The seal's key is made
of the id and the session key, so that neither the table nor the cookie opens anything alone. In the
clear are the subject's SHA-256, times and the device.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from typing import TYPE_CHECKING

from ..errors import SealBroken
from .device import device_of
from .order import Place
from .session import Session

if TYPE_CHECKING:
    from ..aws.dynamodb import Row
    from ..aws.secret_store import SecretStore
    from ..clocks import Clocks
    from ..sealing import KeyRing
    from .session import SessionCookie

_PURPOSE = "row 1"  # count up when the fields change: rows outlive a deployment
_NEEDED = {"sealed", "seen_at", "writes"}
READ = ",".join(sorted(_NEEDED))  # the attributes that ``session`` takes


class Rows:
    """Makes rows of sessions, and sessions of rows.

    Access tokens are in them only with ``keeps_access_token``, for the guard.
    """

    def __init__(
        self,
        cookie: SessionCookie,
        secrets: SecretStore,
        clocks: Clocks,
        *,
        keeps_access_token: bool,
    ) -> None:
        self._cookie = cookie
        self._secrets = secrets
        self._clocks = clocks
        self._keeps_access_token = keeps_access_token

    def new(self, session: Session, session_id: str, *, user_agent: str) -> Row:
        """The whole row of a session that begins."""
        return {
            "id": key_of(session_id),
            "subject_hash": hash_of_subject(session.subject),
            "signed_in_at": session.signed_in_at,
            "device": device_of(user_agent),
            **self.fields(session, session_id, writes=0),
        }

    def fields(self, session: Session, session_id: str, *, writes: int) -> Row:
        """What a refresh changes, sealed with the newest key."""
        kept = session if self._keeps_access_token else replace(session, access_token=None)
        keys = self._secrets.credentials().key_ring
        sealed = keys.seal(
            json.dumps(vars(kept)).encode(),
            purpose=_PURPOSE,
            cookie=self._cookie_name(session.began),
            expires_at=session.signed_in_at + self._cookie.max_seconds,
            only_with=session_id,
        )
        return {"sealed": sealed, "writes": writes, **self.times(session)}

    def times(self, session: Session) -> Row:
        """What each use of the session may change."""
        return {"seen_at": session.seen_at, "expires_at": self._cookie.ends_at(session)}

    def session(self, row: Row, session_id: str, *, began: int) -> Session:
        """The session in the row; raise SealBroken, or Unavailable when the secret is."""
        return self._secrets.use(
            lambda credentials: self._open(row, session_id, began, credentials.key_ring)
        )

    def _open(self, row: Row, session_id: str, began: int, keys: KeyRing) -> Session:
        if not row.keys() >= _NEEDED:
            raise SealBroken("row_malformed")
        if not row["sealed"]:
            raise SealBroken("not_in_table")
        opened = keys.open(
            str(row["sealed"]),
            purpose=_PURPOSE,
            cookie=self._cookie_name(began),
            now=self._clocks.now(),
            only_with=session_id,
        )
        session = Session(**{**json.loads(opened), "seen_at": int(row["seen_at"])})
        # DynamoDB deletes such rows days later.
        if self._clocks.now() >= self._cookie.ends_at(session):
            raise SealBroken("expired")
        return session

    def _cookie_name(self, began: int) -> str:
        return self._cookie.style.name(Place(began, 0).name)


def key_of(session_id: str) -> str:
    """The key of a session's row."""
    return hashlib.sha256(session_id.encode()).hexdigest()


def hash_of_subject(subject: str) -> str:
    """How rows name their user; docs/operations.md has the command."""
    return hashlib.sha256(subject.encode()).hexdigest()
