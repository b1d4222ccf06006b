"""MiniStack, the local AWS, as a child process: start it, wait until it answers, stop it."""

from __future__ import annotations

import os
import runpy
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import requests


class MiniStackError(Exception):
    """MiniStack did not come up; the message says what to do."""


@dataclass(frozen=True)
class MiniStack:
    """A running MiniStack; ``endpoint`` is its origin as processes on this machine reach it."""

    endpoint: str
    process: subprocess.Popen[bytes]
    log: Path

    def stop(self) -> None:
        """Ask it to end (it saves its state then), and insist after twenty seconds."""
        assert self.process.stdin is not None  # noqa: S101 - it was asked for
        self.process.stdin.close()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


def start(*, port: int, data: Path, host: str = "127.0.0.1") -> MiniStack:
    """Start MiniStack on ``port``, with its state and log in the folder ``data``.

    Returns at once; ``wait_until_ready`` waits. Root credentials are test/test. It ends with
    this process, however this process ends.
    """
    data.mkdir(parents=True, exist_ok=True)
    log = data / "ministack.log"
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("AWS_")
    } | {
        "GATEWAY_PORT": str(port),
        "BIND_HOST": host,
        "AUTH": "true",
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "PERSIST_STATE": "1",
        "STATE_DIR": str(data / "state"),
        "TMPDIR": str(data),
    }
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, __file__],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            # Ctrl-C in the terminal reaches the whole group; only the parent is to act on it.
            start_new_session=True,
        )
    return MiniStack(f"http://127.0.0.1:{port}", process, log)


def wait_until_ready(ministack: MiniStack, seconds: float = 20) -> None:
    """Wait until it answers; raise MiniStackError when it ended or took too long."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if ministack.process.poll() is not None:
            raise MiniStackError(f"the local AWS ended at its start; its log: {ministack.log}")
        try:
            requests.get(f"{ministack.endpoint}/_ministack/health", timeout=1).raise_for_status()
        except requests.RequestException:
            time.sleep(0.03)
        else:
            return
    raise MiniStackError(f"the local AWS did not answer in {seconds:g} s; its log: {ministack.log}")


def _end_with_parent() -> None:
    """The parent holds the other end of standard input; it closes when the parent is gone."""
    sys.stdin.buffer.read()
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    threading.Thread(target=_end_with_parent, daemon=True).start()
    # This file's folder is first on the path and would hide the package of the same name.
    del sys.path[0]
    runpy.run_module("ministack", run_name="__main__", alter_sys=True)
