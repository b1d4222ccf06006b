"""docs/calling-apis.md: a page inside the web function calls another API for the user."""

from __future__ import annotations

from typing import Any

import pytest
import requests
from foyer import http_api, routes
from foyer.route import Needs, Route

from tests.documents import blocks
from tests.flow.conftest import Stack

OTHER_API = "https://orders.example.com/mine"


@pytest.mark.sessions("cookie", "table")
def test_a_page_of_the_web_function_calls_another_api_with_a_new_token_each_time(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    (code,) = (each for each in blocks("docs/calling-apis.md", "python") if "Route(" in each)
    assert OTHER_API in code
    # UserInfo is an API that takes access tokens too.
    code = code.replace(OTHER_API, f"{stack.cognito.domain_url}/oauth2/userInfo")
    names: dict[str, Any] = {
        "requests": requests,
        "http_api": http_api,
        "Route": Route,
        "Needs": Needs,
    }
    exec(code, names)  # noqa: S102 - the document's own
    monkeypatch.setattr(routes, "ROUTES", {**routes.ROUTES, "GET /orders": names["ORDERS"]})
    stack.cognito.refresh_token_rotation = True
    browser = stack.browser()
    assert browser.get("/orders").status == 401
    stack.sign_in(browser)
    for _ in range(2):
        assert browser.get("/orders").json["sub"] == stack.cognito.user.sub
    used = {each.headers["Authorization"] for each in stack.cognito.requests["userinfo"]}
    assert len(used) == 3, "one at sign-in, one for each request"
    assert stack.cognito.calls("token") == 3
