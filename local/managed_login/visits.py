"""State of each browser, kept in memory and found by an opaque cookie.

A visit contains the key for its CSRF tokens and the current steps. A session is the result of a
completed sign-in. Both end with the process and are never written to disk.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

VISIT_COOKIE = "cognito-visit"
SESSION_COOKIE = "cognito"
SESSION_SECONDS = 3600  # Cognito's cookie lasts one hour, not configurable
VISIT_SECONDS = 24 * 3600
SIGN_IN_SECONDS = 300  # a sign-in form expires after five minutes
MAIL_CODE_SECONDS = 3600
MOST_STEPS = 20

Value = TypeVar("Value")


class Shelf(Generic[Value]):
    """Values under random names, each kept for a fixed time; the oldest are removed first."""

    def __init__(self, seconds: float, most: int, clock: Callable[[], float]) -> None:
        self._seconds = seconds
        self._most = most
        self._clock = clock
        self._values: dict[str, tuple[float, Value]] = {}
        self._lock = threading.Lock()

    def put(self, value: Value) -> str:
        name = secrets.token_urlsafe(32)
        self.keep(name, value)
        return name

    def keep(self, name: str, value: Value) -> None:
        """Under a name that is already secret."""
        with self._lock:
            self._values[name] = (self._clock() + self._seconds, value)
            if len(self._values) > self._most:
                del self._values[next(iter(self._values))]

    def get(self, name: str) -> Value | None:
        with self._lock:
            until, value = self._values.get(name, (0.0, None))
            return value if self._clock() < until else None

    def drop(self, name: str) -> None:
        with self._lock:
            self._values.pop(name, None)


@dataclass(frozen=True)
class Session:
    """A completed sign-in. MiniStack needs the password for the next code."""

    username: str
    password: str = field(repr=False)


@dataclass(frozen=True)
class ConfirmEmail:
    """Signed up; waiting for the code from the mail."""

    username: str
    signed_up_here: bool = False
    seconds = MAIL_CODE_SECONDS


@dataclass(frozen=True)
class ResetPassword:
    """Requested a reset code; the user may not exist."""

    username: str
    seconds = MAIL_CODE_SECONDS


@dataclass(frozen=True)
class ChooseNewPassword:
    """Signed in with a temporary password."""

    username: str
    seconds = SIGN_IN_SECONDS


@dataclass(frozen=True)
class AnswerTotp:
    """The password was correct; waiting for the code of the authenticator app."""

    username: str
    password: str = field(repr=False)
    seconds = SIGN_IN_SECONDS


@dataclass(frozen=True)
class EnrolTotp:
    """The password was correct; an authenticator app has to be set up first."""

    username: str
    password: str = field(repr=False)
    access_token: str = field(repr=False)
    totp_secret: str = field(repr=False)
    seconds = SIGN_IN_SECONDS


Step = ConfirmEmail | ResetPassword | ChooseNewPassword | AnswerTotp | EnrolTotp
StepType = TypeVar("StepType", bound=Step)


class Visit:
    """One browser, from its first page until it is closed, for at most one day."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._key = secrets.token_bytes(32)
        self._steps: dict[str, tuple[float, Step]] = {}
        self._lock = threading.Lock()
        self.waits_for_mail_at = ""  # the page that the inbox links back to

    def begin(self, step: Step) -> str:
        """Keep ``step`` under a new name, which is valid in this visit only."""
        name = secrets.token_urlsafe(16)
        with self._lock:
            self._steps[name] = (self._clock() + step.seconds, step)
            if len(self._steps) > MOST_STEPS:
                del self._steps[next(iter(self._steps))]
        return name

    def step(self, name: str, kind: type[StepType]) -> StepType | None:
        with self._lock:
            until, step = self._steps.get(name, (0.0, None))
        return step if isinstance(step, kind) and self._clock() < until else None

    def confirms(self, username: str) -> bool:
        """Whether this browser has just signed up as this user."""
        with self._lock:
            steps = [step for until, step in self._steps.values() if self._clock() < until]
        return ConfirmEmail(username, signed_up_here=True) in steps

    def end(self, name: str) -> None:
        with self._lock:
            self._steps.pop(name, None)

    def form_token(self, path: str) -> str:
        """A CSRF token for the form at ``path`` in this visit."""
        issued = f"{self._clock():.0f}"
        return f"{issued}.{self._mac(path, issued)}"

    def form_age(self, token: str, path: str) -> float | None:
        """Seconds since the form was created, or None if it was not created here."""
        issued, _, mac = token.partition(".")
        if not issued.isascii() or not issued.isdigit():
            return None
        if not hmac.compare_digest(mac.encode(), self._mac(path, issued).encode()):
            return None
        return self._clock() - float(issued)

    def _mac(self, path: str, issued: str) -> str:
        return hmac.new(self._key, f"{path}\n{issued}".encode(), hashlib.sha256).hexdigest()
