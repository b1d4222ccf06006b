"""Sign-in attempts: what /login stores for /callback, bound to the browser.

Each attempt has its own cookie, so that two tabs don't disturb each other. The cookie's name ends
in the first characters of the state: enough to find it, not enough to reveal the state.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import secrets
from dataclasses import dataclass, field
from itertools import accumulate
from typing import TYPE_CHECKING

from ..cookies import MAX_BYTES
from ..errors import SealBroken

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..cookies import CookieStyle
    from ..sealing import KeyRing

LIFETIME = 600  # seconds; managed login's own form dies after five minutes
MAX_OPEN = 5
# Of all cookies together. API Gateway answers 431 to a request whose line and headers have more
# than 10,240 bytes, and a browser sends up to 1,000 besides cookies.
MOST_COOKIE_BYTES = 9200
_NEW_ATTEMPT_BYTES = 1200
MAX_KEPT_BYTES = 3000

_PREFIX = "foyer-attempt-"
_PURPOSE = "attempt 1"  # count up when the fields change: cookies outlive a deployment
_SLOT = re.compile(r"[A-Za-z0-9_-]{8}")
_MAX_SLOTS = 32  # as many as an answer's headers have room to clear


@dataclass(frozen=True)
class Attempt:
    """One sign-in under way. ``started_at`` is in seconds since the epoch."""

    state: str = field(repr=False)
    nonce: str = field(repr=False)
    code_verifier: str = field(repr=False)
    return_to: str = field(repr=False)
    started_at: int

    @classmethod
    def start(cls, *, return_to: str, now: float) -> Attempt:
        """A new attempt; state, nonce and code verifier are 256 random bits each."""
        return cls(
            state=secrets.token_urlsafe(32),
            nonce=secrets.token_urlsafe(32),
            code_verifier=secrets.token_urlsafe(32),
            return_to=return_to,
            started_at=int(now),
        )

    @property
    def code_challenge(self) -> str:
        """The S256 challenge (RFC 7636 §4.2)."""
        digest = hashlib.sha256(self.code_verifier.encode("ascii")).digest()
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


@dataclass(frozen=True)
class AttemptCookies:
    """Attempts in cookies of the given style."""

    style: CookieStyle

    def line(self, attempt: Attempt, *, keys: KeyRing) -> str:
        """The ``Set-Cookie`` line that remembers the attempt."""
        sealed = keys.seal(
            json.dumps(vars(attempt)).encode(),
            purpose=_PURPOSE,
            cookie=self.style.name(_PREFIX + _slot(attempt.state)),
            expires_at=attempt.started_at + LIFETIME,
        )
        return self.style.line(_PREFIX + _slot(attempt.state), sealed, max_age=LIFETIME)

    def find(
        self, state: str, cookies: Mapping[str, str], *, keys: KeyRing, now: float
    ) -> Attempt | None:
        """The attempt that this state belongs to, if this browser began it.

        Raise SealBroken when the cookie is there but cannot be trusted, or has expired.
        """
        name = self.style.name(_PREFIX + _slot(state))
        if name not in cookies:
            return None
        attempt = _open(name, cookies, keys=keys, now=now)
        if not hmac.compare_digest(attempt.state.encode(), state.encode()):
            return None
        return attempt

    def forget(self, state: str, cookies: Mapping[str, str]) -> tuple[str, ...]:
        """The line that forgets the attempt of this state, if the browser has one."""
        return tuple(
            self.style.clear(_PREFIX + slot)
            for slot in self._slots(cookies)
            if slot == _slot(state)
        )

    def forget_all(self, cookies: Mapping[str, str]) -> tuple[str, ...]:
        """Lines that forget every attempt."""
        return tuple(self.style.clear(_PREFIX + slot) for slot in self._slots(cookies))

    def make_room(
        self, cookies: Mapping[str, str], *, keys: KeyRing, now: float
    ) -> tuple[str, ...]:
        """Lines that forget the oldest attempts, so that one more makes at most MAX_OPEN.

        Fewer stay when they are large, or when other cookies are: with the new attempt and one
        more session there must be room in a request for all cookies (MOST_COOKIE_BYTES).
        """

        def age(slot: str) -> float:
            name = self.style.name(_PREFIX + slot)
            try:
                return now - _open(name, cookies, keys=keys, now=now).started_at
            except SealBroken:
                return float("inf")

        youngest_first = sorted(self._slots(cookies), key=age)
        at_most = youngest_first[: MAX_OPEN - 1]
        sizes = accumulate(len(cookies[self.style.name(_PREFIX + slot)]) for slot in at_most)
        others = sum(
            len(name) + len(value) + 3
            for name, value in cookies.items()
            if not name.startswith(self.style.name(_PREFIX))
        )
        left = MOST_COOKIE_BYTES - _NEW_ATTEMPT_BYTES - MAX_BYTES - others
        room = sum(size <= min(MAX_KEPT_BYTES, left) for size in sizes)
        return tuple(self.style.clear(_PREFIX + slot) for slot in youngest_first[room:])

    def _slots(self, cookies: Mapping[str, str]) -> list[str]:
        prefix = self.style.name(_PREFIX)
        named = (name.removeprefix(prefix) for name in cookies if name.startswith(prefix))
        # A slot goes back out in a header, so it must be one that we could have made.
        return [slot for slot in named if _SLOT.fullmatch(slot)][:_MAX_SLOTS]


def _open(name: str, cookies: Mapping[str, str], *, keys: KeyRing, now: float) -> Attempt:
    opened = keys.open(cookies[name], purpose=_PURPOSE, cookie=name, now=now)
    return Attempt(**json.loads(opened))


def _slot(state: str) -> str:
    return state[:8]
