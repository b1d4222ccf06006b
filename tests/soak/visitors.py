"""Visitors who sign in repeatedly and check which user they see."""

from __future__ import annotations

import contextlib
import http.client
import json
import re
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from tests.fake_cognito import User
from tests.soak.upstreams import FaultyCognito

_SHOWN = re.compile(r"visitor-(\d+)@example\.com")
_SIGN_OUT_EVERY = 5


class WrongUser(AssertionError):
    """A visitor was shown another user's data."""


class LostSession(AssertionError):
    """A visitor was signed out unexpectedly."""


@dataclass
class Browser:
    """The cookies of one visitor; a new connection for each request."""

    port: int
    cookies: dict[str, str] = field(default_factory=dict)

    def ask(self, method: str, path: str) -> tuple[int, str, str]:
        """Status, Location and body."""
        headers = {"Host": f"localhost:{self.port}", "Sec-Fetch-Site": "same-origin"}
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{name}={it}" for name, it in self.cookies.items())
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=40)
        with contextlib.closing(connection):
            connection.request(method, path, headers=headers)
            answer = connection.getresponse()
            body = answer.read().decode()
        for line in answer.headers.get_all("Set-Cookie", []):
            self._keep(line)
        return answer.status, answer.headers.get("Location", ""), body

    @property
    def is_somebody(self) -> bool:
        """Whether a session or an attempt is left."""
        return any("session" in name or "attempt" in name for name in self.cookies)

    def _keep(self, line: str) -> None:
        pair, *attributes = line.split("; ")
        name, _, value = pair.partition("=")
        if "Max-Age=0" in attributes:
            self.cookies.pop(name, None)
        else:
            self.cookies[name] = value


@dataclass
class Tally:
    """What happened so far, to all visitors together."""

    wanted: int
    deadline: float
    sign_ins: int = 0
    pages: int = 0
    sign_outs: int = 0
    failures: Counter[int] = field(default_factory=Counter)
    broken: list[BaseException] = field(default_factory=list)
    _numbers: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def next_number(self) -> int | None:
        """The next visitor's number, or None when it is enough."""
        with self._lock:
            enough = self.sign_ins >= self.wanted or time.monotonic() > self.deadline
            if enough or self.broken:
                return None
            self._numbers += 1
            return self._numbers

    def count(self, **what: int) -> None:
        """Add to the counts of these names."""
        with self._lock:
            for name, number in what.items():
                setattr(self, name, getattr(self, name) + number)

    def count_failure(self, status: int) -> None:
        with self._lock:
            self.failures[status] += 1


@dataclass
class Visitor:
    """Runs in its own thread, with one long session and many short ones."""

    cognito: FaultyCognito
    port: int
    tally: Tally

    def run(self) -> None:
        try:
            self._run()
        except BaseException as error:
            self.tally.broken.append(error)  # raised again in the waiting thread

    def _run(self) -> None:
        resident = Browser(self.port)
        first = self._arrive(resident)
        while first is not None:
            browser = Browser(self.port)
            number = self._arrive(browser)
            if number is None:
                return
            self._look_at_claims(resident, first)
            if number % _SIGN_OUT_EVERY == 0:
                self._sign_out(browser)

    def _arrive(self, browser: Browser) -> int | None:
        """Sign in, with retries; return the visitor's number, or None if time is up."""
        number = self.tally.next_number()
        if number is None:
            return None
        while not self._sign_in(browser, number):
            if time.monotonic() > self.tally.deadline:
                return None
        self._look_at_page(browser, number)
        return number

    def _sign_in(self, browser: Browser, number: int) -> bool:
        status, location, _ = browser.ask("GET", "/login")
        assert status == 302, f"/login answered {status}"
        user = User(
            username=f"visitor-{number}",
            name=f"Visitor {number}",
            email=f"visitor-{number}@example.com",
        )
        user.sub = f"sub-{number}"
        callback = urlsplit(self.cognito.visit_as(user, location))
        status, _, _ = browser.ask("GET", f"{callback.path}?{callback.query}")
        if status == 303:
            self.tally.count(sign_ins=1)
            return True
        if browser.is_somebody:
            raise AssertionError(f"a sign-in that failed left {list(browser.cookies)}")
        self.tally.count_failure(status)
        return False

    def _look_at_page(self, browser: Browser, number: int) -> None:
        status, _, page = browser.ask("GET", "/")
        shown = set(_SHOWN.findall(page))
        if shown - {str(number)}:
            raise WrongUser(f"visitor {number} was shown {shown}")
        if not shown:
            raise LostSession(f"visitor {number} was signed out; the page has status {status}")
        self.tally.count(pages=1)

    def _look_at_claims(self, browser: Browser, number: int) -> None:
        status, _, answer = browser.ask("GET", "/me")
        if status == 401:
            raise LostSession(f"visitor {number} was signed out")
        if json.loads(answer)["sub"] != f"sub-{number}":
            raise WrongUser(f"visitor {number} is not who /me says")
        self.tally.count(pages=1)

    def _sign_out(self, browser: Browser) -> None:
        status, _, _ = browser.ask("POST", "/logout")
        if status != 200 or browser.is_somebody:
            raise AssertionError(f"sign-out answered {status}")
        self.tally.count(sign_outs=1)
