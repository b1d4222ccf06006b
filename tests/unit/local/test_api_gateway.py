"""Routes are chosen, events built and results read like API Gateway does it."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from local.api_gateway import Request, build_event
from local.integration_response import MalformedResponse, Response, parse_response
from local.routes import Route, select

# -- Routes: the example of the developer guide, "Routing API requests", shuffled -----------------

_PETS = [
    Route("ANY", "$default", ""),
    Route("ANY", "/{proxy+}", ""),
    Route("GET", "/pets/{proxy+}", ""),
    Route("GET", "/pets/dog/{id}", ""),
    Route("ANY", "/pets/dog/1", ""),
    Route("GET", "/pets/dog/1", ""),
]


@pytest.mark.parametrize(
    ("request_line", "key", "parameters"),
    [
        ("GET /pets/dog/1", "GET /pets/dog/1", {}),
        ("PUT /pets/dog/1", "ANY /pets/dog/1", {}),
        ("GET /pets/dog/2", "GET /pets/dog/{id}", {"id": "2"}),
        ("GET /pets/cat/1", "GET /pets/{proxy+}", {"proxy": "cat/1"}),
        ("GET /pets/dog/1/2", "GET /pets/{proxy+}", {"proxy": "dog/1/2"}),
        ("POST /pets/dog/2", "ANY /{proxy+}", {"proxy": "pets/dog/2"}),
        ("GET /", "$default", {}),
    ],
)
def test_the_most_specific_route_wins(
    request_line: str, key: str, parameters: dict[str, str]
) -> None:
    selected = select(_PETS, *request_line.split())
    assert selected is not None
    assert (selected[0].key, selected[1]) == (key, parameters)


@pytest.mark.parametrize(
    "request_line", ["HEAD /log.in", "GET /log.in/", "GET /Log.in", "GET /", "GET /logxin"]
)
def test_a_route_takes_nothing_but_its_method_and_path(request_line: str) -> None:
    assert select([Route("GET", "/log.in", "web")], *request_line.split()) is None


# -- Events; tests/flow/test_events.py compares whole ones with the samples -----------------------


def _event(
    path: bytes = b"/",
    query: bytes = b"",
    headers: Sequence[tuple[bytes, bytes]] = (),
    body: bytes = b"",
) -> dict[str, Any]:
    request = Request("POST", path, query, headers, client="192.0.2.7", body=body)
    now = datetime(2026, 11, 2, tzinfo=UTC)
    return build_event(request, route_key="POST /", path_parameters={}, request_id="id", now=now)


def test_header_names_are_lower_case_and_repeated_headers_joined_by_a_comma() -> None:
    headers = _event(headers=[(b"X-One", b"a"), (b"x-one", b"b,c"), (b"X-Two", b"d")])["headers"]
    assert (headers["x-one"], headers["x-two"]) == ("a,b,c", "d")


@pytest.mark.parametrize("space", [b"\xa0", b"\x85", b"\xe2\x80\x80", b"\x0b", b"\x0c", b"\x1f"])
def test_a_cookie_whose_name_only_looks_like_ours_is_not_renamed(space: bytes) -> None:
    cookies = b'a="x=y";\t' + space + b"__Host-foyer-session=planted; \tb=" + space
    event = _event(headers=[(b"cookie", cookies), (b"Cookie", b"nameless; =x; b c=4; c=5")])
    assert event["cookies"] == ['a="x=y"', f"b={space.decode('latin-1')}", "c=5"]
    assert "cookie" not in event["headers"]


@pytest.mark.parametrize(
    ("query", "parameters"),
    [
        (b"a=1&b=2&a=3", {"a": "1,3", "b": "2"}),
        (b"a=x%2By%20z+w", {"a": "x+y z w"}),
        (b"a=&b", {"a": "", "b": ""}),
        (b"%C3%A4=%C3%B6", {"ä": "ö"}),
        (b"a=%FF", {"a": "\N{REPLACEMENT CHARACTER}"}),
        (b"a=1;b=2", {"a": "1;b=2"}),
    ],
)
def test_query_parameters_are_decoded_and_joined_while_the_raw_query_stays(
    query: bytes, parameters: dict[str, str]
) -> None:
    event = _event(query=query)
    assert event["queryStringParameters"] == parameters
    assert event["rawQueryString"] == query.decode()


@pytest.mark.parametrize(
    ("sent", "seen"),
    [
        (b"/%C3%A4", "/ä"),
        (b"/a%2Fb", "/a/b"),
        (b"/a%3Fb=c", "/a"),
        (b"/%25", "/%"),
        (b"/%z", "/%z"),
    ],
)
def test_the_raw_path_is_decoded(sent: bytes, seen: str) -> None:
    event = _event(path=sent)
    assert event["rawPath"] == event["requestContext"]["http"]["path"] == seen


@pytest.mark.parametrize(
    ("content_type", "is_text"),
    [
        ("text/plain", True),
        ("TEXT/HTML; charset=utf-8", True),
        ("application/json", True),
        ("application/xml", True),
        ("application/javascript", True),
        ("", False),
        ("application/octet-stream", False),
        ("multipart/form-data; boundary=x", False),
    ],
)
def test_text_bodies_stay_text_and_all_others_are_base64(content_type: str, is_text: bool) -> None:
    headers = [(b"content-type", content_type.encode())] if content_type else []
    event = _event(headers=headers, body="grüß".encode())
    assert event["isBase64Encoded"] is not is_text
    assert event["body"] == ("grüß" if is_text else "Z3LDvMOf")


def test_no_bytes_of_a_request_break_the_event() -> None:
    odd = bytes(range(256))
    event = _event(path=odd, query=odd, headers=[(odd, odd), (b"host", odd), (b"cookie", odd)])
    assert json.loads(json.dumps(event)) == event
    event = _event(body=odd)
    assert base64.b64decode(event["body"]) == odd


# -- Results --------------------------------------------------------------------------------------

_COOKIES = ["a=1; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT", "b=2"]
_JSON, _PLAIN = ("content-type", "application/json"), ("content-type", "text/plain; charset=utf-8")
_HOPS = {"Connection": "close", "Transfer-Encoding": "chunked", "Content-Length": "1"}


@pytest.mark.parametrize(
    ("result", "response"),
    [
        ("Hello from Lambda!", Response(200, [_JSON], b"Hello from Lambda!")),
        ({"message": "Hello"}, Response(200, [_JSON], b'{"message": "Hello"}')),
        ([1, 2], Response(200, [_JSON], b"[1, 2]")),
        (None, Response(200, [_JSON], b"null")),
        ({"statusCode": 201, "headers": _HOPS}, Response(201, [_PLAIN], b"")),
        (
            {"statusCode": 200, "headers": {"X-A": True, "X-B": 7, "X-C": " a\tb "}, "body": "ü"},
            Response(200, [("x-a", "true"), ("x-b", "7"), ("x-c", "a\tb"), _PLAIN], "ü".encode()),
        ),
        (
            {"statusCode": 303, "cookies": _COOKIES, "headers": {"Set-Cookie": "c=3"}},
            Response(303, [("set-cookie", each) for each in (*_COOKIES, "c=3")] + [_PLAIN], b""),
        ),
    ],
)
def test_a_result_becomes_a_response(result: object, response: Response) -> None:
    assert parse_response(json.dumps(result).encode()) == response


@pytest.mark.parametrize(
    "result",
    [
        {"statusCode": "ok"},
        {"statusCode": 199},
        {"statusCode": 600},
        {"statusCode": True},
        {"statusCode": None},
        {"statusCode": 200, "body": {"a": 1}},
        {"statusCode": 200, "body": "not base64", "isBase64Encoded": True},
        {"statusCode": 200, "headers": ["x"]},
        {"statusCode": 200, "headers": {"x": ["a", "b"]}},
        {"statusCode": 200, "headers": {"x": "a\r\nset-cookie: b"}},
        {"statusCode": 200, "headers": {"x": "a\0"}},
        {"statusCode": 200, "headers": {"x y": "a"}},
        {"statusCode": 200, "headers": {"": "a"}},
        {"statusCode": 200, "cookies": "a=1"},
        {"statusCode": 200, "cookies": ["a=1\r\nx: y"]},
    ],
)
def test_a_malformed_result_is_refused(result: object) -> None:
    with pytest.raises(MalformedResponse):
        parse_response(json.dumps(result).encode())
