"""A local Lambda function: a few execution environments, restarted when the code changes."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from local.console import Console
from local.http_api import Function
from local.lambda_runtime import ExecutionEnvironment
from local.runtime_api import FunctionTimedOut, RuntimeExited
from local.runtimes import CannotRun

MAX_ENVIRONMENTS = 4

_NOT_SOURCE = {"__pycache__", "node_modules", ".venv", ".git"}

Fingerprint = frozenset[tuple[str, int, int]]


class LambdaFunction:
    """Runs at most four events at once; others wait."""

    def __init__(
        self, function: Function, environment: Mapping[str, str], console: Console
    ) -> None:
        self._function = function
        self._environment = environment
        self._console = console
        self._slots = asyncio.Semaphore(MAX_ENVIRONMENTS)
        self._code: Fingerprint = frozenset()
        self._idle: list[_Warm] = []
        self._all: set[_Warm] = set()

    async def start(self) -> None:
        """Start one environment, so that the first request does not wait for imports."""
        self._code = fingerprint(self._function.code)
        with suppress(CannotRun):  # already reported
            self._idle.append(await self._new())

    @property
    def is_paused(self) -> bool:
        """Whether one of its environments waits at a ``breakpoint()``."""
        return any(warm.environment.is_paused for warm in self._all)

    async def stop(self) -> None:
        await asyncio.gather(*(self._retire(warm) for warm in [*self._all]))

    async def invoke(self, event: bytes) -> tuple[bytes, list[str]]:
        """The function's result and its output; raises FunctionFailed."""
        async with self._slots:
            warm = await self._take()
            warm.printed.clear()
            try:
                return await warm.environment.invoke(event), [*warm.printed]
            except (FunctionTimedOut, RuntimeExited) as error:
                self._console.notice(f"{self._function.name}: {error}", level="ERROR")
                raise
            except asyncio.CancelledError:  # cancelled during an event, so it cannot be used again
                await self._retire(warm)
                raise
            finally:
                await self._give_back(warm)

    async def _take(self) -> _Warm:
        code = fingerprint(self._function.code)
        if code != self._code:
            self._code = code
            self._console.notice(f"{self._function.name}: source changed, starting again")
            stale, self._idle = self._idle, []
            await asyncio.gather(*(self._retire(warm) for warm in stale))
        while self._idle:
            warm = self._idle.pop()
            if warm.environment.usable:
                return warm
            await self._retire(warm)
        return await self._new()

    async def _give_back(self, warm: _Warm) -> None:
        if warm not in self._all:
            return
        if warm.environment.usable and warm.code == self._code:
            self._idle.append(warm)
        else:
            await self._retire(warm)

    async def _new(self) -> _Warm:
        printed: list[str] = []

        def output(line: str) -> None:
            printed.append(line)
            self._console.function_line(line)

        environment = ExecutionEnvironment(
            self._function, self._environment, output, self._console.notice
        )
        warm = _Warm(environment, self._code, printed)
        self._all.add(warm)
        try:
            await environment.start()
        except CannotRun as problem:
            self._all.discard(warm)
            self._console.notice(f"{problem}", level="ERROR")
            raise
        return warm

    async def _retire(self, warm: _Warm) -> None:
        self._all.discard(warm)
        await warm.environment.stop()


class _Warm:
    """An environment, the code version it was started with, and its output for the event."""

    def __init__(
        self, environment: ExecutionEnvironment, code: Fingerprint, printed: list[str]
    ) -> None:
        self.environment = environment
        self.code = code
        self.printed = printed


def fingerprint(folder: Path) -> Fingerprint:
    """Path, modification time (ns) and size of every source file."""
    found = set()
    for parent, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if name not in _NOT_SOURCE]
        for name in files:
            path = Path(parent, name)
            try:
                status = path.stat()
            except FileNotFoundError:
                continue  # a temporary file of an editor, or a file that is being replaced
            found.add((str(path), status.st_mtime_ns, status.st_size))
    return frozenset(found)
