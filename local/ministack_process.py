"""The process of the local AWS: MiniStack behind our guard, configured by its environment.

    python -m local.ministack_process

``local.ministack`` starts it. It ends with its parent, starts no other program (MiniStack's Lambda,
Glue and other services could run code), and saves its state after each change.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
from logging import WARNING, getLogger

from local.aws import LocalAws
from local.aws_guard import Guard

_SAVE_AFTER = 0.3  # seconds
_STARTS_A_PROGRAM = {
    "os.exec",
    "os.fork",
    "os.forkpty",
    "os.posix_spawn",
    "os.spawn",
    "os.startfile",
    "os.system",
    "pty.spawn",
    "subprocess.Popen",
}


def refuse_programs(event: str, _: object) -> None:
    """Install an audit hook (PEP 578) that stays until the process ends."""
    if event in _STARTS_A_PROGRAM:
        raise PermissionError("the local AWS starts no other program")


class Saver:
    """MiniStack saves its state when it ends; this also saves it soon after each change."""

    def __init__(self) -> None:
        self._waiting: asyncio.TimerHandle | None = None

    def changed(self) -> None:
        if self._waiting is None:
            loop = asyncio.get_running_loop()
            self._waiting = loop.call_later(_SAVE_AFTER, self._save)

    def _save(self) -> None:
        from ministack import app as ministack  # type: ignore[import-untyped]  # noqa: PLC0415

        self._waiting = None
        ministack.save_all(ministack._build_persistence_save_dict())


def _end_with_parent() -> None:
    """The parent holds the other end of standard input, which closes when the parent ends."""
    sys.stdin.buffer.read()
    os.kill(os.getpid(), signal.SIGTERM)


def main() -> None:
    threading.Thread(target=_end_with_parent, daemon=True).start()
    runs_code = os.environ.get("LOCAL_AWS_RUNS_CODE") == "true"
    if not runs_code:
        sys.addaudithook(refuse_programs)
    from ministack import app as ministack  # noqa: PLC0415 - it reads the environment on import

    getLogger("persistence").setLevel(WARNING)
    aws = LocalAws(
        f"http://127.0.0.1:{os.environ['GATEWAY_PORT']}",
        os.environ["AWS_ACCESS_KEY_ID"],
        os.environ["AWS_SECRET_ACCESS_KEY"],
    )
    ministack.app = Guard(
        ministack.app,
        aws,
        hosts=os.environ["LOCAL_AWS_HOSTS"].split(","),
        runs_code=runs_code,
        # Where functions run, the state holds their packages, and saving them takes seconds. Only
        # tests want that, and no later run.
        changed=(lambda: None) if runs_code else Saver().changed,
    )
    ministack.main()


if __name__ == "__main__":
    main()
