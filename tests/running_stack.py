"""`make run` as a child process, on three free ports, for tests that need all of it."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
DEMO_USER = "demo"
DEMO_PASSWORD = "Open-the-door-1"


@dataclass(frozen=True)
class RunningStack:
    """Origins without a trailing slash; ``process`` is the one that Ctrl-C would go to."""

    port: int
    process: subprocess.Popen[str]
    output: Path

    @property
    def app(self) -> str:
        return f"http://localhost:{self.port}"

    @property
    def login(self) -> str:
        return f"http://localhost:{self.port + 1}"

    @property
    def aws(self) -> str:
        return f"http://127.0.0.1:{self.port + 2}"

    def printed(self) -> str:
        return self.output.read_text(encoding="utf-8")


@contextmanager
def running_stack(output: Path, arguments: Sequence[str] = ()) -> Iterator[RunningStack]:
    """Started on entry, with its data folder removed on exit; ``output`` gets what it prints."""
    port = three_free_ports()
    with output.open("w", encoding="utf-8") as printed:
        process = subprocess.Popen(  # noqa: S603 - our own command
            [sys.executable, "-m", "local.run", "--port", str(port), *arguments],
            cwd=ROOT,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
            stdout=printed,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
        )
    stack = RunningStack(port, process, output)
    try:
        _wait_for_banner(stack)
        yield stack
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
        process.wait(timeout=30)
        shutil.rmtree(ROOT / ".local" / str(port), ignore_errors=True)


def three_free_ports() -> int:
    """The first of three neighbours that nobody listens on."""
    while True:
        with closing(socket.create_server(("127.0.0.1", 0))) as probe:
            port: int = probe.getsockname()[1]
        if port < 65000 and all(_is_free(port + offset) for offset in range(3)):
            return port


def _is_free(port: int) -> bool:
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError:
        return False
    return True


def _wait_for_banner(stack: RunningStack, seconds: float = 90) -> None:
    deadline = time.monotonic() + seconds
    while "Ctrl-C stops everything" not in stack.printed():
        if stack.process.poll() is not None or time.monotonic() > deadline:
            raise AssertionError(f"the stack did not start:\n{stack.printed()}")
        time.sleep(0.05)
