"""What a function returns becomes a response, or a 500."""

from __future__ import annotations

import json

import h11
import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.integration_response import MalformedResponse, Response, parse_response


def _response(result: object) -> Response:
    return parse_response(json.dumps(result).encode())


def test_every_cookie_is_a_separate_set_cookie_header() -> None:
    cookies = ["a=1; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT", "b=2"]
    response = _response({"statusCode": 201, "cookies": cookies, "headers": {"Set-Cookie": "c=3"}})
    values = [value for name, value in response.headers if name == "set-cookie"]
    assert values == [*cookies, "c=3"]
    assert response.status == 201


@pytest.mark.parametrize(
    ("result", "body"),
    [
        ("Hello from Lambda!", b"Hello from Lambda!"),
        ({"message": "Hello"}, b'{"message": "Hello"}'),
        ([1, 2], b"[1, 2]"),
        (None, b"null"),
    ],
)
def test_a_result_without_a_status_is_the_body_of_a_200(result: object, body: bytes) -> None:
    assert _response(result) == Response(200, [("content-type", "application/json")], body)


def test_the_gateway_sets_hop_by_hop_headers_and_the_length() -> None:
    headers = {"Connection": "close", "Transfer-Encoding": "chunked", "Content-Length": "1"}
    assert _response({"statusCode": 200, "headers": headers}).headers == [
        ("content-type", "text/plain; charset=utf-8")
    ]


@pytest.mark.parametrize(
    "result",
    [
        {"statusCode": "ok"},
        {"statusCode": 99},
        {"statusCode": 100},
        {"statusCode": True},
        {"statusCode": None},
        {"statusCode": 200, "body": {"a": 1}},
        {"statusCode": 200, "body": "not base64", "isBase64Encoded": True},
        {"statusCode": 200, "headers": ["x"]},
        {"statusCode": 200, "headers": {"x": ["a", "b"]}},
        {"statusCode": 200, "headers": {"x": "a\r\nset-cookie: b"}},
        {"statusCode": 200, "headers": {"x y": "a"}},
        {"statusCode": 200, "cookies": "a=1"},
        {"statusCode": 200, "cookies": ["a=1\r\nx: y"]},
    ],
)
def test_a_malformed_result_is_refused(result: object) -> None:
    with pytest.raises(MalformedResponse):
        _response(result)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@given(
    st.fixed_dictionaries(
        {"statusCode": st.integers(195, 605) | _JSON},
        optional={
            "headers": st.dictionaries(st.text(), st.text() | _JSON) | _JSON,
            "cookies": st.lists(st.text()) | _JSON,
            "body": st.text() | _JSON,
            "isBase64Encoded": st.booleans() | _JSON,
        },
    )
    | _JSON
)
def test_any_result_is_either_refused_or_can_go_on_the_wire(result: object) -> None:
    try:
        response = _response(result)
    except MalformedResponse:
        return
    connection = h11.Connection(h11.SERVER)
    connection.receive_data(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
    connection.next_event()
    headers = [
        (name.encode(), value.encode("utf-8", "replace")) for name, value in response.headers
    ]
    assert connection.send(h11.Response(status_code=response.status, headers=headers))
