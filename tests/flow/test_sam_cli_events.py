"""The function under `sam local start-api`, whose events are not quite API Gateway's.

The SAM CLI's builder is samcli/local/apigw/event_constructor.py: header names as WSGI spells them,
the Cookie header left in place beside the parsed cookies, forms not in base64, what the request
has not empty or null, "localhost" for a domain, and one request id for all requests of a process.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from http.cookies import SimpleCookie
from typing import Any

import pytest

from tests.flow.browser import Answer, Browser
from tests.flow.conftest import Stack

APP = "http://localhost:3000"
REQUEST_ID = str(uuid.uuid4())


def as_sam_builds_it(event: Mapping[str, Any]) -> dict[str, Any]:
    context = event["requestContext"]
    headers = {name.title(): value for name, value in event["headers"].items()}
    cookies = SimpleCookie("; ".join(event.get("cookies", [])))
    if cookies:
        headers["Cookie"] = "; ".join(event["cookies"])
    return {
        "version": "2.0",
        "routeKey": event["routeKey"],
        "rawPath": event["rawPath"],
        "rawQueryString": event["rawQueryString"],
        "cookies": [f"{name}={cookie.value}" for name, cookie in cookies.items()],
        "headers": headers | {"X-Forwarded-Proto": "http", "X-Forwarded-Port": "3000"},
        "requestContext": context
        | {"requestId": REQUEST_ID, "domainName": "localhost", "domainPrefix": "localhost"},
        "body": event.get("body", ""),
        "pathParameters": {},
        "stageVariables": None,
        "isBase64Encoded": False,
    }


class BrowserOfSam(Browser):
    def deliver(self, made: Mapping[str, Any]) -> Answer:
        return super().deliver(as_sam_builds_it(made))


@pytest.fixture
def browser(stack: Stack) -> Browser:
    return BrowserOfSam(stack.app(APP_URL=APP), APP)


def test_a_visitor_signs_in_and_out(stack: Stack, browser: Browser) -> None:
    assert stack.sign_in(browser, "/login?return_to=/me").location == "/me"
    assert browser.get("/me").json["sub"] == stack.cognito.user.sub
    answer = browser.post(
        "/logout", Origin=APP, **{"Content-Type": "application/x-www-form-urlencoded"}
    )
    assert answer.status == 303
    assert browser.get("/me").status == 401


def test_a_form_from_elsewhere_is_refused(stack: Stack, browser: Browser) -> None:
    stack.sign_in(browser)
    assert browser.post("/logout", Origin="https://evil.example").status == 400
    assert browser.get("/me").status == 200


def test_without_the_list_of_cookies_the_header_serves(stack: Stack, browser: Browser) -> None:
    stack.sign_in(browser)
    listed = {"version": "2.0", "routeKey": "GET /me", "rawPath": "/me", "rawQueryString": ""}
    cookie = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    context = {"requestId": REQUEST_ID, "domainName": "localhost", "http": {"method": "GET"}}
    event = {**listed, "headers": {"Cookie": cookie}, "requestContext": context}
    assert Browser.deliver(browser, event).status == 200
