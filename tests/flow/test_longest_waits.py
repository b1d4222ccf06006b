"""The function responds before its timeout, even if Secrets Manager and Cognito are slow."""

from __future__ import annotations

import pytest

from tests.flow.browser import Browser
from tests.flow.conftest import ORIGIN, Stack
from tests.flow.impatience import Impatient

READ_OF_THE_SECRET = 7  # seconds: two tries of three, and up to one between them
TIMEOUT = 20  # of the web function, in template.yaml


@pytest.fixture
def sluggish(stack: Stack) -> Browser:
    """A new container for which every call takes as long as possible.

    Each read of the secret does, and each call to Cognito, which does not know the client; so
    the function doubts the secret and reads it again. The visitor's session is due for refresh.
    """
    browser = stack.signed_in()
    stack.advance_to_refresh(browser)
    browser.handler = stack.app(Impatient(stack.clock))
    stack.cognito.client_secret = "another"
    stack.vault.before_read = lambda: stack.clock.advance(READ_OF_THE_SECRET)
    return browser


@pytest.mark.parametrize(
    ("request_", "status"), [("callback", 502), ("/me", 200), ("/logout", 200)]
)
def test_the_function_answers_before_it_is_stopped(
    stack: Stack, sluggish: Browser, request_: str, status: int
) -> None:
    quick = stack.browser()
    url = stack.callback(quick) if request_ == "callback" else request_
    sluggish.cookies |= quick.cookies
    started = stack.clock.elapsed
    answer = sluggish.post(url) if url == "/logout" else sluggish.get(url)
    assert answer.status == status
    assert 2 * READ_OF_THE_SECRET < stack.clock.elapsed - started < TIMEOUT


def test_both_tries_with_a_code_share_their_time(stack: Stack) -> None:
    browser = Browser(stack.app(Impatient(stack.clock)), ORIGIN)
    callback = stack.callback(browser)
    stack.cognito.client_secret = "another"
    stack.vault.put(client_secret="another")
    assert browser.get(callback).status == 504
    assert stack.cognito.calls("token") == 1, "the first one used up the time"
