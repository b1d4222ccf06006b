"""Requests and responses of the gateway as ASGI messages."""

from __future__ import annotations

from dataclasses import replace

from starlette.types import Receive, Scope, Send

from local import api_gateway
from local.api_gateway import Request
from local.integration_response import Response


def request_of(scope: Scope) -> Request:
    return Request(
        method=scope["method"],
        path=scope["raw_path"],
        query=scope["query_string"],
        headers=scope["headers"],
        client=scope["client"][0],
        protocol=f"HTTP/{scope['http_version']}",
    )


async def with_body(head: Request, receive: Receive) -> Request | None:
    """None if the body is larger than API Gateway allows."""
    body = bytearray()
    more = True
    while more and len(body) <= api_gateway.MAX_BODY_BYTES:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    if len(body) > api_gateway.MAX_BODY_BYTES:
        return None
    return replace(head, body=bytes(body))


async def send_response(response: Response, send: Send, request_id: str) -> None:
    bodiless = response.status in (204, 304)  # RFC 9110 §6.4.1
    body = b"" if bodiless else response.body
    headers = [*response.headers, ("apigw-requestid", request_id)]
    if not bodiless:
        headers.append(("content-length", str(len(body))))
    encoded = [(name.encode(), value.encode("utf-8", "replace")) for name, value in headers]
    await send({"type": "http.response.start", "status": response.status, "headers": encoded})
    await send({"type": "http.response.body", "body": body})
