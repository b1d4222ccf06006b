"""`make run ARGS=--detach` and `make stop`: the local stack without a terminal of its own.

A running stack says where it is in a file, which this prints once the stack is ready.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, BinaryIO

from local.places import ROOT, Places, RunError, listen

_STOPS_WITHIN = 40  # seconds


def write(places: Places, facts: Mapping[str, Any]) -> None:
    """Readable by nobody else: the demo user's password is in it."""
    forget(places)
    places.running.touch(0o600, exist_ok=False)
    content = {**facts, "pid": os.getpid(), "log": str(places.detached_log)}
    written = places.running.with_suffix(".new")
    written.touch(0o600)
    written.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    written.replace(places.running)  # whole, whenever it is read


def read(places: Places) -> dict[str, Any]:
    """What ``write`` wrote; empty when it is not there, or not whole yet."""
    try:
        found: dict[str, Any] = json.loads(places.running.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return {}
    return found


def forget(places: Places) -> None:
    """Delete what ``write`` wrote, if it is there."""
    with suppress(FileNotFoundError, NotADirectoryError):
        places.running.unlink()


def detach(arguments: Sequence[str], places: Places) -> int:
    """Start it, wait until it is ready, print where things are; the exit code."""
    try:
        output = _new_log(places)
    except RunError as error:
        print(f"Foyer stopped: {error}.", file=sys.stderr)  # noqa: T201
        return 1
    with output:
        process = subprocess.Popen(
            [sys.executable, "-m", "local.run", *arguments],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # the terminal's end is not its own
        )
    while process.poll() is None:
        facts = read(places)
        if facts.get("pid") == process.pid:
            print(json.dumps(facts, indent=2))  # noqa: T201
            return 0
        time.sleep(0.05)
    sys.stderr.write(places.detached_log.read_text(encoding="utf-8", errors="replace"))
    return process.returncode or 1


def _new_log(places: Places) -> BinaryIO:
    """Raises RunError."""
    listen(places.host, places.port).close()  # or the log is that of a running stack
    try:
        places.data.mkdir(parents=True, exist_ok=True)
        return places.detached_log.open("wb")
    except OSError as error:
        why = str(error.strerror).lower()
        message = f"{places.data} cannot be written ({why}); change its permissions"
        raise RunError(message) from error


def stop(places: Places) -> str:
    """End the stack on this port; a sentence about it."""
    pid = read(places).get("pid")
    if not isinstance(pid, int) or not _is_local_stack(pid):
        forget(places)
        return f"Nothing runs on port {places.port}. `make stop PORT=…` stops another."
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + _STOPS_WITHIN
    while places.running.exists() and _is_local_stack(pid):
        if time.monotonic() > deadline:
            return f"The local stack on port {places.port} did not stop (process {pid})."
        time.sleep(0.05)
    return f"Stopped the local stack on port {places.port}."


def _is_local_stack(pid: int) -> bool:
    """The process may have ended without tidying up, and its number may be another's now."""
    shown = subprocess.run(
        ["ps", "-o", "command=", "-p", str(pid)],  # noqa: S607 - wherever it is
        capture_output=True,
        text=True,
        check=False,
    )
    return "local.run" in shown.stdout


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="make stop", description="Stop a detached local stack.")
    parser.add_argument("--port", type=int, default=3000, help="the first of its three (3000)")
    options = parser.parse_args(arguments)
    print(stop(Places("127.0.0.1", options.port)))  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
