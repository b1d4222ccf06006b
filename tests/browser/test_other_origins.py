"""A page of another site, open in the same browser, cannot reach the local stack's ports."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import requests
from playwright.sync_api import Browser, Page

from tests.process_tree import family, listening
from tests.running_stack import RunningStack

_ELSEWHERE = "elsewhere.example"  # its name leads to this machine (tests/browser/chromium.py)
_TEMPLATE = {"Resources": {"H": {"Type": "AWS::CloudFormation::WaitConditionHandle"}}}


class _Anything(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<title>elsewhere</title>")

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[str]:
    """A site of another origin."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Anything)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://{_ELSEWHERE}:{server.server_address[1]}/"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def page(chromium: Browser, elsewhere: str) -> Iterator[Page]:
    with chromium.new_context() as context:
        page = context.new_page()
        page.goto(elsewhere)
        yield page


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


def test_the_signed_request_works_from_a_program(stack: RunningStack) -> None:
    assert requests.post(planting(stack, "by-program"), timeout=30).status_code == 200
    assert "by-program" in stacks(stack)


@pytest.mark.parametrize(
    "options",
    [
        {"method": "POST", "mode": "no-cors"},
        {"method": "POST", "mode": "no-cors", "headers": {"Content-Type": "text/plain"}},
        {"method": "POST"},
        {"method": "POST", "headers": {"Content-Type": "application/x-amz-json-1.1"}},
        {"method": "POST", "headers": {"Authorization": "AWS4-HMAC-SHA256 x"}},
    ],
)
def test_a_script_reaches_nothing(
    stack: RunningStack, page: Page, options: dict[str, object]
) -> None:
    page.evaluate(
        "([url, options]) => fetch(url, options).then(a => a.text(), error => error.message)",
        [planting(stack, "by-script"), options],
    )
    assert "by-script" not in stacks(stack)


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded"])
def test_a_form_in_the_top_window_reaches_nothing(
    stack: RunningStack, page: Page, kind: str
) -> None:
    page.set_content(f'<form method="post" enctype="{kind}"><button>Win a prize</button></form>')
    page.locator("form").evaluate(
        "(form, url) => { form.action = url }", planting(stack, "by-form")
    )
    with page.expect_navigation() as navigation:
        page.get_by_role("button").click()
    assert navigation.value.status == 403
    assert "by-form" not in stacks(stack)


def test_a_preflight_gets_no_invitation(stack: RunningStack, page: Page) -> None:
    said = page.evaluate(
        """async ([url, header]) => {
            try { return (await fetch(url, {method: "POST", headers: {[header]: "x"}})).status }
            catch (error) { return error.name }
        }""",
        [f"{stack.aws.endpoint}/", "X-Amz-Target"],
    )
    assert said == "TypeError"


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
