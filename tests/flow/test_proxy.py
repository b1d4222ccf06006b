"""With a proxy in front: what does not come through it is refused."""

from __future__ import annotations

import pytest

from tests.flow.browser import Browser
from tests.flow.conftest import Stack

_VALUE = "origin-verify-0123456789abcdef"
_HEADER = "x-origin-verify"


@pytest.fixture
def behind_proxy(stack: Stack) -> Browser:
    stack.put_secret(**stack.secret(), origin_verify=_VALUE)
    return stack.browser(ORIGIN_VERIFY_HEADER="X-Origin-Verify")


@pytest.mark.parametrize("path", ["/", "/login", "/me", "/healthz"])
@pytest.mark.parametrize("headers", [{}, {_HEADER: ""}, {_HEADER: _VALUE[:-1]}, {_HEADER: "\xe9"}])
def test_a_request_past_the_proxy_is_refused(
    stack: Stack, behind_proxy: Browser, path: str, headers: dict[str, str]
) -> None:
    answer = behind_proxy.get(path, **headers)
    assert answer.status == 400
    assert not answer.cookies
    (line,) = stack.logged("request_failed")
    assert line["reason"] == "not_from_proxy"
    assert _VALUE not in stack.log_stream.getvalue()


def test_a_request_through_the_proxy_is_answered(behind_proxy: Browser) -> None:
    assert behind_proxy.get("/", **{_HEADER: _VALUE}).status == 200


def test_a_secret_without_the_proxys_value_lets_nobody_in(stack: Stack) -> None:
    answer = stack.browser(ORIGIN_VERIFY_HEADER="X-Origin-Verify").get("/", **{_HEADER: ""})
    assert answer.status == 503


# -- Without self-registration ------------------------------------------------------------------


def test_where_only_administrators_create_accounts_nothing_offers_it(stack: Stack) -> None:
    browser = stack.browser(SELF_SIGN_UP="false")
    page = browser.get("/")
    assert "/login" in page.body
    assert "/signup" not in page.body
    assert "/oauth2/authorize?" in browser.get("/signup").headers["location"]
