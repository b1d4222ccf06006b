"""Lock-out after failed attempts, like Cognito's.

https://docs.aws.amazon.com/cognito/latest/developerguide/authentication.html (lockout behaviour):
five failures have no effect; each further one locks for twice as long as the one before, from
one second to 15 minutes. Attempts during a lock are not counted. The counter is reset by a
success, or after 15 minutes without an attempt.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

FREE_FAILURES = 5
LONGEST_LOCK_SECONDS = 15 * 60
REMEMBERED_NAMES = 10_000


@dataclass(frozen=True)
class _Failures:
    count: int
    last: float

    def locked_until(self) -> float:
        if self.count < FREE_FAILURES:
            return self.last
        return self.last + min(2.0 ** (self.count - FREE_FAILURES), LONGEST_LOCK_SECONDS)


class Attempts:
    """Failures by key. A key is (kind of attempt, user name); the user need not exist."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._failures: dict[tuple[str, str], _Failures] = {}
        self._lock = threading.Lock()

    def is_locked(self, key: tuple[str, str]) -> bool:
        with self._lock:
            failures = self._recent(key)
            return failures is not None and self._clock() < failures.locked_until()

    def failed(self, key: tuple[str, str]) -> None:
        with self._lock:
            failures = self._recent(key)
            self._failures.pop(key, None)  # move to the end, so that the oldest is removed first
            self._failures[key] = _Failures(failures.count + 1 if failures else 1, self._clock())
            if len(self._failures) > REMEMBERED_NAMES:
                del self._failures[next(iter(self._failures))]

    def succeeded(self, key: tuple[str, str]) -> None:
        with self._lock:
            self._failures.pop(key, None)

    def _recent(self, key: tuple[str, str]) -> _Failures | None:
        failures = self._failures.get(key)
        if failures and self._clock() - failures.last >= LONGEST_LOCK_SECONDS:
            return None
        return failures
