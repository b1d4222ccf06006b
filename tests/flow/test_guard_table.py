"""The authorizers with sessions in a table: they check sessions with Cognito themselves."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import foyer
import pytest
from foyer.guard import GuardFailed

from tests.fake_dynamodb import refusal
from tests.flow.browser import Browser
from tests.flow.conftest import Stack
from tests.flow.test_guard import Guards, counted

pytestmark = pytest.mark.sessions("table")

ACCESS_TOKEN = 900  # seconds


@pytest.fixture
def ada(stack: Stack) -> Browser:
    stack.cognito.access_token_seconds = ACCESS_TOKEN
    stack.cognito.refresh_token_rotation = True  # and no grace: each token works once
    browser = stack.browser()
    stack.sign_in(browser)
    return browser


def test_it_refreshes_a_session_and_everybody_goes_on_with_what_it_got(
    stack: Stack, ada: Browser
) -> None:
    guards = Guards(stack)
    for _ in range(3):
        stack.clock.advance(ACCESS_TOKEN)
        assert guards.signed_in(ada)["isAuthorized"] is True
        assert guards.visitor(ada)["go"] == ""
        assert ada.get("/me").status == 200
    assert stack.cognito.calls("token") == 4


def test_whoever_uses_guarded_routes_only_is_not_idle(stack: Stack, ada: Browser) -> None:
    guards = Guards(stack)
    for _ in range(6):
        stack.clock.advance(1500)
        assert guards.signed_in(ada)["isAuthorized"] is True


def test_a_sign_out_counts_at_once(
    stack: Stack, ada: Browser, capsys: pytest.CaptureFixture[str]
) -> None:
    guards, cookies = Guards(stack), dict(ada.cookies)
    assert guards.signed_in(ada)["isAuthorized"] is True
    ada.post("/logout")
    ada.cookies = cookies
    capsys.readouterr()
    assert guards.signed_in(ada) == {"isAuthorized": False}
    assert counted(capsys.readouterr().out) == [("GuardRefused", "not_in_table")]


def test_whom_cognito_refuses_the_guard_refuses(
    stack: Stack, ada: Browser, capsys: pytest.CaptureFixture[str]
) -> None:
    stack.cognito.user.enabled = False
    stack.clock.advance(ACCESS_TOKEN)
    capsys.readouterr()
    guards = Guards(stack)
    assert guards.visitor(ada)["go"] == "/login?return_to=/shop"
    assert counted(capsys.readouterr().out) == [("GuardRefused", "session_ended")]
    (line,) = [json.loads(each) for each in guards.log_stream.getvalue().splitlines()]
    assert (line["message"], bool(line["correlation_id"])) == ("session_ended", True)
    assert stack.sessions.row()["sealed"] == {"S": ""}
    assert "DeleteItem" not in stack.sessions.asked, "its role does not allow that"


def test_while_cognito_does_not_answer_the_session_serves(stack: Stack, ada: Browser) -> None:
    stack.clock.advance(ACCESS_TOKEN)
    stack.cognito.fault("token", "http_503")
    assert Guards(stack).signed_in(ada)["isAuthorized"] is True


def test_without_the_table_nobody_is_let_in_or_refused(stack: Stack, ada: Browser) -> None:
    guards = Guards(stack)
    stack.sessions.faults["GetItem"] = refusal("ThrottlingException")
    for ask in (guards.signed_in, guards.visitor):
        with pytest.raises(GuardFailed, match="table_throttled"):
            ask(ada)


def test_functions_get_the_access_token_only_if_it_is_passed_on(stack: Stack) -> None:
    passing = {"PASS_ACCESS_TOKEN": "true"}
    browser = stack.browser(**passing)
    stack.sign_in(browser)
    guards = Guards(stack, environ=passing)
    stack.clock.advance(stack.cognito.access_token_seconds - 1)
    browser.get("/me")
    first = guards.signed_in(browser)["context"]["access_token"]
    stack.clock.advance(1)
    second = guards.signed_in(browser)["context"]["access_token"]
    assert len({first, second}) == 2
    assert {first, second} <= set(stack.cognito.handed_out)
    assert guards.visitor(browser)["access_token"] == second
    assert guards.visitor(Browser(browser.handler, browser.origin))["access_token"] == ""
    assert "access_token" not in Guards(stack).signed_in(browser)["context"]
    assert second not in guards.log_stream.getvalue() + stack.log_stream.getvalue()


@pytest.mark.sessions("cookie")
def test_with_sessions_in_cookies_nothing_for_a_table_is_imported() -> None:
    program = "import foyer.guard, foyer.app, sys; print(*sorted(sys.modules))"
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", program],
        cwd=Path(foyer.__file__).parents[1],
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = set(done.stdout.split())
    late = {"foyer.aws.dynamodb", "foyer.guard_table", "foyer.sessions.table_keeper"}
    assert loaded & late == set()
