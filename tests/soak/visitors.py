"""Visitors who sign in repeatedly and check which user they see."""

from __future__ import annotations

import contextlib
import http.client
import random
import re
import threading
import time
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from tests.fake_cognito import User
from tests.flow.browser import Answer, Browser, Handler
from tests.soak.upstreams import FaultyCognito

_SHOWN = re.compile(r"visitor-(\d+)@example\.com")
_SIGN_OUT_EVERY = 5
_TRIES = 20  # of what is unavailable for a moment
_REFRESH_SECONDS = 0.05  # more or less


class WrongUser(AssertionError):
    """A visitor was shown another user's data."""


class LostSession(AssertionError):
    """A visitor was signed out unexpectedly."""


class BackAgain(AssertionError):
    """A visitor who had signed out was signed in."""


@dataclass
class Guest(Browser):
    """A visitor's browser; its requests may be concurrent."""

    due_at: float = 0.0  # when its access token has expired, on the monotonic clock

    @property
    def is_somebody(self) -> bool:
        """Whether a session or an attempt is left."""
        return bool(self.named("session") or self.named("attempt"))


def over_http(port: int) -> Handler:
    """What an event's request gets from the gateway; a new connection for each."""

    def ask(event: Mapping[str, Any], _: object) -> dict[str, Any]:
        headers = event["headers"] | {"Cookie": "; ".join(event.get("cookies", []))}
        url = f"{event['rawPath']}?{event['rawQueryString']}"
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=40)
        with contextlib.closing(connection):
            connection.request(event["requestContext"]["http"]["method"], url, headers=headers)
            answer = connection.getresponse()
            body = answer.read().decode()
        return {
            "statusCode": answer.status,
            "headers": {name.lower(): value for name, value in answer.headers.items()},
            "cookies": answer.headers.get_all("Set-Cookie", []),
            "body": body,
        }

    return ask


@dataclass
class Tally:
    """What happened so far, to all visitors together."""

    wanted: int
    deadline: float
    sign_ins: int = 0
    pages: int = 0
    sign_outs: int = 0
    races: int = 0  # two requests of one session that was due for a refresh
    copies: int = 0  # of cookies, tried after sign-out
    signed_out: set[str] = field(default_factory=set)  # whose session may end in a refresh
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
    access_token_seconds: float
    in_table: bool

    def run(self) -> None:
        try:
            with ThreadPoolExecutor(1) as self._meanwhile:
                self._run()
        except BaseException as error:
            self.tally.broken.append(error)  # raised again in the waiting thread

    def _run(self) -> None:
        resident = self._guest()
        first = self._arrive(resident)
        while first is not None:
            browser = self._guest()
            number = self._arrive(browser)
            if number is None:
                return
            if time.monotonic() < resident.due_at:
                self._look_at_claims(resident, first)
            elif number % 2:
                self._race(resident, first)
            else:
                self._sign_out(resident, first)
                resident = self._guest()
                first = self._arrive(resident)
            if number % _SIGN_OUT_EVERY == 0:
                self._sign_out(browser, number)

    def _guest(self, cookies: dict[str, str] | None = None) -> Guest:
        return Guest(over_http(self.port), f"http://localhost:{self.port}", cookies or {})

    def _arrive(self, browser: Guest) -> int | None:
        """Sign in, with retries; return the visitor's number, or None if time is up."""
        number = self.tally.next_number()
        if number is None:
            return None
        while not self._sign_in(browser, number):
            if time.monotonic() > self.tally.deadline:
                return None
        self._look_at_page(browser, number)
        return number

    def _sign_in(self, browser: Guest, number: int) -> bool:
        start = browser.get("/login")
        assert start.status == 302, f"/login answered {start.status}"
        name = f"visitor-{number}"
        user = User(f"sub-{number}", name, f"Visitor {number}", f"{name}@example.com")
        status = browser.get(self.cognito.visit_as(user, start.location)).status
        if status == 303:
            self.tally.count(sign_ins=1)
            self._expect_refresh(browser)
            return True
        if browser.is_somebody:
            raise AssertionError(f"a sign-in that failed left {list(browser.cookies)}")
        self.tally.count_failure(status)
        return False

    def _expect_refresh(self, browser: Guest) -> None:
        browser.due_at = time.monotonic() + self.access_token_seconds

    def _look_at_page(self, browser: Guest, number: int) -> None:
        page = self._available(browser, "/")
        shown = set(_SHOWN.findall(page.body))
        if shown - {str(number)}:
            raise WrongUser(f"visitor {number} was shown {shown}")
        if not shown:
            raise LostSession(f"visitor {number} was signed out; the page has status {page.status}")
        self.tally.count(pages=1)

    def _look_at_claims(self, browser: Guest, number: int) -> None:
        if not self._is_signed_in(browser, number):
            raise LostSession(f"visitor {number} was signed out")

    def _race(self, browser: Guest, number: int) -> None:
        """Two requests at once, probably in two containers, both of which want to refresh."""
        other = self._meanwhile.submit(self._look_at_claims, browser, number)
        self._look_at_claims(browser, number)
        other.result()
        self._expect_refresh(browser)
        self.tally.count(races=1)

    def _sign_out(self, browser: Guest, number: int) -> None:
        """While another request of the same session is under way; its answer may come last."""
        copy = self._guest(browser.cookies.copy())
        self.tally.signed_out.add(f"sub-{number}")
        other = self._meanwhile.submit(self._is_signed_in, browser, number)
        time.sleep(random.uniform(0, _REFRESH_SECONDS))  # noqa: S311 - somewhere in the middle
        status = browser.post("/logout").status
        other.result()
        if status not in (200, 503):
            raise AssertionError(f"sign-out answered {status}")
        if self._is_signed_in(browser, number):
            raise BackAgain(f"visitor {number}, after sign-out")
        if status == 200 and self.in_table:
            if self._is_signed_in(copy, number):
                raise BackAgain(f"visitor {number}, with a copied cookie")
            self.tally.count(copies=1)
        self.tally.count(sign_outs=1)

    def _is_signed_in(self, browser: Guest, number: int) -> bool:
        answer = self._available(browser, "/me")
        if answer.status == 401:
            return False
        if answer.json["sub"] != f"sub-{number}":
            raise WrongUser(f"/me answers visitor {number} about another user")
        self.tally.count(pages=1)
        return True

    def _available(self, browser: Guest, path: str) -> Answer:
        """The answer once the table is there."""
        for _ in range(_TRIES):
            answer = browser.get(path)
            if answer.status != 503:
                break
            self.tally.count_failure(answer.status)
        return answer
