"""One request to an ASGI app, without a server."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import NamedTuple

from starlette.types import ASGIApp, Message


class Answer(NamedTuple):
    status: int
    headers: dict[bytes, bytes]
    body: str


def ask(
    app: ASGIApp,
    headers: Mapping[str, str],
    *,
    method: str = "GET",
    target: str = "/",
    body: bytes = b"",
) -> Answer:
    path, _, query = target.partition("?")
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
    }

    async def call() -> None:
        await app(scope, receive, send)

    asyncio.run(call())
    return Answer(sent[0]["status"], dict(sent[0]["headers"]), sent[1]["body"].decode())
