"""The session: who is signed in, sealed into a cookie (order.py says under which name).

The cookie carries the claims that the pages show and the refresh token, but no access token.
(table_keeper.py keeps sessions in a table instead.)

A session ends after a time without use (idle), at a fixed time after sign-in (absolute), or when
Cognito refuses to refresh it.
"""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from ..cognito.answers import MOST_EXPIRES_IN_SECONDS
from ..cookies import MAX_BYTES
from ..errors import SealBroken
from . import order

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from ..cookies import CookieStyle
    from ..sealing import KeyRing
    from .order import Place, Shown

_REFRESH_AFTER = 300  # seconds
_CLOCKS_DIFFER = 5  # seconds, at most, between the containers of the guard and of the web function
_PURPOSE = "session 1"  # count up when the fields change: cookies outlive a deployment

_GROUPS = "cognito:groups"
_REFRESH_TOKEN = "refresh_token"  # noqa: S105 - a name, not a token
_CUSTOM = "custom:"
_ANY_CUSTOM = f"{_CUSTOM}*"
_MOST_NAMED = 500  # bytes of their names in ``left_out``, which have to fit into the cookie too

# Most needed first (OIDC Core §5.1); what else there is (custom attributes) comes after these.
_CLAIMS = (
    "name",
    "email",
    "email_verified",
    "cognito:username",
    _GROUPS,
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
    """A signed-in visitor. Times are whole seconds since the epoch, but ``began`` is microseconds.

    ``refreshes`` is how often Cognito was asked since sign-in. ``from_userinfo`` names the claims
    that only UserInfo had, and ``left_out`` those that did not fit into the cookie (``custom:*``
    for custom claims that are too many to be named).
    """

    issuer: str
    subject: str
    claims: Mapping[str, Any] = field(repr=False)
    refresh_token: str | None = field(repr=False)
    signed_in_at: int
    seen_at: int
    refresh_at: int
    began: int = 0
    refreshes: int = 0
    nonce_hash: str = field(default="", repr=False)
    from_userinfo: Sequence[str] = field(default_factory=list)
    left_out: Sequence[str] = field(default_factory=list)
    auth_time: int = 0  # when the password (or passkey) was last given; 0 if that is not known
    access_token: str | None = field(default=None, repr=False)  # never in a cookie

    @property
    def place(self) -> Place:
        """Where it stands among the sessions of its browser."""
        return order.Place(self.began, self.refreshes)

    @property
    def public(self) -> dict[str, Any]:
        """What programs learn of it: the claims, and the names of those that are not known."""
        unknown = {"left_out": list(self.left_out)} if self.left_out else {}
        return {"sub": self.subject, **self.claims, **unknown}

    def with_claims(self, id_token: Mapping[str, Any], userinfo: Mapping[str, Any]) -> Session:
        """The session with the claims of a new sign-in or refresh."""
        claims = kept_claims(id_token, userinfo)
        from_userinfo = [name for name in claims if name not in id_token]
        return replace(self, claims=claims, from_userinfo=from_userinfo, left_out=[])

    def with_groups_of(self, kept: Collection[str]) -> Session:
        """The session with those of the user's groups that are in ``kept``."""
        groups = self.claims.get(_GROUPS)
        if not isinstance(groups, list):
            return self
        return replace(
            self, claims={**self.claims, _GROUPS: [each for each in groups if each in kept]}
        )

    def without(self, names: Sequence[str]) -> Session:
        """The session without these claims (and the refresh token, if it is among them)."""
        claims = {name: value for name, value in self.claims.items() if name not in names}
        token = None if _REFRESH_TOKEN in names else self.refresh_token
        left_out = [*self.left_out, *(name for name in names if name in self.claims)]
        return replace(
            self,
            claims=claims,
            refresh_token=token,
            from_userinfo=[name for name in self.from_userinfo if name in claims],
            left_out=_named(left_out),
        )

    def is_due_for_refresh(self, now: float) -> bool:
        """Whether to ask Cognito if this visitor may stay signed in."""
        return self.refresh_token is not None and now >= self.refresh_at


def hash_of_nonce(nonce: str) -> str:
    """What a session keeps of its sign-in's nonce: half of its SHA-256, in base64url."""
    return base64.urlsafe_b64encode(hashlib.sha256(nonce.encode()).digest()[:16]).decode()


def next_refresh(expires_in: int | None, claims: Mapping[str, Any], now: float) -> int:
    """When tokens of this life (seconds) end; without one, when the ID token with ``claims`` does.

    With neither, after five minutes, the least that Cognito allows.
    """
    if expires_in is not None:
        return int(now) + expires_in
    expires_at = claims.get("exp", now + _REFRESH_AFTER)
    return int(min(max(expires_at, now + 1), now + MOST_EXPIRES_IN_SECONDS))


def kept_claims(id_token: Mapping[str, Any], userinfo: Mapping[str, Any]) -> dict[str, Any]:
    """The claims worth keeping, most needed first. UserInfo only fills what the ID token lacks.

    The ID token is what a refresh gives again, and what a PreTokenGeneration trigger can change.
    ``email_verified`` comes from where the address comes from, and becomes a boolean (UserInfo has
    it as the string "true").
    """
    source = id_token if "email" in id_token else userinfo
    verified = source.get("email_verified")
    is_verified = verified is True or verified == "true"  # and not 1, which equals True
    merged = {**userinfo, **id_token, "email_verified": is_verified}
    custom = sorted(name for name in merged if name.startswith(_CUSTOM))
    kept = {name: merged[name] for name in (*_CLAIMS, *custom) if name in merged}
    if "email" not in kept:
        del kept["email_verified"]
    return kept


def auth_time(claims: Mapping[str, Any]) -> int:
    """The claim of this name (OIDC Core §2), or 0: the epoch, which is never recent."""
    value = claims.get("auth_time")
    return value if type(value) is int else 0  # bool is a kind of int


@dataclass(frozen=True)
class SessionCookie:
    """Sessions in cookies of the given style; both lifetimes are in seconds."""

    style: CookieStyle
    idle_seconds: int
    max_seconds: int

    def shown(self, cookies: Mapping[str, str]) -> Shown:
        """Which session counts, and what is left over of others."""
        return order.shown(self.style.own(cookies))

    def line(self, session: Session, *, keys: KeyRing) -> tuple[str, tuple[str, ...]]:
        """Return the ``Set-Cookie`` line and the names of what was left out to make it fit.

        Claims go first, and the refresh token last: without it the session still serves, but
        Cognito can no longer end it early.
        """
        left_out: list[str] = []
        line = self._sealed(session, keys)
        if len(line) > MAX_BYTES and self._has_too_many_groups(session, keys):
            left_out.append(_GROUPS)
            session = session.without(left_out)
            line = self._sealed(session, keys)
        while len(line) > MAX_BYTES and (session.claims or session.refresh_token):
            left_out.append(_next_to_leave_out(session))
            session = session.without(left_out[-1:])
            line = self._sealed(session, keys)
        return line, tuple(left_out)

    def _has_too_many_groups(self, session: Session, keys: KeyRing) -> bool:
        """Whether they would not fit even if every other claim was left out."""
        others = [name for name in session.claims if name != _GROUPS]
        alone = session.without(others)
        return _GROUPS in alone.claims and len(self._sealed(alone, keys)) > MAX_BYTES

    def open(
        self, place: Place, cookies: Mapping[str, str], *, keys: KeyRing, now: float
    ) -> Session:
        """The session at this place (see ``shown``); raise SealBroken when it is invalid."""
        name = self.style.name(place.name)
        opened = keys.open(cookies[name], purpose=_PURPOSE, cookie=name, now=now)
        session = Session(**json.loads(opened))
        if now >= self.ends_at(session):  # the limits may have been lowered since it was sealed
            raise SealBroken("expired")
        return session

    def clear(self, names: Iterable[str]) -> tuple[str, ...]:
        """Lines that clear these cookies."""
        return tuple(self.style.clear(name) for name in names)

    def sign_out(self, shown: Shown, now: int) -> tuple[str, ...]:
        """Lines that end what the browser showed, and what was made before and arrives later.

        Such a session ends at most ``idle_seconds`` from now, so this is remembered as long.
        """
        name = shown.sign_out_name(now)
        others = (each for each in (*shown.sessions, *shown.sign_outs) if each != name)
        return (self.style.line(name, "1", max_age=self.idle_seconds), *self.clear(others))

    def is_due(self, session: Session, now: float) -> bool:
        """Whether the web function should see this session before it is trusted further.

        It asks Cognito, and renews the idle time, which a guard cannot do. Once a guard asks for
        that, the web function must see the need too, or they would send a browser in circles.
        """
        is_due = session.is_due_for_refresh(now - _CLOCKS_DIFFER)
        return is_due or now - session.seen_at >= self.idle_seconds / 2

    def is_worth_renewing(self, session: Session, now: float) -> bool:
        """Whether a tenth of the idle time has passed; always sealing would be wasteful."""
        return now - session.seen_at >= self.idle_seconds / 10

    def _sealed(self, session: Session, keys: KeyRing) -> str:
        ends_at = self.ends_at(session)
        fields = {**vars(session)}
        del fields["access_token"]
        payload = json.dumps(fields, separators=(",", ":"), ensure_ascii=False)
        name = session.place.name
        sealed = keys.seal(
            payload.encode(),
            purpose=_PURPOSE,
            cookie=self.style.name(name),
            expires_at=ends_at,
        )
        return self.style.line(name, sealed, max_age=max(0, ends_at - session.seen_at))

    def ends_at(self, session: Session) -> int:
        """When the session ends unless it is used, in seconds since the epoch."""
        return min(session.seen_at + self.idle_seconds, session.signed_in_at + self.max_seconds)


def _named(left_out: list[str]) -> list[str]:
    """These names, with ``custom:*`` for all custom claims if theirs are too long together."""
    custom = [name for name in left_out if name.startswith(_CUSTOM)]
    if _ANY_CUSTOM not in custom and len(json.dumps(custom)) <= _MOST_NAMED:
        return left_out
    return [*(name for name in left_out if name not in custom), _ANY_CUSTOM]


def _next_to_leave_out(session: Session) -> str:
    """The largest claim, of equal ones the least needed; then groups; then the refresh token.

    So one oversize value does not cost the others. Groups often decide what somebody may do.
    """
    sizes = {name: len(json.dumps(value)) for name, value in session.claims.items()}
    groups = sizes.pop(_GROUPS, None)
    if sizes:
        return max(reversed(sizes), key=lambda name: sizes[name])
    return _REFRESH_TOKEN if groups is None else _GROUPS
