"""Converting events to requests and responses to replies; their cookies and policies."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from foyer import forms
from foyer.content_policy import Allows
from foyer.cookies import CookieStyle
from foyer.errors import BadRequest
from foyer.http_api import Request, Response, html, reply, understand
from hypothesis import given
from hypothesis import strategies as st


def event(**more: Any) -> dict[str, Any]:
    made: dict[str, Any] = {
        "routeKey": "GET /me",
        "rawPath": "/me",
        "rawQueryString": "",
        "headers": {"host": "app.example.com"},
        "requestContext": {
            "domainName": "app.example.com",
            "http": {"method": "GET"},
            "requestId": "id=",
        },
    }
    return made | more


def request(query: str) -> Request:
    return understand(event(rawQueryString=query), app_url=None)


def test_a_request_hides_what_it_carries() -> None:
    made = understand(
        event(cookies=["a=secret"], rawQueryString="code=secret", headers={"x": "secret"}),
        app_url=None,
    )
    assert "secret" not in repr(made)
    assert "secret" not in repr(Response(200, "secret", cookies=("secret",)))


@pytest.mark.parametrize(
    ("where", "cookies"),
    [
        pytest.param({"cookies": ["a=1", "b=x=y", "c"]}, {"a": "1", "b": "x=y"}, id="listed"),
        pytest.param({"headers": {"Cookie": "a=1;b=x=y; c"}}, {"a": "1", "b": "x=y"}, id="header"),
        pytest.param({"cookies": ["a=1"], "headers": {"cookie": "a=2"}}, {"a": "1"}, id="both"),
        pytest.param({"cookies": ["a=1", "a=2"]}, {"a": "1"}, id="first"),
        pytest.param({"headers": {"cookie": "\ta = 1 ;\t b\t=\t2\u2000"}},
                     {"a": "1", "b": "2\u2000"}, id="spaces"),
        pytest.param({"cookies": ["__Host-a=1", "__Host-b=2", "__Host-a=3", "__Host-b=2"]},
                     {"__Host-b": "2"}, id="twice"),
    ],
)  # fmt: skip
def test_cookies_are_read_wherever_they_are(where: dict[str, Any], cookies: dict[str, str]) -> None:
    """Of two with one name the first; of two different ones with the prefix neither."""
    assert understand(event(**where), app_url=None).cookies == cookies


@pytest.mark.parametrize(
    "before",
    # As UTF-8 and as the Latin-1 that an HTTP server may have read instead.
    ["\x0b", "\x0c", "\x1c", "\x85", "\xa0", "\u2000", "\u2028", "\u3000", "\ufeff",
     "\xe2\x80\x80", "a b"],
)  # fmt: skip
def test_a_planted_name_is_not_read_as_one_with_the_host_prefix(before: str) -> None:
    planted, own = f"{before}__Host-a=planted", "__Host-a=own"
    for where in (
        {"cookies": [planted, own]},
        {"headers": {"cookie": f"{planted}; {own}"}},
        {"cookies": [f"{before}; {planted}", own]},
    ):
        assert understand(event(**where), app_url=None).cookies == {"__Host-a": "own"}
    assert understand(event(cookies=[planted]), app_url=None).cookies == {}
    assert understand(event(cookies=[f"__Host-a{before}=planted"]), app_url=None).cookies == {}


def test_a_bare_event_is_understood() -> None:
    bare = understand(event(headers=None, rawQueryString=None), app_url=None)
    assert (bare.query(code=9), bare.cookies) == ({}, {})


@given(st.text())
def test_any_query_is_understood_or_a_400(query: str) -> None:
    try:
        found = request(query).query(a=9, b=9)
    except BadRequest:
        return
    assert all(name in "ab" and len(value) <= 9 for name, value in found.items())


def test_parameters_are_decoded_once() -> None:
    for query, value in {
        "a=": "",
        "a=1,2": "1,2",
        "b=1&b=2&a=1": "1",
        "b=%ff&a=1": "1",
        "a=" + "%31" * 9: "1" * 9,
        "a=%2531+b": "%31 b",
        "&".join(["b="] * 99) + "&a=1": "1",
    }.items():
        assert request(query).query(a=9) == {"a": value}


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("a=1&a=1", "parameter_repeated"),
        ("a=1&%61=1", "parameter_repeated"),
        ("a=%ff", "parameter_malformed"),
        ("a=%00", "parameter_malformed"),
        ("a=\ud800", "parameter_malformed"),
        ("a=%C2%85", "parameter_malformed"),
        ("a=1234567890", "parameter_too_long"),
        ("b=" + "x" * 8192, "query_too_long"),
    ],
)
def test_parameters_are_read_once_and_within_limits(query: str, reason: str) -> None:
    with pytest.raises(BadRequest, match=reason):
        request(query).query(a=9)


def sent(content_type: str, body: bytes) -> Request:
    encoded = {"body": base64.b64encode(body).decode(), "isBase64Encoded": True}
    return understand(event(headers={"content-type": content_type}, **encoded), app_url=None)


@pytest.mark.parametrize(
    ("content_type", "body", "reason"),
    [
        ("text/plain", b'{"a": 1}', "json_malformed"),
        ("application/json", b"[1]", "json_malformed"),
        ("application/json", b'{"a": 1, "a": 2}', "json_malformed"),
        ("application/json", b"\xff", "json_malformed"),
        ("application/json", b'{"a": "' + b"x" * 16 * 1024 + b'"}', "form_too_large"),
    ],
)
def test_a_json_body_is_an_object_or_a_400(content_type: str, body: bytes, reason: str) -> None:
    assert forms.read_json(sent("application/json; charset=utf-8", b'{"a": "\xc3\xa4"}')) == {
        "a": "ä"
    }
    with pytest.raises(BadRequest, match=reason):
        forms.read_json(sent(content_type, body))


def test_a_secure_cookie_has_the_host_prefix_and_what_it_demands() -> None:
    line = CookieStyle(secure=True).line("a", "b", max_age=60)
    assert line == "__Host-a=b; Max-Age=60; Path=/; Secure; HttpOnly; SameSite=Lax"
    on_localhost = CookieStyle(secure=False).line("a", "b", max_age=60)
    assert on_localhost == "a=b; Max-Age=60; Path=/; HttpOnly; SameSite=Lax"


ALWAYS = {"content-security-policy": "default-src 'none'; img-src data:; form-action 'self'"}


def test_a_page_names_what_it_loads_and_others_stay_as_they_are() -> None:
    allows = Allows(script=("'self'",), img=("https://*.example.com",), connect=("'self'",))
    made = reply(html("", language="en", allows=allows), always=ALWAYS)
    assert made["headers"]["content-security-policy"] == (
        "default-src 'none'; img-src data: https://*.example.com; form-action 'self'; "
        "script-src 'self'; connect-src 'self'"
    )
    assert reply(html("", language="en"), always=ALWAYS)["headers"].items() >= ALWAYS.items()


@pytest.mark.parametrize(
    "source",
    ["'unsafe-inline'", "'unsafe-eval'", "*", "https:", "http://x.example", "data:", "",
     "'self'; object-src *", "https://*", "'self' *", "https://x.example/\n"],
)  # fmt: skip
def test_a_source_that_is_too_wide_is_refused(source: str) -> None:
    with pytest.raises(ValueError, match="not a source"):
        Allows(script=(source,))
