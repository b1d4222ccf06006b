"""Runs inside a package: measures the warm handler's processor time without HTTP.

    python -m handler_time MODULE < {"events": {route: event}, "answers": {endpoint: body},
                                     "rows": {id: row}}

The sending call is replaced (requests.Session.request, httpx.AsyncClient.send, and for the table
http.client.HTTPConnection's request and getresponse). Only the handler's own work counts, not the
HTTP library, the network or the replacement.
"""

from __future__ import annotations

import http.client
import importlib
import io
import itertools
import json
import os
import statistics
import sys
import time
from types import SimpleNamespace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

WARM_UP = 50
CALLS = 600
LONGEST = 1.5  # seconds for the calls of one route; slow routes give fewer samples


class _Stopwatch:
    """Sums the nanoseconds of processor time of its ``with`` blocks."""

    taken = 0

    def __enter__(self) -> None:
        self.taken -= time.thread_time_ns()

    def __exit__(self, *_error: object) -> None:
        self.taken += time.thread_time_ns()


_replacement = _Stopwatch()


def main() -> None:
    given = json.load(sys.stdin)
    out = os.fdopen(os.dup(1), "w")
    sys.stdout = open(os.devnull, "w")  # noqa: PTH123, SIM115 - for the life of the process
    handler = importlib.import_module(sys.argv[1]).handler
    _answer_at_once({name: body.encode() for name, body in given["answers"].items()})
    if "foyer.aws.dynamodb" in sys.modules:
        _answer_from_table(given["rows"])
    context = SimpleNamespace(
        aws_request_id="0", function_name="bench", memory_limit_in_mb="512",
        invoked_function_arn="arn:aws:lambda:eu-central-1:123456789012:function:bench",
        get_remaining_time_in_millis=lambda: 20_000,
    )  # fmt: skip
    taken = {name: _taken(handler, event, context) for name, event in given["events"].items()}
    json.dump(taken, out)
    out.close()


def _taken(handler, event, context) -> float:  # type: ignore[no-untyped-def]
    """The median of many calls, in milliseconds."""
    for _ in _for_a_while(WARM_UP):
        reply = handler(event, context)
    if reply.get("statusCode", 200) >= 400 or reply.get("isAuthorized") is False:
        raise SystemExit(f"not what should be measured: {reply}")
    each = []
    for _ in _for_a_while(CALLS):
        _replacement.taken = 0
        begun = time.thread_time_ns()
        handler(event, context)
        each.append(time.thread_time_ns() - begun - _replacement.taken)
    return statistics.median(each) / 1e6


def _for_a_while(times: int) -> Iterator[int]:
    until = time.monotonic() + LONGEST
    return itertools.takewhile(lambda number: not number or time.monotonic() < until, range(times))


def _answer_at_once(answers: dict[str, bytes]) -> None:
    def body_for(url: str) -> bytes:
        names = {"/oauth2/token": "token", "/oauth2/userInfo": "userinfo", "jwks.json": "jwks"}
        return next(answers[name] for end, name in names.items() if url.endswith(end))

    headers = {"Content-Type": "application/json"}
    if "requests" in sys.modules:
        import requests  # noqa: PLC0415 - only if the package contains it
        from urllib3 import HTTPResponse  # noqa: PLC0415

        def request(_self, method, url, **_options):  # type: ignore[no-untyped-def]  # noqa: ARG001
            with _replacement:
                response = requests.Response()
                response.status_code = 200
                response.headers.update(headers)
                response.raw = HTTPResponse(
                    io.BytesIO(body_for(url)), headers=headers, preload_content=False
                )
                return response

        requests.Session.request = request  # type: ignore[assignment, method-assign]
    if "httpx" in sys.modules:
        import httpx  # type: ignore[import-not-found]  # noqa: PLC0415

        async def send(_self, request, **_options):  # type: ignore[no-untyped-def]
            with _replacement:
                body = body_for(str(request.url))
                return httpx.Response(200, headers=headers, content=body, request=request)

        httpx.AsyncClient.send = send


class _Socket:
    """What http.client uses of a socket."""

    def __init__(self, received: bytes = b"") -> None:
        self._received = received

    def makefile(self, _mode: str) -> io.BytesIO:
        return io.BytesIO(self._received)

    def settimeout(self, _seconds: float) -> None:
        pass

    def close(self) -> None:
        pass


def _answer_from_table(rows) -> None:  # type: ignore[no-untyped-def]
    asked = []

    def connect(self) -> None:  # type: ignore[no-untyped-def]
        self.sock = _Socket()

    def request(_self, _method, _path, body, _headers) -> None:  # type: ignore[no-untyped-def]
        with _replacement:
            asked.append(json.loads(body))

    def getresponse(_self) -> http.client.HTTPResponse:  # type: ignore[no-untyped-def]
        with _replacement:
            fields = asked.pop()
            answer = {}
            if "ProjectionExpression" in fields:
                row = rows[fields["Key"]["id"]["S"]]
                wanted = fields["ProjectionExpression"].split(",")
                answer = {"Item": {name: row[name] for name in wanted}}
            body = json.dumps(answer).encode()
            head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n"
            response = http.client.HTTPResponse(_Socket(head.encode() + body))  # type: ignore[arg-type]
            response.begin()
            return response

    for kind in (http.client.HTTPConnection, http.client.HTTPSConnection):
        kind.connect = connect  # type: ignore[method-assign]
        kind.request = request  # type: ignore[assignment, method-assign]
        kind.getresponse = getresponse  # type: ignore[assignment, method-assign]


if __name__ == "__main__":
    main()
