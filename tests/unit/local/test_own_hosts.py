"""The local stack's ports accept only this machine's host names; the Runtime API no browsers."""

from __future__ import annotations

import asyncio
from http.client import HTTPConnection
from pathlib import Path

import pytest
from starlette.responses import PlainTextResponse

from local.browsers import THIS_MACHINE
from local.http_api import Function
from local.own_hosts import OwnHosts
from local.runtime_api import RuntimeApi
from tests.unit.local import asgi


def ask(host: str, method: str = "GET", target: str = "/a%2Fb?c=%20") -> tuple[int, str]:
    """Status and Location."""
    app = OwnHosts(PlainTextResponse("reached"), THIS_MACHINE, "http://localhost:3000")
    answer = asgi.ask(app, {"host": host}, method=method, target=target)
    return answer.status, answer.headers.get(b"location", b"").decode()


@pytest.mark.parametrize(
    "host", ["attacker.example", "attacker.example:3000", "127.0.0.1.attacker.example", "", "::1"]
)
def test_a_foreign_name_is_refused(host: str) -> None:
    assert ask(host) == (421, "")


@pytest.mark.parametrize("host", ["127.0.0.1:3000", "[::1]:3000"])
def test_a_page_asked_for_by_address_is_redirected(host: str) -> None:
    assert ask(host) == (307, "http://localhost:3000/a%2Fb?c=%20")
    assert ask(host, "HEAD", "//evil.example") == (307, "http://localhost:3000//evil.example")
    assert ask(host, "POST") == ask("localhost:3000") == (200, "")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),  # its runtime
        ({"Host": "attacker.example:80"}, 403),
        ({"Host": "localhost"}, 403),
        ({"Origin": "http://127.0.0.1"}, 403),
        ({"Sec-Fetch-Site": "none"}, 403),
    ],
)
def test_the_runtime_api_hands_no_event_to_a_browser(headers: dict[str, str], status: int) -> None:
    def next_event(address: str) -> int:
        connection = HTTPConnection(address, timeout=10)
        connection.request("GET", "/2018-06-01/runtime/invocation/next", headers=headers)
        answered = connection.getresponse().status
        connection.close()
        return answered

    async def exchange() -> int:
        api = RuntimeApi(Function("Web", "app.handler", Path(), 3, 128, "Text", {}), arn="arn")
        address = await api.start()
        waiting = asyncio.ensure_future(api.invoke(b"{}"))
        try:
            return await asyncio.to_thread(next_event, address)
        finally:
            waiting.cancel()
            await api.stop()

    assert asyncio.run(exchange()) == status
