"""``make soak``: 10,000 sign-ins, at most ten minutes."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.soak.soak import soak


def main(arguments: Sequence[str] | None = None) -> int:
    """1 when something unexpected was logged, else 0."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak")
    parser.add_argument("--sign-ins", type=int, default=10_000)
    parser.add_argument("--users", type=int, default=16, help="at once")
    parser.add_argument("--seconds", type=float, default=600, help="stop then at the latest")
    parser.add_argument("--one-in", type=int, default=30, help="answers of Cognito goes wrong")
    parser.add_argument("--sessions", choices=("cookie", "table"), default="cookie")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="foyer-soak-") as folder:
        figures = soak(
            Path(folder),
            sign_ins=options.sign_ins,
            warm_up=options.sign_ins // 10,
            users=options.users,
            seconds=options.seconds,
            one_in=options.one_in,
            in_table=options.sessions == "table",
        )
    sys.stdout.write(f"{figures.report()}\n")
    return 1 if figures.unexpected else 0


if __name__ == "__main__":
    sys.exit(main())
