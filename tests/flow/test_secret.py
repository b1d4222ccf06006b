"""Outages and rotations of the secret, from the visitors' view."""

from __future__ import annotations

import json
import re
import secrets
import subprocess
import sys
from collections.abc import Iterator

import pytest
from moto import mock_aws

from tests.documents import read, section
from tests.flow.browser import Browser
from tests.flow.conftest import ORIGIN, Stack
from tests.rotating_secret import STEPS, Rotating


def test_a_malformed_secret_is_a_503_that_names_the_field_in_the_log(
    stack: Stack, browser: Browser
) -> None:
    good = stack.vault.fields["session_key"]
    stack.vault.put(session_key="short-and-secret")
    answer = browser.get("/login")
    assert (answer.status, answer.headers["retry-after"]) == (503, "5")
    (line,) = stack.logged("request_failed")
    assert line["reason"] == "secret_malformed"
    assert "session_key" in line["detail"]
    assert "session_key" not in answer.body
    assert not any(value in stack.log_stream.getvalue() for value in stack.vault.fields.values())

    stack.vault.put(session_key=good)
    assert browser.get("/login").status == 503, "not read again yet"
    stack.clock.advance(5)
    assert browser.get("/login").status == 302, "without a restart"


def test_without_the_secret_the_landing_page_works_and_no_session_is_thrown_away(
    stack: Stack, signed_in: Browser
) -> None:
    stack.vault.failure = "secret_not_found"
    nobody = stack.browser()
    assert [nobody.get(url).status for url in ("/", "/logout", "/login")] == [200, 200, 503]
    assert stack.reasons() == ["secret_not_found"]
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


# Rotations


@pytest.fixture
def rotating(stack: Stack) -> Iterator[Rotating]:
    with mock_aws():
        made = Rotating(stack.cognito, stack.vault.fields, stack.log_stream)
        stack.source = made.secret
        yield made


def test_sign_in_and_sessions_work_during_a_rotation_in_old_and_new_containers(
    stack: Stack, rotating: Rotating
) -> None:
    """Any container may get a callback, and each keeps the secret for up to five minutes."""
    early = stack.signed_in()
    containers, token = [early.handler], rotating.secret.stage()
    for step in STEPS:
        rotating.step(step, token)
        new = stack.browser()
        new.get("/login")  # reads the secret as it is now
        containers.append(new.handler)
        for start in containers:
            for end in containers:
                browser = Browser(start, ORIGIN)
                callback = stack.callback(browser)
                browser.handler = early.handler = end
                answer = browser.get(callback)
                assert (answer.status, answer.location) == (303, "/"), answer.body
                assert browser.is_signed_in
                assert early.is_signed_in
        stack.clock.advance(5)


def test_a_session_outlives_rotations_and_is_refreshed_with_the_new_client_secret(
    stack: Stack, rotating: Rotating
) -> None:
    browser = stack.signed_in()
    for _ in range(2):  # the client secret of the sign-in is gone by then
        rotating.rotate()
        stack.clock.advance(50 * 60)
        browser.handler = stack.app()
        assert browser.is_signed_in
    assert stack.logged("refresh_postponed") == []
    sent = [arrived.form["grant_type"] for arrived in stack.cognito.requests["token"]]
    assert "refresh_token" in sent


def test_a_client_secret_rotated_during_a_sign_in_is_read(stack: Stack, browser: Browser) -> None:
    stack.cognito.client_secret = secrets.token_hex(20)
    assert browser.get(stack.callback(browser)).status == 502
    assert stack.cognito.calls("token") == 1, "the same secret is not tried again"
    callback = stack.callback(browser)
    stack.vault.put(client_secret=stack.cognito.client_secret)
    stack.clock.advance(30)
    assert browser.get(callback).status == 303
    _, refused, accepted = stack.cognito.requests["token"]
    assert refused.form["code"] == accepted.form["code"]
    assert refused.headers["Authorization"] != accepted.headers["Authorization"]


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

    for browser in (visitor, another):
        assert not browser.is_signed_in
        assert browser.cookies == {}
    changed = dict(json.loads(before).items() - stack.vault.fields.items())
    assert changed.keys() == {"session_key", "previous_session_key"}
    assert stack.sign_in(visitor).status == 303
