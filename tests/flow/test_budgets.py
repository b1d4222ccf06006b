"""What a request may cost in upstream calls and in work, counted and not timed."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest

from tests.flow.conftest import Stack

# Bytecode instructions that Python runs for one warm request of a signed-in visitor, libraries
# included and C code not: a quarter above what was seen, since versions of Python differ.
INSTRUCTIONS = {"/": 7_200, "/login": 9_500, "/me": 2_400, "/logout": 3_000}
CALLBACK_INSTRUCTIONS = 105_000


@pytest.mark.parametrize("path", ["/", "/logout", "/me", "/healthz", "/login", "/signup"])
def test_these_pages_cost_no_upstream_call(stack: Stack, path: str) -> None:
    browser = stack.browser()
    browser.get(path)
    assert stack.cognito.upstream_calls == 0


def test_a_welcome_costs_no_upstream_call(stack: Stack) -> None:
    browser = stack.browser()
    stack.sign_in(browser)
    before = stack.cognito.upstream_calls
    for path in ("/", "/me", "/logout"):
        assert browser.get(path).status == 200
    assert stack.cognito.upstream_calls == before


def test_a_sign_in_costs_token_and_userinfo_and_the_first_one_the_keys(stack: Stack) -> None:
    def calls() -> tuple[int, ...]:
        return tuple(stack.cognito.calls(name) for name in ("token", "userinfo", "jwks"))

    browser = stack.browser()
    stack.sign_in(browser)
    assert calls() == (1, 1, 1)
    stack.sign_in(browser)
    assert calls() == (2, 2, 1)
    assert stack.cognito.upstream_calls == 5


@pytest.mark.parametrize("path", INSTRUCTIONS)
def test_a_warm_request_runs_no_more_instructions_than_budgeted(stack: Stack, path: str) -> None:
    browser = stack.browser()
    stack.sign_in(browser)
    browser.get(path)
    assert instructions(lambda: browser.get(path)) <= INSTRUCTIONS[path]


def test_a_warm_callback_runs_no_more_instructions_than_budgeted(stack: Stack) -> None:
    browser = stack.browser()
    stack.sign_in(browser)
    callback = stack.cognito.visit(browser.get("/login").location)
    assert instructions(lambda: browser.get(callback)) <= CALLBACK_INSTRUCTIONS


def instructions(action: Callable[[], Any]) -> int:
    count = 0

    def trace(frame: FrameType, event: str, _argument: object) -> Any:
        nonlocal count
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        count += event == "opcode"
        return trace

    before = sys.gettrace()
    gc.collect()
    gc.disable()  # or finalizers of what earlier tests left might run, and count
    sys.settrace(trace)
    try:
        action()
    finally:
        sys.settrace(before)
        gc.enable()
    return count


def test_counting_counts() -> None:
    few, many = (instructions(lambda n=n: [len(str(i)) for i in range(n)]) for n in (1, 1000))  # type: ignore[misc]
    assert 0 < few < many
