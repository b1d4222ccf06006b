"""Every sample event in events/ and what it leads to.

The same files go to ``sam local invoke``. They hold no cookies and no live values, so each
one's outcome is that of a browser that comes here for the first time.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.flow.browser import Browser
from tests.flow.conftest import Stack

EVENTS = Path(__file__).parents[2] / "events"

# name → status, and what the answer's body or location has to hold
OUTCOMES = {
    "home": (200, "Create account"),
    "login": (302, "/oauth2/authorize?response_type=code"),
    "signup": (302, "/signup?response_type=code"),
    "callback-access-denied": (403, "You were not signed in"),
    "callback-stale-state": (400, "That sign-in cannot be finished"),
    "me": (401, "Nobody is signed in."),
    "logout": (303, "/logout?client_id="),
    "health": (200, "ok"),
}


def test_every_sample_event_has_an_expected_outcome() -> None:
    assert {file.stem for file in EVENTS.glob("*.json")} == set(OUTCOMES)


@pytest.mark.parametrize("name", OUTCOMES)
def test_a_sample_event_has_its_outcome(stack: Stack, browser: Browser, name: str) -> None:
    status, holds = OUTCOMES[name]
    sample = json.loads((EVENTS / f"{name}.json").read_text("utf-8"))
    answer = browser.deliver(sample)
    assert answer.status == status
    assert holds in answer.headers.get("location", answer.body)
    if status >= 400:
        assert sample["requestContext"]["requestId"] in answer.body
    assert stack.cognito.upstream_calls == 0
