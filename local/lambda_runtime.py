"""A Lambda execution environment: one child process under the runtime's client."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from local.http_api import Function
from local.places import BREAKPOINTS
from local.runtime_api import FunctionFailed, RuntimeApi, RuntimeExited
from local.runtimes import runtime_of

_LONGEST_LINE = 4 * 1024 * 1024  # bytes; CloudWatch Logs takes 1 MB an event
_INSIDE = Path(__file__).parent / "inside_function"
# Variables of the outer environment that an interpreter needs.
_HARMLESS = ("PATH", "TMPDIR", "LANG", "LC_ALL", "SSL_CERT_FILE", "SSL_CERT_DIR")


def isolated(environment: Mapping[str, str]) -> dict[str, str]:
    """``environment``, without access to the developer's own AWS account.

    Without these three settings, boto3 would search ~/.aws for credentials and call the
    machine's metadata service (docs: boto3 "Credentials", steps 6 to 12).
    """
    return {
        **{name: os.environ[name] for name in _HARMLESS if name in os.environ},
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        **environment,
    }


def function_environment(function: Function, environment: Mapping[str, str]) -> dict[str, str]:
    """The template's variables, overridden by ``environment``, and the variables that Lambda sets.

    docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html, "defined runtime".
    """
    given = {**function.variables, **environment}
    region = given.get("AWS_REGION") or given.get("AWS_DEFAULT_REGION") or "us-east-1"
    return {
        **given,
        "_HANDLER": function.handler,
        "AWS_DEFAULT_REGION": region,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory),
        "AWS_LAMBDA_FUNCTION_NAME": function.name,
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_FORMAT": function.log_format,
        "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{function.name}",
        "AWS_LAMBDA_LOG_STREAM_NAME": "local",
        "AWS_REGION": region,
        "LAMBDA_TASK_ROOT": str(function.code),
        "FOYER_BREAKPOINTS": str(BREAKPOINTS),
        "PYTHONBREAKPOINT": "foyer_breakpoint.stop",
        "PYTHONPATH": f"{function.code}{os.pathsep}{_INSIDE}",
        "TZ": ":UTC",
    }


class ExecutionEnvironment:
    """Handles one event at a time, as in Lambda.

    ``output`` receives every line of the child, ``say`` reports slow steps before it starts.
    """

    def __init__(
        self,
        function: Function,
        environment: Mapping[str, str],
        output: Callable[[str], None],
        say: Callable[[str], None],
    ) -> None:
        self._function = function
        self._variables = function_environment(function, environment)
        self._output = output
        self._say = say
        arn = f"arn:aws:lambda:{self._variables['AWS_REGION']}:123456789012:function"
        self._api = RuntimeApi(
            function, arn=f"{arn}:{function.name}", is_paused=lambda: self.is_paused
        )
        self._process: asyncio.subprocess.Process | None = None
        self._watching: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Returns before the child has finished importing; ``invoke`` reports a failed import.

        Raises CannotRun.
        """
        runtime = await asyncio.to_thread(runtime_of, self._function, self._say)
        BREAKPOINTS.mkdir(mode=0o700, parents=True, exist_ok=True)
        address = await self._api.start()
        self._process = await asyncio.create_subprocess_exec(
            *runtime.command,
            cwd=self._function.code,
            env={**self._variables, "AWS_LAMBDA_RUNTIME_API": address},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            limit=_LONGEST_LINE,
            start_new_session=True,  # the gateway handles Ctrl-C, and kills the whole group
        )  # fmt: skip
        self._watching = [
            asyncio.create_task(self._read_output(self._process)),
            asyncio.create_task(self._wait_for_exit(self._process)),
        ]

    async def invoke(self, event: bytes) -> bytes:
        """The function's unchanged result; raises FunctionFailed."""
        try:
            return await self._api.invoke(event)
        finally:
            # The child's output before its response is already in the pipe; read it first.
            await asyncio.sleep(0)
            await asyncio.sleep(0)

    @property
    def usable(self) -> bool:
        return self._api.usable

    @property
    def is_paused(self) -> bool:
        """Whether the child waits at a ``breakpoint()``."""
        return self._process is not None and Path(BREAKPOINTS, str(self._process.pid)).exists()

    async def stop(self) -> None:
        """Kill the child and all processes that it started."""
        if self._process is not None:
            _kill_group(self._process.pid)
            Path(BREAKPOINTS, str(self._process.pid)).unlink(missing_ok=True)
            await asyncio.wait(self._watching, timeout=2)
        for task in self._watching:
            task.cancel()
        await self._api.stop()

    async def _read_output(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None  # noqa: S101 - it was asked for
        while True:
            try:
                line = await process.stdout.readline()
            except ValueError:
                continue  # longer than the limit; the reader has discarded it
            if not line:
                return
            self._output(line.decode("utf-8", errors="replace").rstrip("\n"))

    async def _wait_for_exit(self, process: asyncio.subprocess.Process) -> None:
        self._api.end(_exit(await process.wait()))


def _exit(code: int) -> FunctionFailed:
    """The wording of Lambda's own log line."""
    how = f"signal: {signal.Signals(-code).name}" if code < 0 else f"exit status {code}"
    return RuntimeExited(f"Runtime exited with error: {how}")


def _kill_group(leader: int) -> None:
    with suppress(ProcessLookupError):  # already ended
        os.killpg(leader, signal.SIGKILL)
