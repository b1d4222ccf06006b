"""Outages and rotations of the secret, from the visitors' view."""

from __future__ import annotations

import json
import secrets

import pytest

from tests.flow.browser import Browser
from tests.flow.conftest import SECRET_ID, Stack

INCOMPLETE = [
    ({"client_id": None}, "client_id"),
    ({"session_key": "short-and-secret"}, "session_key"),
]


@pytest.mark.parametrize(("change", "field"), INCOMPLETE)
def test_a_secret_with_a_missing_field_is_a_503_that_names_the_field_in_the_log(
    stack: Stack, browser: Browser, change: dict[str, object], field: str
) -> None:
    fields = {name: value for name, value in (stack.secret() | change).items() if value}
    stack.secrets_manager.put_secret_value(SecretId=SECRET_ID, SecretString=json.dumps(fields))
    answer = browser.get("/login")
    assert answer.status == 503
    assert answer.headers["retry-after"] == "5"
    (line,) = stack.logged("request_failed")
    assert line["reason"] == "secret_malformed"
    assert field in line["detail"]
    assert field not in answer.body
    for value in stack.secret().values():
        assert value not in stack.log_stream.getvalue()


def test_a_repaired_secret_is_found_without_a_restart(stack: Stack, browser: Browser) -> None:
    good = stack.secret()
    stack.secrets_manager.put_secret_value(SecretId=SECRET_ID, SecretString="{}")
    assert browser.get("/login").status == 503
    stack.put_secret(**good)
    answer = browser.get("/login")
    assert (answer.status, answer.headers["retry-after"]) == (503, "5"), "not asked again yet"
    stack.clock.advance(5)
    assert browser.get("/login").status == 302


def test_the_landing_page_needs_no_secret(stack: Stack, browser: Browser) -> None:
    stack.secrets_manager.delete_secret(SecretId=SECRET_ID, ForceDeleteWithoutRecovery=True)
    assert browser.get("/").status == 200
    assert browser.get("/logout").status == 200
    failed = browser.get("/login")
    assert failed.status == 503
    assert stack.logged("request_failed")[0]["reason"] == "secret_not_found"


def test_without_the_secret_a_session_is_not_thrown_away(stack: Stack, browser: Browser) -> None:
    stack.sign_in(browser)
    stack.secrets_manager.delete_secret(SecretId=SECRET_ID, ForceDeleteWithoutRecovery=True)
    new_container = stack.browser()
    new_container.cookies = browser.cookies
    assert new_container.get("/").status == 503
    problem = new_container.get("/me")
    assert problem.headers["content-type"] == "application/problem+json"
    assert browser.get("/me").status == 200, "where the secret is known, it serves on"


def test_a_callback_without_the_secret_sends_nothing_and_ends_no_session(
    stack: Stack, browser: Browser
) -> None:
    stack.sign_in(browser)
    session = dict(browser.cookies)
    callback = stack.cognito.visit(browser.get("/login").location)
    calls, good = stack.cognito.upstream_calls, stack.secret()
    browser.handler = stack.app()
    stack.secrets_manager.put_secret_value(SecretId=SECRET_ID, SecretString="{}")
    assert browser.get(callback).status == 503
    assert stack.cognito.upstream_calls == calls
    assert browser.cookies == session, "the attempt is forgotten"
    stack.put_secret(**good)
    stack.clock.advance(5)
    assert browser.get("/me").status == 200, "without a restart"


def test_a_container_that_knows_the_secret_lives_through_an_outage(
    stack: Stack, browser: Browser
) -> None:
    stack.sign_in(browser)
    stack.secrets_manager.delete_secret(SecretId=SECRET_ID, ForceDeleteWithoutRecovery=True)
    stack.clock.advance(301)
    assert stack.sign_in(browser).status == 303
    (line,) = stack.logged("secret_kept_stale")
    assert line["reason"] == "secret_not_found"


def test_a_rotated_client_secret_is_picked_up_in_the_middle_of_a_sign_in(
    stack: Stack, browser: Browser
) -> None:
    callback = stack.cognito.visit(browser.get("/login").location)
    stack.cognito.client_secret = secrets.token_hex(20)
    stack.put_secret(client_secret=stack.cognito.client_secret)
    stack.clock.advance(30)
    assert browser.get(callback).status == 303
    refused, accepted = stack.cognito.requests["token"]
    assert refused.form["code"] == accepted.form["code"]
    assert refused.headers["Authorization"] != accepted.headers["Authorization"]


def test_a_refused_client_is_not_tried_again_with_the_same_secret(
    stack: Stack, browser: Browser
) -> None:
    callback = stack.cognito.visit(browser.get("/login").location)
    stack.cognito.client_secret = secrets.token_hex(20)
    stack.clock.advance(30)
    assert browser.get(callback).status == 502
    assert stack.cognito.calls("token") == 1


def test_a_rotated_client_secret_is_picked_up_by_a_refresh(stack: Stack, browser: Browser) -> None:
    stack.sign_in(browser)
    stack.clock.advance(3599)
    browser.get("/")
    stack.cognito.client_secret = secrets.token_hex(20)
    stack.put_secret(client_secret=stack.cognito.client_secret)
    stack.clock.advance(60)
    assert browser.get("/me").status == 200
    assert stack.logged("refresh_postponed") == []


def test_rotating_the_session_key_signs_nobody_out(stack: Stack, browser: Browser) -> None:
    stack.sign_in(browser)
    before = stack.secret()["session_key"]
    stack.put_secret(session_key=secrets.token_urlsafe(48), previous_session_key=before)
    new_container = stack.browser()
    new_container.cookies = browser.cookies
    assert new_container.get("/me").status == 200


def test_a_cookie_with_a_key_from_after_the_rotation_makes_an_old_container_look_again(
    stack: Stack, browser: Browser
) -> None:
    stack.sign_in(browser)
    before = stack.secret()["session_key"]
    stack.put_secret(session_key=secrets.token_urlsafe(48), previous_session_key=before)
    visitor = stack.browser()
    stack.sign_in(visitor)
    stack.clock.advance(30)
    browser.cookies = visitor.cookies
    assert browser.get("/me").status == 200


def test_a_container_that_may_not_look_again_yet_leaves_a_cookie_for_others(stack: Stack) -> None:
    browser = stack.browser(ACCOUNT_PAGE="true")
    browser.cookies = {"__Host-foyer-session": "made-up-" * 8}
    assert browser.get("/me").status == 401, "a doubt, so this container has just looked"
    before = stack.secret()["session_key"]
    stack.put_secret(session_key=secrets.token_urlsafe(48), previous_session_key=before)
    visitor = stack.browser()
    stack.sign_in(visitor)
    sealed_with_the_new_key = visitor.cookies
    browser.cookies = dict(sealed_with_the_new_key)
    assert browser.get("/me").status == 401
    assert browser.cookies == sealed_with_the_new_key
    assert browser.get("/account").location.startswith("/login")
    assert browser.cookies == sealed_with_the_new_key
    stack.clock.advance(30)
    assert browser.get("/me").status == 200


def test_a_key_that_is_gone_means_signed_out(stack: Stack, browser: Browser) -> None:
    stack.sign_in(browser)
    stack.put_secret(session_key=secrets.token_urlsafe(48))
    stack.clock.advance(301)
    assert browser.get("/me").status == 401
    assert browser.cookies == {}
