"""Sign-in attempts: what /login stores for /callback, bound to the browser.

Each attempt has its own cookie, so that two tabs don't disturb each other. There are five names, so
that cookies cannot pile up, however many requests a browser sends at once. The first character of
the state says which one.
"""

from __future__ import annotations

import base64
import contextlib
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

SLOTS = "ABCDE"
LIFETIME = 600  # seconds; managed login's own form dies after five minutes
MAX_OPEN = len(SLOTS)
# Of all cookies together. API Gateway answers 431 to a request whose line and headers have more
# than 10,240 bytes, and a browser sends up to 1,000 more without cookies.
MOST_COOKIE_BYTES = 9200
_NEW_ATTEMPT_BYTES = 1200
MAX_KEPT_BYTES = 3000

_PREFIX = "foyer-attempt-"
_PURPOSE = "attempt 1"  # count up when the fields change: cookies outlive a deployment
_SLOT = re.compile(r"[A-Za-z0-9_-]{1,8}")
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
    def start(cls, *, return_to: str, now: float, slot: str) -> Attempt:
        """A new attempt; state, nonce and code verifier are 250 random bits each, or more."""
        return cls(
            state=slot + secrets.token_urlsafe(32)[1:],
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

    def clear(self, attempt: Attempt) -> str:
        """The line that forgets the attempt."""
        return self.style.clear(_PREFIX + _slot(attempt.state))

    def forget(
        self, state: str, cookies: Mapping[str, str], *, keys: KeyRing | None, now: float
    ) -> tuple[str, ...]:
        """The line that forgets the attempt of this state, if the browser has one.

        A cookie of its name that cannot be opened goes too. Another attempt of that name stays.
        """
        slot = _slot(state)
        is_here = slot in self._slots(cookies)
        if is_here and keys is not None:
            with contextlib.suppress(SealBroken):
                is_here = self.find(state, cookies, keys=keys, now=now) is not None
        return (self.style.clear(_PREFIX + slot),) if is_here else ()

    def forget_all(self, cookies: Mapping[str, str]) -> tuple[str, ...]:
        """Lines that forget every attempt."""
        return tuple(self.style.clear(_PREFIX + slot) for slot in self._slots(cookies))

    def begin(
        self, cookies: Mapping[str, str], *, return_to: str, keys: KeyRing, now: float
    ) -> tuple[Attempt, tuple[str, ...]]:
        """A new attempt, and lines that remember it and forget the oldest ones to make room."""
        kept = self._kept(cookies, keys=keys, now=now)
        # By chance, so that requests at the same moment rarely take the same one.
        slot = secrets.choice([slot for slot in SLOTS if slot not in kept])
        attempt = Attempt.start(return_to=return_to, now=now, slot=slot)
        cleared = (each for each in self._slots(cookies) if each not in (*kept, slot))
        lines = (self.style.clear(_PREFIX + each) for each in cleared)
        return attempt, (*lines, self.line(attempt, keys=keys))

    def _kept(self, cookies: Mapping[str, str], *, keys: KeyRing, now: float) -> list[str]:
        """The attempts that stay when one more begins, which makes at most MAX_OPEN.

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
        return youngest_first[:room]

    def _slots(self, cookies: Mapping[str, str]) -> list[str]:
        prefix = self.style.name(_PREFIX)
        named = (name.removeprefix(prefix) for name in cookies if name.startswith(prefix))
        # A slot goes back out in a header, so it must be one that we could have made.
        return [slot for slot in named if _SLOT.fullmatch(slot)][:_MAX_SLOTS]


def _open(name: str, cookies: Mapping[str, str], *, keys: KeyRing, now: float) -> Attempt:
    opened = keys.open(cookies[name], purpose=_PURPOSE, cookie=name, now=now)
    return Attempt(**json.loads(opened))


def _slot(state: str) -> str:
    return state[:1]
