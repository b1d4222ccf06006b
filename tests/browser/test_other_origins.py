"""A page of another site, open in the same browser, cannot reach the local stack's ports."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
import requests
from playwright.sync_api import Browser, Page

from tests.process_tree import family, listening
from tests.running_stack import RunningStack

_TEMPLATE = {"Resources": {"H": {"Type": "AWS::CloudFormation::WaitConditionHandle"}}}


@pytest.fixture
def page(stack: RunningStack, chromium: Browser) -> Iterator[Page]:
    """Of another site: the gateway's answer to a foreign name, without its policy."""
    with chromium.new_context(bypass_csp=True) as context:
        page = context.new_page()
        page.goto(elsewhere(stack.port))
        yield page


def elsewhere(port: int) -> str:
    return f"http://elsewhere.example:{port}/"  # this machine; see tests/browser/people.py


def planting(stack: RunningStack, name: str) -> str:
    """A URL with a good signature that makes a stack of this name: the worst that could leak."""
    url: str = stack.aws.client("cloudformation").generate_presigned_url(
        "create_stack",
        {"StackName": name, "TemplateBody": json.dumps(_TEMPLATE)},
        HttpMethod="POST",
    )
    return url


def stacks(stack: RunningStack) -> set[str]:
    listed = stack.aws.client("cloudformation").list_stacks()["StackSummaries"]
    return {one["StackName"] for one in listed}


def test_a_signed_request_works_from_a_program_alone(stack: RunningStack, page: Page) -> None:
    send = """([url, options]) =>
        fetch(url, options).then(a => a.text(), error => error.message)"""
    for options in (
        {"method": "POST", "mode": "no-cors"},
        {"method": "POST", "mode": "no-cors", "headers": {"Content-Type": "text/plain"}},
        {"method": "POST"},
        {"method": "POST", "headers": {"Content-Type": "application/x-amz-json-1.1"}},
        {"method": "POST", "headers": {"Authorization": "AWS4-HMAC-SHA256 x"}},
    ):
        page.evaluate(send, [planting(stack, "by-script"), options])
    preflighted = {"method": "POST", "headers": {"X-Amz-Target": "x"}}
    assert page.evaluate(send, [f"{stack.aws.endpoint}/", preflighted]) == "Failed to fetch"
    for kind in ("text/plain", "application/x-www-form-urlencoded"):
        form = f'<form method="post" enctype="{kind}"><button>Win a prize</button></form>'
        page.goto(elsewhere(stack.port))
        page.set_content(form)
        page.locator("form").evaluate(
            "(form, url) => { form.action = url }", planting(stack, "by-form")
        )
        with page.expect_navigation() as navigation:
            page.get_by_role("button").click()
        assert navigation.value.status == 403
    assert not {"by-script", "by-form"} & stacks(stack)
    assert requests.post(planting(stack, "by-program"), timeout=30).status_code == 200
    assert "by-program" in stacks(stack)


def test_events_are_handed_to_the_function_alone(stack: RunningStack, page: Page) -> None:
    """The Runtime API returns the next event, with the visitor's cookies, to the first client."""
    known = {stack.port, stack.port + 1, stack.port + 2}
    others = {number for _, number in listening(family(stack.process.pid))} - known
    assert others
    for port in others:
        url = f"http://127.0.0.1:{port}/2018-06-01/runtime/invocation/next"
        answered = page.evaluate(
            """url => Promise.race([
                fetch(url, {mode: "no-cors"}).then(() => true),
                new Promise(done => setTimeout(() => done(false), 5000)),
            ])""",
            url,
        )
        assert answered, "it waits for an event"
    assert requests.get(f"{stack.app}/healthz", timeout=10).status_code == 200
