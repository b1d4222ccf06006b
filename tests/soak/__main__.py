"""``make soak``: 10,000 sign-ins, at most ten minutes."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from tests.soak.soak import soak

parser = argparse.ArgumentParser(prog="python -m tests.soak")
parser.add_argument("--sign-ins", type=int, default=10_000)
parser.add_argument("--warm-up", type=int, default=1_000, help="sign-ins before measuring")
parser.add_argument("--users", type=int, default=16, help="at once")
parser.add_argument("--seconds", type=float, default=600, help="stop then at the latest")
parser.add_argument("--access-token-seconds", type=int, default=10)
parser.add_argument("--one-in", type=int, default=30, help="answers of Cognito goes wrong")
parser.add_argument("--sessions", choices=("cookie", "table"), default="cookie")
options = vars(parser.parse_args())
with tempfile.TemporaryDirectory(prefix="foyer-soak-") as folder:
    figures = soak(
        Path(folder),
        in_table=options.pop("sessions") == "table",
        **options,
    )
sys.stdout.write(f"{figures.report()}\n")
figures.check()
