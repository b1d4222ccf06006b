"""The managed-login pages when the user pool behind them does not answer."""

from __future__ import annotations

import asyncio

import pytest
from starlette.types import Message

from local.managed_login import ManagedLogin, create_app
from local.places import listen


def get(path: str) -> tuple[int, str]:
    """Status and body from pages whose local AWS has gone."""
    with listen("127.0.0.1", 0) as closed:
        endpoint = f"http://127.0.0.1:{closed.getsockname()[1]}"
    pages = create_app(
        ManagedLogin(
            aws_endpoint=endpoint,
            region="us-east-1",
            user_pool_id="us-east-1_pool",
            pages_client_id="client",
            public_url="http://localhost:3001",
            app_url="http://localhost:3000",
            brand_name="Foyer",
            brand_color="#3d5a80",
        )
    )
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "GET",
        "path": path,
        "query_string": b"client_id=client",
        "headers": [(b"host", b"localhost:3001")],
    }
    asyncio.run(pages(scope, receive, send))
    return sent[0]["status"], sent[1]["body"].decode()


@pytest.mark.parametrize("path", ["/login", "/users", "/inbox"])
def test_a_page_says_that_the_pool_does_not_answer(path: str) -> None:
    status, body = get(path)
    assert status == 503
    assert "The local user pool does not answer." in body
