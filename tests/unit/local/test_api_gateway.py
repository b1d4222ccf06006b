"""Events have the payload 2.0 format."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.api_gateway import Request, build_event, new_request_id

_NOW = datetime(2026, 11, 2, 15, 4, 5, 678_000, tzinfo=UTC)


def _event(
    path: bytes = b"/",
    query: bytes = b"",
    headers: Sequence[tuple[bytes, bytes]] = (),
    body: bytes = b"",
    parameters: dict[str, str] | None = None,
) -> dict[str, Any]:
    request = Request("POST", path, query, headers, client="192.0.2.7", body=body)
    return build_event(
        request,
        route_key="POST /",
        path_parameters=parameters or {},
        request_id="JKJaXmPLvHcESHA=",
        now=_NOW,
    )


def test_the_request_context_says_who_when_and_where() -> None:
    event = _event(
        path=b"/callback", headers=[(b"host", b"app.example:3000"), (b"user-agent", b"Test/1")]
    )
    assert (event["version"], event["routeKey"]) == ("2.0", "POST /")
    assert event["requestContext"] == {
        "accountId": "123456789012",
        "apiId": "local",
        "domainName": "app.example",
        "domainPrefix": "app",
        "http": {
            "method": "POST",
            "path": "/callback",
            "protocol": "HTTP/1.1",
            "sourceIp": "192.0.2.7",
            "userAgent": "Test/1",
        },
        "requestId": "JKJaXmPLvHcESHA=",
        "routeKey": "POST /",
        "stage": "$default",
        "time": "02/Nov/2026:15:04:05 +0000",
        "timeEpoch": 1793631845678,
    }


def test_missing_parts_of_a_request_are_absent_and_not_null() -> None:
    absent = {"cookies", "queryStringParameters", "pathParameters", "body", "stageVariables"}
    assert absent.isdisjoint(_event())
    assert _event(parameters={"proxy": "a/b"})["pathParameters"] == {"proxy": "a/b"}


def test_header_names_are_lower_case_and_repeated_headers_joined_by_a_comma() -> None:
    headers = _event(headers=[(b"X-One", b"a"), (b"x-one", b"b,c"), (b"X-Two", b"d")])["headers"]
    assert (headers["x-one"], headers["x-two"]) == ("a,b,c", "d")


def test_cookies_are_a_list_and_no_header() -> None:
    event = _event(headers=[(b"cookie", b'a=1; b="x=y"'), (b"Cookie", b"c=3")])
    assert event["cookies"] == ["a=1", 'b="x=y"', "c=3"]
    assert "cookie" not in event["headers"]


@pytest.mark.parametrize("space", [b"\xa0", b"\x85", b"\xe2\x80\x80", b"\x0b", b"\x0c", b"\x1f"])
def test_a_cookie_whose_name_only_looks_like_ours_is_not_renamed(space: bytes) -> None:
    cookies = b"a=1;\t" + space + b"__Host-foyer-session=planted; \tb=" + space
    event = _event(headers=[(b"cookie", cookies), (b"cookie", b"nameless; =x; b c=4")])
    assert event["cookies"] == ["a=1", f"b={space.decode('latin-1')}"]


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
        (b"/a%20b", "/a b"),
        (b"/%C3%A4", "/ä"),
        (b"/a%2Fb", "/a/b"),
        (b"/a%3Fb=c", "/a"),
        (b"/%25", "/%"),
        (b"/%zz", "/%zz"),
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
        ("application/x-www-form-urlencoded", False),
        ("application/octet-stream", False),
        ("multipart/form-data; boundary=x", False),
    ],
)
def test_text_bodies_stay_text_and_all_others_are_base64(content_type: str, is_text: bool) -> None:
    headers = [(b"content-type", content_type.encode())] if content_type else []
    event = _event(headers=headers, body="grüß".encode())
    assert event["isBase64Encoded"] is not is_text
    assert event["body"] == ("grüß" if is_text else "Z3LDvMOf")


@given(
    path=st.binary(),
    query=st.binary(),
    headers=st.lists(
        st.tuples(st.binary() | st.sampled_from([b"host", b"cookie", b"content-type"]), st.binary())
    ),
    body=st.binary(),
)
def test_no_bytes_of_a_request_break_the_event(
    path: bytes, query: bytes, headers: list[tuple[bytes, bytes]], body: bytes
) -> None:
    event = _event(path=path, query=query, headers=headers, body=body)
    assert json.loads(json.dumps(event)) == event
    if event["isBase64Encoded"]:
        assert base64.b64decode(event["body"]) == body


def test_request_ids_look_like_api_gateways_and_differ() -> None:
    first, second = new_request_id(), new_request_id()
    assert len(first) == 16
    assert first != second
