"""The functions that the local stack runs, by name or ARN."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Protocol

from local.console import Console
from local.http_api import Function, function_name
from local.lambda_function import LambdaFunction

# Variables of a function's environment in addition to those in its template.
Environment = Callable[[Function], Mapping[str, str]]


class FunctionRunner(Protocol):
    """Runs functions between ``start`` and ``stop``."""

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    async def drain(self, seconds: float) -> None: ...

    async def invoke(
        self, name_or_arn: str, event: bytes, seconds: float
    ) -> tuple[bytes, list[str]]: ...


class Functions:
    """They run between ``start`` and ``stop``."""

    def __init__(
        self, functions: Mapping[str, Function], environment: Environment, console: Console
    ) -> None:
        self._functions = {
            name: LambdaFunction(function, environment(function), console)
            for name, function in functions.items()
        }

        self._running: set[asyncio.Future[tuple[bytes, list[str]]]] = set()

    async def start(self) -> None:
        """Returns before they have finished importing; requests wait for that."""
        await asyncio.gather(*(function.start() for function in self._functions.values()))

    async def stop(self) -> None:
        """Ends all children before it returns."""
        await asyncio.gather(*(function.stop() for function in self._functions.values()))

    async def drain(self, seconds: float) -> None:
        """Wait for current events to finish, at most this long."""
        if self._running:
            await asyncio.wait(self._running, timeout=seconds)

    async def invoke(
        self, name_or_arn: str, event: bytes, seconds: float
    ) -> tuple[bytes, list[str]]:
        """The function's result and its output.

        Raises FunctionFailed, KeyError for an unknown function, and TimeoutError after
        ``seconds``, which do not count while the function waits at a ``breakpoint()``.
        """
        function = self._functions[function_name(name_or_arn)]
        running = asyncio.ensure_future(function.invoke(event))
        self._running.add(running)
        running.add_done_callback(self._running.discard)
        try:
            while not (await asyncio.wait({running}, timeout=seconds))[0]:
                if not function.is_paused:
                    raise TimeoutError
        finally:
            if not running.done():
                running.cancel()
                await asyncio.wait({running})
        return running.result()
