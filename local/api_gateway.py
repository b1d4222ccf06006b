"""Converts an HTTP request to a payload 2.0 event, as an HTTP API does.

Sources: "http-api-develop-integrations-lambda" and "http-api-quotas" in the API Gateway
developer guide. Behaviour that they do not specify was observed on deployed HTTP APIs by others:
aws/aws-lambda-dotnet#1901 (decoded path, raw query string, cookies as sent),
ministackorg/ministack#766 (which bodies are text), middleapi/standard-server#93 (a decoded ``?``
cuts the path).
"""

from __future__ import annotations

import base64
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, unquote

MAX_HEAD_BYTES = 10_240
MAX_BODY_BYTES = 10 * 1024 * 1024
_COOKIE = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+[ \t]*=")  # RFC 6265 §4.1.1: a token
_TEXT_TYPES = ("application/json", "application/javascript", "application/xml")


@dataclass(frozen=True)
class Request:
    """A request as received: ``path`` is percent-encoded and without the query."""

    method: str
    path: bytes
    query: bytes
    headers: Sequence[tuple[bytes, bytes]]
    client: str
    protocol: str = "HTTP/1.1"
    body: bytes = b""

    @property
    def decoded_path(self) -> str:
        return unquote(self.path.decode("latin-1"), errors="replace").partition("?")[0]

    @property
    def head_size(self) -> int:
        """The size of the request line and headers in bytes, with line ends."""
        line = len(f"{self.method}  {self.protocol}\r\n") + len(self.path)
        query = len(self.query) + 1 if self.query else 0
        return line + query + sum(len(name) + len(value) + 4 for name, value in self.headers)


def new_request_id() -> str:
    """An id like API Gateway's: 16 characters of base64."""
    return base64.b64encode(secrets.token_bytes(11)).decode()


def build_event(
    request: Request,
    *,
    route_key: str,
    path_parameters: Mapping[str, str],
    request_id: str,
    now: datetime,
) -> dict[str, Any]:
    """The event for the function; like API Gateway's, without fields that the request lacks."""
    headers = _joined_headers(request)
    body, is_base64 = _body(request.body, headers.get("content-type", ""))
    optional = {
        "cookies": _cookies(request),
        "queryStringParameters": _query_parameters(request),
        "pathParameters": dict(path_parameters),
        "body": body,
    }
    domain = _domain(headers.get("host", ""))
    event: dict[str, Any] = {
        "version": "2.0",
        "routeKey": route_key,
        "rawPath": request.decoded_path,
        "rawQueryString": request.query.decode("latin-1"),
        "headers": headers,
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "local",
            "domainName": domain,
            "domainPrefix": domain.partition(".")[0],
            "http": {
                "method": request.method,
                "path": request.decoded_path,
                "protocol": request.protocol,
                "sourceIp": request.client,
                "userAgent": headers.get("user-agent", ""),
            },
            "requestId": request_id,
            "routeKey": route_key,
            "stage": "$default",
            "time": now.astimezone(UTC).strftime("%d/%b/%Y:%H:%M:%S +0000"),
            "timeEpoch": int(now.timestamp() * 1000),
        },
        "isBase64Encoded": is_base64,
    }
    return event | {name: value for name, value in optional.items() if value}


def _joined_headers(request: Request) -> dict[str, str]:
    """Lower-case names, repeated headers joined by commas, the gateway's own; no cookies."""
    headers: dict[str, str] = {}
    for raw_name, raw_value in request.headers:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        if name != "cookie":
            headers[name] = f"{headers[name]},{value}" if name in headers else value
    hops = headers.get("x-forwarded-for")
    return headers | {
        "content-length": headers.get("content-length", str(len(request.body))),
        "x-amzn-trace-id": f"Root=1-{secrets.token_hex(4)}-{secrets.token_hex(12)}",
        "x-forwarded-for": f"{hops}, {request.client}" if hops else request.client,
        "x-forwarded-port": _port(headers.get("host", "")),
        "x-forwarded-proto": "http",
    }


def _cookies(request: Request) -> list[str]:
    """The pairs as they were sent, without those whose name is not a token.

    White space is space and tab (RFC 9110 §5.6.3). Python's ``strip`` also takes U+00A0 and U+0085,
    and what a browser accepts as another name would become ``__Host-foyer-session``.
    """
    values = (
        value.decode("latin-1") for name, value in request.headers if name.lower() == b"cookie"
    )
    pairs = (cookie.strip(" \t") for value in values for cookie in value.split(";"))
    return [pair for pair in pairs if _COOKIE.match(pair)]


def _query_parameters(request: Request) -> dict[str, str]:
    parameters: dict[str, str] = {}
    pairs = parse_qsl(request.query.decode("latin-1"), keep_blank_values=True, errors="replace")
    for name, value in pairs:
        parameters[name] = f"{parameters[name]},{value}" if name in parameters else value
    return parameters


def _body(body: bytes, content_type: str) -> tuple[str, bool]:
    """Text types are unchanged; everything else is base64, including forms and untyped bodies."""
    media_type = content_type.partition(";")[0].strip().lower()
    if not body or media_type.startswith("text/") or media_type in _TEXT_TYPES:
        return body.decode("utf-8", errors="replace"), False
    return base64.b64encode(body).decode(), True


def _domain(host: str) -> str:
    return re.sub(r":\d*$", "", host) or "localhost"


def _port(host: str) -> str:
    found = re.search(r":(\d+)$", host)
    return found[1] if found else "80"
