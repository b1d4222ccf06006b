"""Visitors who sign in repeatedly and check which user they see."""

from __future__ import annotations

import contextlib
import http.client
import random
import re
import time
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from tests.fake_cognito import User
from tests.flow.browser import Answer, Browser
from tests.soak.upstreams import FaultyCognito

_SHOWN = re.compile(r"visitor-(\d+)@example\.com")
_SIGN_OUT_EVERY = 5
_TRIES = 20  # of what is unavailable for a moment
_REFRESH_SECONDS = 0.05  # more or less


@dataclass
class Guest(Browser):
    """A visitor's browser; its requests may be concurrent."""

    number: int = 0
    due_at: float = 0.0  # when its access token has expired, on the monotonic clock


@dataclass
class Tally:
    """What happened so far, to all visitors together."""

    wanted: int
    deadline: float
    counts: Counter[str] = field(default_factory=Counter)
    signed_out: set[str] = field(default_factory=set)  # whose session may end in a refresh
    broken: list[BaseException] = field(default_factory=list)
    _lock: Lock = field(default_factory=Lock)

    @property
    def sign_ins(self) -> int:
        return self.counts["sign-ins"]

    def next_number(self) -> int:
        """The next visitor's number, or 0 when it is enough."""
        if self.sign_ins >= self.wanted or self.is_late or self.broken:
            return 0
        return self.count("visitors")

    @property
    def is_late(self) -> bool:
        return time.monotonic() > self.deadline

    def count(self, what: str) -> int:
        with self._lock:
            self.counts[what] += 1
            return self.counts[what]


@dataclass
class Visitor:
    """Runs in its own thread, with one long session and many short ones."""

    cognito: FaultyCognito
    port: int
    tally: Tally
    in_table: bool

    def run(self) -> None:
        try:
            with ThreadPoolExecutor(1) as self._meanwhile:
                self._run()
        except BaseException as error:
            self.tally.broken.append(error)  # raised again in the waiting thread

    def _run(self) -> None:
        resident = self._arrived()
        while resident is not None:
            guest = self._arrived()
            if guest is None:
                return
            if time.monotonic() < resident.due_at:
                self._look_at_claims(resident)
            elif guest.number % 2:
                self._race(resident)
            else:
                self._sign_out(resident)
                resident = self._arrived()
            if guest.number % _SIGN_OUT_EVERY == 0:
                self._sign_out(guest)

    def _guest(self, number: int, cookies: dict[str, str]) -> Guest:
        return Guest(self._over_http, f"http://localhost:{self.port}", cookies, number=number)

    def _over_http(self, event: Mapping[str, Any], _: object) -> dict[str, Any]:
        """What an event's request gets from the gateway, over a connection of its own."""
        headers = event["headers"] | {"Cookie": "; ".join(event.get("cookies", []))}
        url = f"{event['rawPath']}?{event['rawQueryString']}"
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=40)
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

    def _arrived(self) -> Guest | None:
        """Somebody new, who has signed in, with retries; None if time is up."""
        number = self.tally.next_number()
        guest = self._guest(number, {})
        while number and not self._sign_in(guest):
            if self.tally.is_late:
                return None
        if not number:
            return None
        page = self._available(guest, "/")
        shown = set(_SHOWN.findall(page.body))
        assert shown == {str(number)}, f"visitor {number} was shown {shown}, status {page.status}"
        self.tally.count("pages and answers looked at")
        return guest

    def _sign_in(self, guest: Guest) -> bool:
        start = guest.get("/login")
        assert start.status == 302, f"/login answered {start.status}"
        name = f"visitor-{guest.number}"
        user = User(f"sub-{guest.number}", name, f"Visitor {guest.number}", f"{name}@example.com")
        status = guest.get(self.cognito.visit_as(user, start.location)).status
        if status == 303:
            self.tally.count("sign-ins")
            guest.due_at = time.monotonic() + self.cognito.access_token_seconds
            return True
        left = guest.named("session") | guest.named("attempt")
        assert not left, f"a sign-in that failed left {list(left)}"
        self.tally.count(f"requests with status {status}, sent again")
        return False

    def _look_at_claims(self, guest: Guest) -> None:
        assert self._is_signed_in(guest), f"visitor {guest.number} was signed out"

    def _race(self, guest: Guest) -> None:
        """Two requests at once, probably in two containers, both of which want to refresh."""
        other = self._meanwhile.submit(self._look_at_claims, guest)
        self._look_at_claims(guest)
        other.result()
        guest.due_at = time.monotonic() + self.cognito.access_token_seconds
        self.tally.count("refresh races")

    def _sign_out(self, guest: Guest) -> None:
        """While another request of the same session is under way; its answer may come last."""
        copy = self._guest(guest.number, guest.cookies.copy())
        self.tally.signed_out.add(f"sub-{guest.number}")
        other = self._meanwhile.submit(self._is_signed_in, guest)
        time.sleep(random.uniform(0, _REFRESH_SECONDS))  # noqa: S311 - somewhere in the middle
        status = guest.post("/logout").status
        other.result()
        assert status in (200, 503), f"sign-out answered {status}"
        assert not self._is_signed_in(guest), f"visitor {guest.number} is back after sign-out"
        self.tally.count("sign-outs")
        if status == 200 and self.in_table:
            assert not self._is_signed_in(copy), f"visitor {guest.number}'s copied cookie works"
            self.tally.count("copied cookies tried")

    def _is_signed_in(self, guest: Guest) -> bool:
        answer = self._available(guest, "/me")
        if answer.status == 401:
            return False
        sub = answer.json["sub"]
        assert sub == f"sub-{guest.number}", f"/me answers visitor {guest.number} about {sub}"
        self.tally.count("pages and answers looked at")
        return True

    def _available(self, guest: Guest, path: str) -> Answer:
        """The answer once the table is there."""
        for _ in range(_TRIES):
            answer = guest.get(path)
            if answer.status != 503:
                break
            self.tally.count("requests with status 503, sent again")
        return answer
