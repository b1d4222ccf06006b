"""Outages and rotations of the secret, from the visitors' view."""

from __future__ import annotations

import json
import re
import secrets
import subprocess
import sys

import pytest

from tests.documents import read, section
from tests.flow.browser import Browser
from tests.flow.conftest import Stack


@pytest.mark.parametrize(
    ("field", "value"), [("client_id", ""), ("session_key", "short-and-secret")]
)
def test_a_malformed_secret_is_a_503_that_names_the_field_in_the_log(
    stack: Stack, browser: Browser, field: str, value: str
) -> None:
    good = stack.vault.fields[field]
    stack.vault.put(**{field: value})
    answer = browser.get("/login")
    assert (answer.status, answer.headers["retry-after"]) == (503, "5")
    (line,) = stack.logged("request_failed")
    assert line["reason"] == "secret_malformed"
    assert field in line["detail"]
    assert field not in answer.body
    for private in filter(None, stack.vault.fields.values()):
        assert private not in stack.log_stream.getvalue()

    stack.vault.put(**{field: good})
    assert browser.get("/login").status == 503, "not read again yet"
    stack.clock.advance(5)
    assert browser.get("/login").status == 302, "without a restart"


def test_the_landing_page_needs_no_secret(stack: Stack, browser: Browser) -> None:
    stack.vault.failure = "secret_not_found"
    assert browser.get("/").status == 200
    assert browser.get("/logout").status == 200
    assert browser.get("/login").status == 503
    assert stack.reasons() == ["secret_not_found"]


def test_without_the_secret_a_session_is_not_thrown_away(stack: Stack, signed_in: Browser) -> None:
    stack.vault.failure = "secret_not_found"
    new_container = stack.copy_of(signed_in)
    assert new_container.get("/").status == 503
    assert new_container.get("/me").headers["content-type"] == "application/problem+json"
    assert new_container.cookies == signed_in.cookies
    assert signed_in.is_signed_in, "where the secret is known"
    stack.clock.advance(301)
    assert stack.sign_in(signed_in).status == 303, "the outage goes on"
    assert stack.reasons("secret_kept_stale") == ["secret_not_found"]


def test_a_callback_without_the_secret_sends_nothing(stack: Stack, signed_in: Browser) -> None:
    session = dict(signed_in.cookies)
    callback, calls = stack.callback(signed_in), stack.cognito.upstream_calls
    signed_in.handler = stack.app()
    stack.vault.failure = "secret_denied"
    assert signed_in.get(callback).status == 503
    assert stack.cognito.upstream_calls == calls
    assert signed_in.cookies == session, "the attempt is forgotten"
    stack.vault.failure = ""
    stack.clock.advance(5)
    assert signed_in.is_signed_in


def test_a_client_secret_rotated_during_a_sign_in_is_read(stack: Stack, browser: Browser) -> None:
    callback = stack.callback(browser)
    stack.cognito.client_secret = secrets.token_hex(20)
    stack.vault.put(client_secret=stack.cognito.client_secret)
    stack.clock.advance(30)
    assert browser.get(callback).status == 303
    refused, accepted = stack.cognito.requests["token"]
    assert refused.form["code"] == accepted.form["code"]
    assert refused.headers["Authorization"] != accepted.headers["Authorization"]


def test_the_same_secret_is_not_tried_again(stack: Stack, browser: Browser) -> None:
    callback = stack.callback(browser)
    stack.cognito.client_secret = secrets.token_hex(20)
    stack.clock.advance(30)
    assert browser.get(callback).status == 502
    assert stack.cognito.calls("token") == 1


def test_a_refresh_uses_a_rotated_client_secret(stack: Stack, signed_in: Browser) -> None:
    stack.clock.advance(3599)
    signed_in.get("/")
    stack.cognito.client_secret = secrets.token_hex(20)
    stack.vault.put(client_secret=stack.cognito.client_secret)
    stack.clock.advance(60)
    assert signed_in.is_signed_in
    assert stack.logged("refresh_postponed") == []


def test_rotating_the_session_key_ends_no_session(
    stack: Stack, browser: Browser, signed_in: Browser
) -> None:
    assert not browser.is_signed_in
    stack.vault.rotate_session_key()
    assert stack.copy_of(signed_in).is_signed_in
    after = stack.signed_in()
    stack.clock.advance(30)
    signed_in.cookies = after.cookies
    assert signed_in.is_signed_in, "the old container reads the secret again"


def test_a_container_that_may_not_look_again_yet_leaves_a_cookie_for_others(stack: Stack) -> None:
    browser = stack.browser(ACCOUNT_PAGE="true")
    browser.cookies = {"__Host-foyer-session": "made-up-" * 8}
    assert not browser.is_signed_in, "a doubt, so this container has just looked"
    stack.vault.rotate_session_key()
    sealed_with_the_new_key = stack.signed_in().cookies
    browser.cookies = dict(sealed_with_the_new_key)
    assert not browser.is_signed_in
    assert browser.cookies == sealed_with_the_new_key
    assert browser.get("/account").location.startswith("/login")
    assert browser.cookies == sealed_with_the_new_key
    stack.clock.advance(30)
    assert browser.is_signed_in


def test_without_its_key_a_session_is_over(stack: Stack, signed_in: Browser) -> None:
    stack.vault.put(session_key=secrets.token_urlsafe(48))
    stack.clock.advance(301)
    assert not signed_in.is_signed_in
    assert signed_in.cookies == {}


def test_the_documented_command_ends_all_sessions_within_five_minutes(stack: Stack) -> None:
    """In docs/operations.md."""
    visitor = stack.signed_in()
    stack.vault.rotate_session_key()
    stack.clock.advance(300)
    another = stack.signed_in()
    assert visitor.is_signed_in

    found = re.search(r"python3 -c '(.+?)'", section(read("docs/operations.md"), "Rotate"), re.S)
    assert found
    before = json.dumps(stack.vault.fields)
    command = [sys.executable, "-c", found[1]]
    replaced = subprocess.check_output(command, input=before, text=True)  # noqa: S603
    stack.vault.fields = json.loads(replaced)
    stack.clock.advance(300)

    assert not visitor.is_signed_in
    assert not another.is_signed_in
    changed = dict(json.loads(before).items() - stack.vault.fields.items())
    assert changed.keys() == {"session_key", "previous_session_key"}
    assert stack.sign_in(visitor).status == 303
