"""Simulates SnapStart: runs the function's init once, then restores environments.

    python -m tests.flow.restored

A fork has what the snapshot had, as a restored environment does. Each takes its events from
standard input, a JSON line each, until an empty line; then the next one is restored.
"""

from __future__ import annotations

import json
import os
import select
import sys
from typing import Any

from foyer import app

from tests.flow.browser import Context

entry: Any = app.handler


def main() -> None:
    say("ready")
    asked_for = True
    while asked_for:
        select.select([sys.stdin], [], [])
        environment = os.fork()
        if not environment:
            os._exit(serve())
        _, status = os.waitpid(environment, 0)
        asked_for = status == 0


def serve() -> int:
    """0 when another environment may follow, 1 at the end of the input."""
    with os.fdopen(os.dup(0)) as events:
        while line := events.readline():
            if not line.strip():
                say("done")
                return 0
            say(json.dumps(entry(json.loads(line), Context())))
    return 1


def say(what: str) -> None:
    """Apart from the lines of log and metrics, which go to standard output too."""
    os.write(1, f"restored: {what}\n".encode())


if __name__ == "__main__":
    main()
