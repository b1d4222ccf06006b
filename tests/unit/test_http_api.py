"""Converting events to requests and responses to replies."""

from __future__ import annotations

import base64
from typing import Any
from urllib.parse import urlencode

import pytest
from foyer import forms
from foyer.errors import BadRequest
from foyer.http_api import Request, Response, redirect, reply, understand
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


def test_a_request_knows_where_it_arrived() -> None:
    made = understand(event(), app_url=None)
    assert (made.route_key, made.request_id) == ("GET /me", "id=")
    assert made.app_url == "https://app.example.com"
    assert understand(event(), app_url="http://localhost:3000").app_url == "http://localhost:3000"


def test_a_request_hides_what_it_carries() -> None:
    made = understand(
        event(cookies=["a=secret"], rawQueryString="code=secret", headers={"x": "secret"}),
        app_url=None,
    )
    assert "secret" not in repr(made)
    assert "secret" not in repr(Response(200, "secret", cookies=("secret",)))


@pytest.mark.parametrize(
    "where",
    [
        {"cookies": ["a=1", "b=x=y", "c"]},
        {"headers": {"cookie": "a=1; b=x=y; c"}},
        {"headers": {"Cookie": "a=1;b=x=y;c"}},
        {"cookies": ["a=1", "b=x=y"], "headers": {"cookie": "a=2"}},
    ],
)
def test_cookies_are_found_wherever_an_emulator_leaves_them(where: dict[str, Any]) -> None:
    assert understand(event(**where), app_url=None).cookies == {"a": "1", "b": "x=y"}


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


def test_of_two_cookies_with_one_name_the_first_is_read() -> None:
    assert understand(event(cookies=["a=1", "a=2"]), app_url=None).cookies == {"a": "1"}


def test_space_and_tab_around_names_and_values_are_ignored() -> None:
    made = understand(event(headers={"cookie": "\ta = 1 ;\t b\t=\t2\u2000"}), app_url=None)
    assert made.cookies == {"a": "1", "b": "2\u2000"}


def test_of_two_different_cookies_with_one_host_prefixed_name_neither_is_read() -> None:
    twice = ["__Host-a=1", "__Host-b=2", "__Host-a=3", "__Host-b=2"]
    assert understand(event(cookies=twice), app_url=None).cookies == {"__Host-b": "2"}


@pytest.mark.parametrize("absent", [{"headers": None}, {"headers": {}}, {"rawQueryString": None}])
def test_a_bare_event_is_understood(absent: dict[str, Any]) -> None:
    assert understand(event(**absent), app_url=None).query(code=9) == {}


@given(st.dictionaries(st.sampled_from("abc"), st.text(alphabet=st.characters(categories=["L"]))))
def test_parameters_come_back_as_they_were_sent(sent: dict[str, str]) -> None:
    assert request(urlencode(sent)).query(a=99, b=99, c=99) == sent


@given(st.text())
def test_any_query_is_understood_or_a_400(query: str) -> None:
    try:
        found = request(query).query(a=9, b=9)
    except BadRequest:
        return
    assert all(name in "ab" and len(value) <= 9 for name, value in found.items())


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("a=1&a=1", "parameter_repeated"),
        ("a=1&%61=1", "parameter_repeated"),
        ("a=", ""),
        ("a=1,2", ""),
        ("b=1&b=2&a=1", ""),
        ("a=%ff", "parameter_malformed"),
        ("b=%ff&a=1", ""),
        ("a=%00", "parameter_malformed"),
        ("a=\ud800", "parameter_malformed"),
        ("a=%C2%85", "parameter_malformed"),
        ("a=1234567890", "parameter_too_long"),
        ("a=" + "%31" * 9, ""),
        ("&".join(["b="] * 99) + "&a=1", ""),
        ("b=" + "x" * 8192, "query_too_long"),
    ],
)
def test_parameters_are_read_once_and_within_limits(query: str, reason: str) -> None:
    if not reason:
        assert "a" in request(query).query(a=9)
        return
    with pytest.raises(BadRequest) as raised:
        request(query).query(a=9)
    assert raised.value.reason == reason


def test_a_responses_own_headers_win() -> None:
    answer = redirect("/x", status=303, cookies=("a=b",), more_headers={"referrer-policy": "mine"})
    made = reply(answer, always={"referrer-policy": "no-referrer", "cache-control": "no-store"})
    assert made == {
        "statusCode": 303,
        "headers": {"referrer-policy": "mine", "cache-control": "no-store", "location": "/x"},
        "cookies": ["a=b"],
        "body": "",
        "isBase64Encoded": False,
    }


@pytest.mark.parametrize(
    ("content_type", "body", "reason"),
    [
        ("application/json; charset=utf-8", b'{"a": [1, "\xc3\xa4"]}', ""),
        ("text/plain", b'{"a": 1}', "json_malformed"),
        ("application/json", b"[1]", "json_malformed"),
        ("application/json", b'{"a": 1, "a": 2}', "json_malformed"),
        ("application/json", b"\xff", "json_malformed"),
        ("application/json", b'{"a": "' + b"x" * 16 * 1024 + b'"}', "form_too_large"),
    ],
)
def test_a_json_body_is_an_object_or_a_400(content_type: str, body: bytes, reason: str) -> None:
    made = event(
        headers={"content-type": content_type},
        body=base64.b64encode(body).decode(),
        isBase64Encoded=True,
    )
    sent = understand(made, app_url=None)
    if not reason:
        assert forms.read_json(sent) == {"a": [1, "ä"]}
        return
    with pytest.raises(BadRequest) as raised:
        forms.read_json(sent)
    assert raised.value.reason == reason
