"""`python -m local.gateway`: the gateway without the rest of the local stack."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TextIO

import uvicorn

from local.console import Console
from local.gateway import HTTP_OPTIONS, Gateway
from local.places import RunError, listen


def main(arguments: Sequence[str] | None = None) -> None:
    options = _options(arguments)
    with ExitStack() as resources:
        log: TextIO | None = None
        if options.log_file is not None:
            log = resources.enter_context(options.log_file.open("a", encoding="utf-8"))
        console = Console(sys.stdout, log_format=options.log_format, log=log)
        try:
            gateway = Gateway.of_template(options.template, {}, console=console, inherit=True)
            listener = resources.enter_context(listen(options.host, options.port))
        except RunError as error:
            raise SystemExit(f"Gateway stopped: {error}.") from error
        host, port = listener.getsockname()[:2]
        console.notice(f"http://{host}:{port} serves the routes of {options.template}")
        server = uvicorn.Server(uvicorn.Config(gateway, lifespan="on", **HTTP_OPTIONS))
        try:
            server.run(sockets=[listener])
        except KeyboardInterrupt:  # uvicorn has shut down and raises Ctrl-C again
            raise SystemExit(130) from None


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m local.gateway",
        description="Serve the HTTP API of a SAM template, with this shell's environment.",
    )
    parser.add_argument("--port", type=int, default=3000, help="0 takes any free port")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--template", type=Path, default=Path("template.yaml"))
    parser.add_argument("--log-format", choices=["text", "json"], default="text")
    parser.add_argument("--log-file", type=Path, help="also write everything there, as JSON")
    return parser.parse_args(arguments)
