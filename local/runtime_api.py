"""Lambda's Runtime API on a loopback port, for one child.

docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html: the runtime requests the next event, then
sends its response or an error, one event at a time. A child is identified only by the port, so each
child has its own. Requests from browsers are rejected, because events contain cookies.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field

import h11

from local.browsers import is_from_browser, is_named
from local.http_api import Function

_ADDRESS = "127.0.0.1"
_PREFIX = "/2018-06-01/runtime"
_MAX_RESPONSE_BYTES = 6_291_556  # gettingstarted-limits; the number is in Lambda's own message


class FunctionFailed(Exception):
    """The function did not respond; the message is a short reason.

    ``said`` is the message of its own error, where it raised one; it may hold values.
    """

    def __init__(self, reason: str, said: str = "") -> None:
        super().__init__(reason)
        self.said = said


class FunctionRaised(FunctionFailed):
    """The function's code raised; awslambdaric has printed the traceback."""


class FunctionTimedOut(FunctionFailed):
    """The function did not respond within its Timeout."""


class RuntimeExited(FunctionFailed):
    """The function's process ended."""


@dataclass
class Invocation:
    """One event being handled; ``result`` is the function's unchanged response, or the error."""

    event: bytes
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    result: asyncio.Future[bytes] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )

    def fail(self, error: FunctionFailed) -> None:
        if not self.result.done():
            self.result.set_exception(error)


