"""docs/calling-apis.md: a page inside the web function calls another API for the user."""

from __future__ import annotations

import pytest
import requests
from foyer import routes

from tests.documents import blocks
from tests.flow.conftest import Stack


@pytest.mark.sessions("cookie", "table")
def test_a_page_of_the_web_function_calls_another_api_with_a_new_token_each_time(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    (code,) = (each for each in blocks("docs/calling-apis.md", "python") if "Route(" in each)
    before, _, after = code.partition("https://orders.example.com/mine")
    # UserInfo is an API that takes access tokens too.
    code = f"{before}{stack.cognito.domain_url}/oauth2/userInfo{after}"
    names = {**vars(routes), "requests": requests}
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
