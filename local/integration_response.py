"""Converts a function's result to an HTTP response, as an HTTP API does.

Source: "http-api-develop-integrations-lambda" in the API Gateway developer guide. Behaviour that it
does not specify was observed on deployed HTTP APIs by others: aws/aws-lambda-dotnet#1901 (default
content types), ministackorg/ministack#766 (the order of cookies).
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_MESSAGES = {
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    413: "Request Entity Too Large",
    431: "Request Header Fields Too Large",
    500: "Internal Server Error",
    503: "Service Unavailable",
}
# RFC 9110 §7.6.1; the gateway sets the length.
_NOT_FORWARDED = {
    "connection", "content-length", "keep-alive", "proxy-authenticate", "proxy-connection",
    "te", "trailer", "transfer-encoding", "upgrade",
}  # fmt: skip
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HEADER_VALUE = re.compile(r"[^\x00-\x08\x0a-\x1f\x7f]*")


class MalformedResponse(Exception):
    """The function's result is invalid, so API Gateway returns 500; the message says why."""


@dataclass(frozen=True)
class Response:
    status: int
    headers: Sequence[tuple[str, str]]
    body: bytes


def error(status: int, challenge: str = "", message: str = "") -> Response:
    """API Gateway's own error response; ``challenge`` is for WWW-Authenticate.

    ``message`` is for what API Gateway does not know: that nothing here can run the function.
    """
    body = json.dumps({"message": message or _MESSAGES[status]}, separators=(",", ":")).encode()
    challenges = [("www-authenticate", challenge)] if challenge else []
    return Response(status, [("content-type", "application/json"), *challenges], body)


def parse_response(payload: bytes) -> Response:
    """The response for the function's result; raises MalformedResponse.

    A result without ``statusCode`` is the body of a 200 (payload 2.0's inferred response).
    """
    try:
        result = json.loads(payload)
    except ValueError as problem:
        raise MalformedResponse("the result is not JSON") from problem
    if not isinstance(result, dict) or "statusCode" not in result:
        text = result if isinstance(result, str) else payload.decode("utf-8")
        return Response(200, [("content-type", "application/json")], _encode(text))
    status = _status(result["statusCode"])
    headers = _headers(result.get("headers") or {})
    if not any(name == "content-type" for name, _ in headers):
        headers.append(("content-type", "text/plain; charset=utf-8"))
    # Cookies come first, then a Set-Cookie header (ministackorg/ministack#766).
    return Response(
        status, [*_set_cookies(result.get("cookies") or []), *headers], _response_body(result)
    )


def _status(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 200 <= value <= 599:
        raise MalformedResponse(f"statusCode is {value!r}")
    return value


def _headers(headers: object) -> list[tuple[str, str]]:
    if not isinstance(headers, dict):
        raise MalformedResponse("headers is not an object")
    kept = ((name, value) for name, value in headers.items() if name.lower() not in _NOT_FORWARDED)
    return [(_header_name(name), _header_value(name, value)) for name, value in kept]


def _set_cookies(cookies: object) -> list[tuple[str, str]]:
    if not isinstance(cookies, list):
        raise MalformedResponse("cookies is not a list")
    return [("set-cookie", _header_value("cookies", cookie)) for cookie in cookies]


def _header_name(name: str) -> str:
    if not _HEADER_NAME.fullmatch(name):
        raise MalformedResponse(f"{name!r} is not a header name")
    return name.lower()


def _header_value(name: str, value: object) -> str:
    text = str(value).lower() if isinstance(value, bool) else value
    text = str(text) if isinstance(text, int | float) else text
    if not isinstance(text, str) or not _HEADER_VALUE.fullmatch(text):
        raise MalformedResponse(f"the value of {name} is not a header value")
    return text.strip()


def _response_body(result: Mapping[str, Any]) -> bytes:
    body = result.get("body")
    if body is None:
        return b""
    if not isinstance(body, str):
        raise MalformedResponse("body is not a string")
    if not result.get("isBase64Encoded"):
        return _encode(body)
    try:
        return base64.b64decode(body, validate=True)
    except (binascii.Error, ValueError) as problem:
        raise MalformedResponse("body is not base64, though isBase64Encoded says so") from problem


def _encode(text: str) -> bytes:
    return text.encode("utf-8", errors="replace")
