"""The session: who is signed in, sealed into one cookie.

There is no session store: the cookie carries the claims that the pages show and the refresh
token, but no access token. A session ends after a time without use (idle), at a fixed time after
sign-in (absolute), or when Cognito refuses to refresh it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from ..cookies import MAX_BYTES
from ..errors import SealBroken

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..cookies import CookieStyle
    from ..sealing import KeyRing

COOKIE = "foyer-session"
_PURPOSE = "session 1"  # count up when the fields change: cookies outlive a deployment

# Most needed first (OIDC Core §5.1); what else there is (custom attributes) comes after these.
_CLAIMS = (
    "name",
    "email",
    "email_verified",
    "cognito:username",
    "cognito:groups",
    "preferred_username",
    "given_name",
    "family_name",
    "nickname",
    "locale",
    "zoneinfo",
    "picture",
)


@dataclass(frozen=True)
class Session:
    """A signed-in visitor. Times are whole seconds since the epoch."""

    issuer: str
    subject: str
    claims: Mapping[str, Any] = field(repr=False)
    refresh_token: str | None = field(repr=False)
    signed_in_at: int
    seen_at: int
    refresh_at: int

    def is_due_for_refresh(self, now: float) -> bool:
        """Whether to ask Cognito if this visitor may stay signed in."""
        return self.refresh_token is not None and now >= self.refresh_at


def kept_claims(*sources: Mapping[str, Any]) -> dict[str, Any]:
    """The claims worth keeping, most needed first; of two sources, the later one wins.

    ``email_verified`` becomes a boolean: UserInfo has it as the string "true".
    """
    merged: dict[str, Any] = {}
    for source in sources:
        merged |= source
    custom = sorted(name for name in merged if name.startswith("custom:"))
    kept = {name: merged[name] for name in (*_CLAIMS, *custom) if name in merged}
    if "email_verified" in kept:
        kept["email_verified"] = kept["email_verified"] in (True, "true")
    return kept


@dataclass(frozen=True)
class SessionCookie:
    """The session in a cookie of the given style; both lifetimes are in seconds."""

    style: CookieStyle
    idle_seconds: int
    max_seconds: int

    def is_in(self, cookies: Mapping[str, str]) -> bool:
        """Whether the browser sent a session cookie, valid or not."""
        return self.style.name(COOKIE) in cookies

    def line(self, session: Session, *, keys: KeyRing) -> tuple[str, tuple[str, ...]]:
        """Return the ``Set-Cookie`` line and the names of what was left out to make it fit.

        Claims go first, the least needed before the others, and the refresh token last:
        without it the session still serves, but Cognito can no longer end it early.
        """
        left_out: list[str] = []
        line = self._sealed(session, keys)
        while len(line) > MAX_BYTES:
            session, name = _without_least_needed(session)
            left_out.append(name)
            line = self._sealed(session, keys)
        return line, tuple(left_out)

    def open(self, cookies: Mapping[str, str], *, keys: KeyRing, now: float) -> Session:
        """The session in the cookie (see ``is_in``); raise SealBroken when it is invalid."""
        name = self.style.name(COOKIE)
        opened = keys.open(cookies[name], purpose=_PURPOSE, cookie=name, now=now)
        session = Session(**json.loads(opened))
        if now >= self._ends_at(session):  # the limits may have been lowered since it was sealed
            raise SealBroken("expired")
        return session

    def clear(self) -> str:
        """The line that ends the session in the browser."""
        return self.style.clear(COOKIE)

    def is_worth_renewing(self, session: Session, now: float) -> bool:
        """Whether a tenth of the idle time has passed; always sealing would be wasteful."""
        return now - session.seen_at >= self.idle_seconds / 10

    def _sealed(self, session: Session, keys: KeyRing) -> str:
        ends_at = self._ends_at(session)
        payload = json.dumps(vars(session), separators=(",", ":"), ensure_ascii=False)
        name = self.style.name(COOKIE)
        sealed = keys.seal(payload.encode(), purpose=_PURPOSE, cookie=name, expires_at=ends_at)
        return self.style.line(COOKIE, sealed, max_age=max(0, ends_at - session.seen_at))

    def _ends_at(self, session: Session) -> int:
        return min(session.seen_at + self.idle_seconds, session.signed_in_at + self.max_seconds)


def _without_least_needed(session: Session) -> tuple[Session, str]:
    claims = dict(session.claims)
    if claims:
        name, _ = claims.popitem()
        return replace(session, claims=claims), name
    return replace(session, refresh_token=None), "refresh_token"
