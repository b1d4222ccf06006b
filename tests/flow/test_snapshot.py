"""Environments that SnapStart restores: nothing unique, secret or connected is in the snapshot.

A fork has what the snapshot had, as a restored environment does.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from typing import Any

import pytest
import requests
from foyer import app
from foyer.container import start
from foyer.settings import Settings

from tests.fake_secrets_manager import FakeSecretsManager
from tests.flow.browser import Browser, Context
from tests.flow.conftest import ORIGIN, Stack


def restored(snapshot: Callable[..., Any]) -> Callable[..., dict[str, Any]]:
    """Answers each event in an environment of its own."""

    def answer(event: Mapping[str, Any], context: Context) -> dict[str, Any]:
        ours, theirs = os.pipe()
        if not os.fork():
            try:
                os.write(theirs, json.dumps(snapshot(event, context)).encode())
            finally:
                os._exit(0)
        os.close(theirs)
        with os.fdopen(ours) as pipe:
            reply: dict[str, Any] = json.load(pipe)
        return reply

    return answer


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")  # threads of fakes stay behind
def test_a_snapshot_holds_no_secret_no_connection_and_nothing_random(stack: Stack) -> None:
    with FakeSecretsManager(stack.vault) as manager:
        environ = stack.environ | manager.environ
        environ["AWS_LAMBDA_INITIALIZATION_TYPE"] = "snap-start"

        def build(*parts: Any) -> app.App:
            return app.build(*parts, http=requests.Session())

        browser = Browser(restored(start(environ, Settings.from_environ, build)), ORIGIN)
        assert manager.requests == []
        assert stack.cognito.upstream_calls == 0
        attempts = []
        for number in (1, 2, 3):
            login = browser.get("/login")
            ((_, attempt),) = browser.named("attempt").items()
            attempts.append((login.query, attempt))
            answer = browser.get(stack.cognito.visit(login.location))
            assert (answer.status, answer.location) == (303, "/")
            assert "Test Visitor" in browser.get("/").body
            assert len(set(manager.connections)) == number * 3
            assert stack.cognito.calls("jwks") == number, "each restore fetches the keys"
            if number == 2:
                stack.vault.rotate_session_key()
    (first, one), (second, two), (_, three) = attempts
    for name in ("state", "nonce", "code_challenge"):
        assert first[name] != second[name]
    # The same key seals both; the first 18 bytes are its name and the seal's own nonce.
    assert one[:8] == two[:8] != three[:8], "the third is sealed with the new key"
    assert one[8:24] != two[8:24]
