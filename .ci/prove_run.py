"""Runs `make run`, signs in and out over HTTP, presses Ctrl-C, and checks that nothing is left.

Prints the seconds from command to banner. Run it from the checkout, after `make test`.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.http_visitor import HttpVisitor
from tests.ports import is_free
from tests.process_tree import family, is_running
from tests.running_stack import DEMO_PASSWORD, DEMO_USER, RunningStack, eventually

PORT = 3000


def main() -> None:
    output = Path(tempfile.mkstemp(prefix="foyer-run-")[1])
    started = time.monotonic()
    with output.open("wb") as printed:
        process = subprocess.Popen(
            ["make", "run"],  # noqa: S607 - the command in README
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=printed,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    stack = RunningStack(PORT, process, output)
    try:
        stack.wait_for_banner(seconds=300)
        seconds = time.monotonic() - started
        members = family(process.pid)
        sign_in_and_out(stack)
        ended = stack.press_ctrl_c()
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        print(stack.printed())
        output.unlink()
    assert ended in (0, -signal.SIGINT), f"make run ended with {ended}"  # the exit status of Ctrl-C
    assert eventually(lambda: not any(map(is_running, members))), "a process is still running"
    assert eventually(lambda: all(map(is_free, range(PORT, PORT + 3)))), "a port is still in use"
    print(f"make run: banner after {seconds:.1f} s; signed in and out; no process left.")


def sign_in_and_out(stack: RunningStack) -> None:
    visitor = HttpVisitor(stack.app)
    visitor.sign_in(DEMO_USER, DEMO_PASSWORD)
    assert visitor.answer.url == f"{stack.app}/"
    assert visitor.page.heading == "Demo Visitor", visitor.page.text
    assert "demo@example.com" in visitor.page.text
    visitor.press("Sign out")
    assert visitor.answer.url == f"{stack.app}/"
    assert "Create account" in visitor.page.links, visitor.page.text
    visitor.begin_sign_in()
    assert "password" in visitor.page.fields("Sign in"), "managed login's session did not end"


if __name__ == "__main__":
    main()