class RuntimeApi:
    """Listens from ``start`` to ``stop``; ``invoke`` passes one event on and waits.

    While ``is_paused``, the function's Timeout does not end it.
    """

    def __init__(
        self, function: Function, *, arn: str, is_paused: Callable[[], bool] = lambda: False
    ) -> None:
        self._function = function
        self._arn = arn
        self._is_paused = is_paused
        self._offered: asyncio.Queue[Invocation] = asyncio.Queue()
        self._current: Invocation | None = None
        self._broken: FunctionFailed | None = None
        self._connections: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def start(self) -> str:
        """Returns the address for ``AWS_LAMBDA_RUNTIME_API``."""
        self._server = await asyncio.start_server(self._connected, _ADDRESS, 0)
        port = self._server.sockets[0].getsockname()[1]
        return f"{_ADDRESS}:{port}"

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
        for connection in self._connections:
            connection.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    @property
    def usable(self) -> bool:
        """False if the child cannot handle another event."""
        return self._broken is None

    async def invoke(self, event: bytes) -> bytes:
        """Raises FunctionFailed. The function's Timeout counts from when it fetches the event."""
        if self._broken is not None:
            raise self._broken
        self._current = Invocation(event)
        self._offered.put_nowait(self._current)
        return await self._current.result

    def end(self, error: FunctionFailed) -> None:
        """There will be no more responses; the first given error is the reason."""
        self._broken = self._broken or error
        if self._current is not None:
            self._current.fail(self._broken)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - a stream callback always runs in a task
        self._connections.add(task)
        try:
            await self._converse(reader, writer)
        except (ConnectionError, h11.RemoteProtocolError, asyncio.CancelledError):
            pass  # the child has ended, or is about to
        finally:
            self._connections.discard(task)
            writer.close()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = h11.Connection(h11.SERVER)
        while (received := await _receive(connection, reader, writer)) is not None:
            request, body = received
            status, headers, answer = await self._answer(request, body)
            headers = {**headers, "content-length": str(len(answer))}
            writer.write(
                (
                    connection.send(h11.Response(status_code=status, headers=[*headers.items()]))
                    or b""
                )
                + (connection.send(h11.Data(data=answer)) or b"")
                + (connection.send(h11.EndOfMessage()) or b"")
            )
            await writer.drain()
            if connection.our_state is not h11.DONE:
                return
            connection.start_next_cycle()

    async def _answer(self, request: h11.Request, body: bytes) -> tuple[int, dict[str, str], bytes]:
        if not is_named(request.headers, (_ADDRESS,)) or is_from_browser(dict(request.headers)):
            refusal = b"This is no place for browsers.\n"
            return 403, {"content-type": "text/plain", "connection": "close"}, refusal
        method, target = request.method.decode(), request.target.decode()
        if (method, target) == ("GET", f"{_PREFIX}/invocation/next"):
            return await self._next()
        if (method, target) == ("POST", f"{_PREFIX}/init/error"):
            self.end(_raised(body))
            return _accepted()
        invocation = self._current
        if invocation is not None and method == "POST":
            if target == f"{_PREFIX}/invocation/{invocation.id}/response":
                return self._responded(invocation, body)
            if target == f"{_PREFIX}/invocation/{invocation.id}/error":
                invocation.fail(_raised(body))
                return _accepted()
        return 404, {}, b""

    def _responded(self, to: Invocation, body: bytes) -> tuple[int, dict[str, str], bytes]:
        if len(body) > _MAX_RESPONSE_BYTES:
            size = f"maximum allowed payload size ({_MAX_RESPONSE_BYTES} bytes)"
            # The runtimes end when their response is refused.
            self.end(FunctionFailed(f"Response payload size exceeded {size}"))
            refusal = {"errorMessage": f"Exceeded {size}.", "errorType": "RequestEntityTooLarge"}
            return 413, {"content-type": "application/json"}, json.dumps(refusal).encode()
        if not to.result.done():
            to.result.set_result(body)
        return _accepted()

    async def _next(self) -> tuple[int, dict[str, str], bytes]:
        invocation = await self._offered.get()
        timeout = self._function.timeout
        self._end_after(timeout, invocation)
        headers = {
            "content-type": "application/json",
            "Lambda-Runtime-Aws-Request-Id": invocation.id,
            "Lambda-Runtime-Deadline-Ms": str(int((time.time() + timeout) * 1000)),
            "Lambda-Runtime-Invoked-Function-Arn": self._arn,
            "Lambda-Runtime-Trace-Id": f"Root=1-{secrets.token_hex(4)}-{secrets.token_hex(12)}",
        }
        return 200, headers, invocation.event

    def _end_after(self, seconds: float, invocation: Invocation) -> None:
        def time_is_up() -> None:
            if self._is_paused():
                self._end_after(seconds, invocation)
            elif not invocation.result.done():
                self.end(FunctionTimedOut(f"Task timed out after {seconds:.2f} seconds"))

        timer = asyncio.get_running_loop().call_later(seconds, time_is_up)
        invocation.result.add_done_callback(lambda _: timer.cancel())


def _accepted() -> tuple[int, dict[str, str], bytes]:
    return 202, {"content-type": "application/json"}, b'{"status":"OK"}'


def _raised(report: bytes) -> FunctionRaised:
    """By the error type out of what the runtime reports; it names classes, never values."""
    try:
        error = json.loads(report)
        return FunctionRaised(str(error["errorType"]), str(error.get("errorMessage", "")))
    except (ValueError, KeyError, TypeError, AttributeError):
        return FunctionRaised("unknown error")


async def _receive(
    connection: h11.Connection, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> tuple[h11.Request, bytes] | None:
    """The next request with its whole body; None if the child closed the connection."""
    request: h11.Request | None = None
    body = bytearray()
    while True:
        event = connection.next_event()
        if event is h11.NEED_DATA:
            if connection.they_are_waiting_for_100_continue:  # libcurl, from 1 MB on
                go_on = h11.InformationalResponse(status_code=100, headers=[])
                writer.write(connection.send(go_on) or b"")
            connection.receive_data(await reader.read(65_536))
        elif isinstance(event, h11.Request):
            request = event
        elif isinstance(event, h11.Data):
            body += event.data
        elif isinstance(event, h11.EndOfMessage) and request is not None:
            return request, bytes(body)
        else:
            return None
