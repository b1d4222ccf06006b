"""The common options of `make bench` and `make sweep`, and their set-up."""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

from bench.packages import Toolbox
from bench.upstreams import Upstreams


def parser(
    prog: str, description: str | None, *, folder: str, samples_of: str, latency: float
) -> argparse.ArgumentParser:
    """``samples_of`` names what is counted; ``latency`` is the default in milliseconds."""
    options = argparse.ArgumentParser(prog=prog, description=description)
    options.add_argument("--samples", type=int, default=20, help=samples_of)
    options.add_argument("--folder", default=folder, help="for packages; emptied first")
    options.add_argument("--output", default="build/speed", help="docs/ records the run for good")
    options.add_argument(
        "--latency", type=float, default=latency,
        help="milliseconds that AWS takes for each TLS handshake and each answer",
    )  # fmt: skip
    options.add_argument("--uv", default="uv")
    options.add_argument("--sam", default="sam")
    return options


def begin(options: argparse.Namespace) -> tuple[Path, Upstreams, Toolbox]:
    """Create an empty folder, start the upstream stubs, and find the build tools."""
    folder = Path(options.folder).resolve()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    upstreams = Upstreams(folder, latency=options.latency / 1000)
    tools = Toolbox.find(
        uv=options.uv, sam=options.sam, folder=folder / "python", ca_file=upstreams.ca_file
    )
    return folder, upstreams, tools
