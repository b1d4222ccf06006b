"""The examples that change the web function, applied to a copy of it."""

from __future__ import annotations

import importlib

import pytest

from tests.applied_examples import package, project_with
from tests.flow.browser import Browser
from tests.flow.conftest import Stack

PAGE = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
JSON = {"accept": "application/json"}


@pytest.fixture(scope="module")
def patched(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The name under which the patched package can be imported."""
    copy = project_with(tmp_path_factory.mktemp("groups"), "groups")
    return package(copy / "functions/web/foyer", "foyer_with_groups").__name__


@pytest.fixture
def browser(stack: Stack, patched: str, monkeypatch: pytest.MonkeyPatch) -> Browser:
    build = importlib.import_module(f"{patched}.assembly").build
    monkeypatch.setattr("tests.flow.conftest.build", build)
    return stack.browser()


def test_staff_reads_the_report(stack: Stack, browser: Browser) -> None:
    stack.cognito.user.groups = ["guests", "staff"]
    stack.sign_in(browser)
    answer = browser.get("/report", **JSON)
    assert (answer.status, answer.json) == (200, {"sign_ups": 42})


def test_a_person_who_is_signed_out_signs_in_first(stack: Stack, browser: Browser) -> None:
    stack.cognito.user.groups = ["staff"]
    answer = browser.get("/report", **PAGE)
    assert (answer.status, answer.location) == (302, "/login?return_to=/report")
    assert stack.sign_in(browser, answer.location).location == "/report"


def test_a_program_that_is_signed_out_is_told_so(browser: Browser) -> None:
    answer = browser.get("/report", **JSON)
    assert answer.status == 401
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("groups", [[], ["guests"], ["staff-guests"]])
def test_whoever_is_not_in_the_group_is_refused(
    stack: Stack, browser: Browser, groups: list[str]
) -> None:
    stack.cognito.user.groups = groups
    stack.sign_in(browser)
    page, problem = browser.get("/report", **PAGE), browser.get("/report", **JSON)
    assert (page.status, problem.status) == (403, 403)
    assert "the report is for the group staff" in page.body
    assert page.headers["content-security-policy"].startswith("default-src 'none'; style-src")
    assert problem.headers["content-type"] == "application/problem+json"
    assert problem.json["status"] == 403
    assert [line["reason"] for line in stack.logged("request_failed")] == ["not_in_group"] * 2


def test_a_group_that_is_taken_away_ends_with_the_next_refresh(
    stack: Stack, browser: Browser
) -> None:
    stack.cognito.access_token_seconds = 900
    stack.cognito.user.groups = ["staff"]
    stack.sign_in(browser)
    stack.cognito.user.groups = []
    stack.clock.advance(899)
    assert browser.get("/report", **JSON).status == 200
    stack.clock.advance(1)
    assert browser.get("/report", **JSON).status == 403


def test_a_refusal_keeps_the_session_that_was_renewed_on_the_way(
    stack: Stack, browser: Browser
) -> None:
    stack.cognito.access_token_seconds = 900
    stack.sign_in(browser)
    stack.clock.advance(900)
    assert len(browser.get("/report", **JSON).cookies) == 1
