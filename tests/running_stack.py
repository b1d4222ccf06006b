"""Runs `make run` as a child process on three free ports, or only the local AWS."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from local import ministack
from local.aws import LocalAws
from tests.ports import free_port

ROOT = Path(__file__).parent.parent
DEMO_USER = "demo"
DEMO_PASSWORD = "Open-the-door-1"


@dataclass(frozen=True)
class RunningStack:
    """Origins have no trailing slash; ``output`` is what it prints.

    ``process`` leads its own process group, like a command in a shell.
    """

    port: int
    process: subprocess.Popen[bytes]
    output: Path

    @property
    def app(self) -> str:
        return f"http://localhost:{self.port}"

    @property
    def login(self) -> str:
        return f"http://localhost:{self.port + 1}"

    @property
    def aws(self) -> LocalAws:
        return LocalAws.read(ROOT / ".local" / str(self.port) / "aws.ini")

    def printed(self) -> str:
        return self.output.read_bytes().decode()  # as printed, \r included

    def wait_for_banner(self, seconds: float = 90) -> None:
        def has_banner() -> bool:
            return "Ctrl-C stops everything" in self.printed()

        eventually(lambda: has_banner() or self.process.poll() is not None, seconds)
        assert has_banner(), self.printed()

    def press_ctrl_c(self) -> int:
        """Sends SIGINT to the whole group, like a terminal. Returns the exit code."""
        os.killpg(self.process.pid, signal.SIGINT)
        return self.process.wait(timeout=30)


@contextmanager
def running_stack(
    output: Path, arguments: Sequence[str] = (), *, port: int | None = None
) -> Iterator[RunningStack]:
    """Started on entry and stopped on exit; without ``port``, its data is deleted."""
    first = port or free_port()
    if port is None:
        forget(first)  # what a run left behind that was killed
    with output.open("wb") as printed:
        process = subprocess.Popen(  # noqa: S603 - our own command
            command(first, *arguments),
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=printed,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    stack = RunningStack(first, process, output)
    try:
        stack.wait_for_banner()
        yield stack
    finally:
        if process.poll() is None:
            stack.press_ctrl_c()
        if port is None:
            forget(first)


@contextmanager
def running_ministack(data: Path, **options: Any) -> Iterator[LocalAws]:
    """Only the local AWS."""
    started = ministack.start(LocalAws.new(free_port()), data=data, **options)
    try:
        ministack.wait_until_ready(started)
        yield started.aws
    finally:
        started.stop()


@cache
def built() -> None:
    """Runs `make build` once; skips the test if Docker cannot run the result."""
    try:
        subprocess.run(["docker", "version"], capture_output=True, timeout=20, check=True)  # noqa: S607 - wherever it is
    except (OSError, subprocess.SubprocessError):
        pytest.skip("no Docker engine answers, and `sam local` needs one")
    done = subprocess.run(["make", "build"], cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S607 - wherever it is
    assert done.returncode == 0, done.stderr


def built_with(app: str) -> None:
    """The same, with an app's template."""
    built()
    make = ["make", "build-app", f"APP={app}"]
    subprocess.run(make, cwd=ROOT, check=True, capture_output=True)  # noqa: S603 - our own


def command(port: int, *arguments: str) -> list[str]:
    return [sys.executable, "-m", "local.run", "--port", str(port), *arguments]


def forget(port: int) -> None:
    """Delete the data of the stack that ran on this port."""
    shutil.rmtree(ROOT / ".local" / str(port), ignore_errors=True)


def eventually(is_so: Callable[[], object], seconds: float = 10) -> bool:
    """Whether the condition becomes true in time."""
    deadline = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True
