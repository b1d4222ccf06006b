"""The function responds before its timeout, even if Secrets Manager and Cognito are slow."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.flow.browser import Browser
from tests.flow.conftest import ORIGIN, Stack
from tests.flow.impatience import Impatient

READ_OF_THE_SECRET = 7  # seconds: two tries of three, and up to one between them
TIMEOUT = 20  # of the web function, in template.yaml


@pytest.fixture
def sluggish(stack: Stack) -> Iterator[Browser]:
    """A new container for which every call takes as long as possible.

    Each read of the secret does, and each call to Cognito, which does not know the client; so
    the function doubts the secret and reads it again. The visitor's session is due for refresh.
    """
    browser = stack.browser()
    stack.sign_in(browser)
    stack.clock.advance(stack.cognito.access_token_seconds - 1)
    browser.get("/me")
    stack.clock.advance(1)
    browser.handler = stack.app(Impatient(stack.clock))
    stack.cognito.client_secret = "another"

    def slow(**_: object) -> None:
        stack.clock.advance(READ_OF_THE_SECRET)

    events = stack.secrets_manager.meta.events
    events.register("before-call.secretsmanager.GetSecretValue", slow)
    yield browser
    events.unregister("before-call.secretsmanager.GetSecretValue", slow)


def test_a_callback_is_answered_before_the_function_is_stopped(
    stack: Stack, sluggish: Browser
) -> None:
    quick = stack.browser()
    callback = stack.cognito.visit(quick.get("/login").location)
    sluggish.cookies |= quick.cookies
    started = stack.clock.elapsed
    assert sluggish.get(callback).status == 502
    assert 2 * READ_OF_THE_SECRET < stack.clock.elapsed - started < TIMEOUT


def test_both_tries_with_a_code_share_their_time(stack: Stack) -> None:
    browser = Browser(stack.app(Impatient(stack.clock)), ORIGIN)
    callback = stack.cognito.visit(browser.get("/login").location)
    stack.cognito.client_secret = "another"
    stack.put_secret(client_secret="another")
    assert browser.get(callback).status == 504
    assert stack.cognito.calls("token") == 1, "the first one used it up"


def test_a_refresh_is_answered_before_the_function_is_stopped(
    stack: Stack, sluggish: Browser
) -> None:
    started = stack.clock.elapsed
    assert sluggish.get("/me").status == 200
    assert 2 * READ_OF_THE_SECRET < stack.clock.elapsed - started < TIMEOUT


def test_a_sign_out_is_answered_before_the_function_is_stopped(
    stack: Stack, sluggish: Browser
) -> None:
    started = stack.clock.elapsed
    assert sluggish.post("/logout").status == 200
    assert 2 * READ_OF_THE_SECRET < stack.clock.elapsed - started < TIMEOUT
