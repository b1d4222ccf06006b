"""A visitor for whom something goes wrong, and all that is to be seen of it."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass

import pytest

from tests.fake_cognito import FakeCognito
from tests.flow.browser import Answer, Browser
from tests.flow.conftest import Stack
from tests.flow.impatience import Impatient
from tests.flow.private_values import found_in, private_values, somebody


def calls(cognito: FakeCognito) -> tuple[int, int, int]:
    return cognito.calls("token"), cognito.calls("jwks"), cognito.calls("userinfo")


def metrics(written: str) -> list[tuple[str, str | None]]:
    """Name and reason of each count in the embedded metric format."""
    found = []
    for line in written.splitlines():
        count = json.loads(line)
        (directive,) = count["_aws"]["CloudWatchMetrics"]
        (metric,) = directive["Metrics"]
        found.append((metric["Name"], count.get("reason")))
    return found


@dataclass
class Scene:
    """A visitor who is signed in, and the outcome of their next request to a fresh container."""

    stack: Stack
    browser: Browser
    capsys: pytest.CaptureFixture[str]
    seconds: float = 0.0
    metrics: tuple[tuple[str, str | None], ...] = ()
    _calls_before: tuple[int, int, int] = (0, 0, 0)

    def get(self, url: str) -> Answer:
        """Ask, and note the worst-case time, the calls and the metrics."""
        self.capsys.readouterr()
        started, self._calls_before = self.stack.clock.elapsed, calls(self.stack.cognito)
        answer = self.browser.get(url)
        self.seconds = self.stack.clock.elapsed - started
        written = self.capsys.readouterr().out
        self.metrics = tuple(metrics(written))
        written += self.stack.log_stream.getvalue()
        assert found_in(written, private_values(self.stack, self.browser)) == set()
        return answer

    def has_called(self, *expected: int) -> bool:
        """Whether it took these calls; one that was given up may still be on its way in."""
        patience = time.monotonic() + 10
        while self._calls() != expected and time.monotonic() < patience:
            time.sleep(0.01)
        return self._calls() == expected

    def _calls(self) -> tuple[int, ...]:
        now = calls(self.stack.cognito)
        return tuple(made - before for made, before in zip(now, self._calls_before, strict=True))

    def logged_once(self, message: str, reason: str) -> None:
        (line,) = self.stack.logged(message)
        assert line["reason"] == reason
        assert line["correlation_id"]


def arrange(stack: Stack, capsys: pytest.CaptureFixture[str], hurried: str = "") -> Scene:
    stack.cognito.user = somebody()
    limits = {"SESSION_IDLE_SECONDS": "7200"}
    browser = stack.browser(**limits)
    stack.sign_in(browser)
    browser.handler = stack.app(Impatient(stack.clock, hurried), **limits)
    browser.get("/me")
    return Scene(stack, browser, capsys)
