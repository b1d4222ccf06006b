"""The options of `make run` and `make start-api`."""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

_LAST_PORT = 65535 - 2  # the next two are used as well


def read_options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make run", description="Run Foyer on this machine.")
    parser.add_argument("--port", type=_port, default=3000, help="the first of three (3000)")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (127.0.0.1)")
    parser.add_argument("--log-format", choices=["text", "json"], default="text")
    parser.add_argument(
        "--sam", action="store_true", help="the functions under the SAM CLI, in Docker"
    )
    pairs: dict[str, Any] = {
        "action": "append", "default": [], "type": _parameter, "metavar": "NAME=VALUE",
    }  # fmt: skip
    parser.add_argument(
        "--parameter", help="a parameter of template.yaml, e.g. Mfa=on; may be repeated", **pairs
    )
    parser.add_argument(
        "--app", type=Path, help="a second template, or its folder, served under its mapping key"
    )
    parser.add_argument(
        "--app-parameter", help="a parameter of the second template; may be repeated", **pairs
    )
    parser.add_argument(
        "--front",
        type=_origin,
        metavar="URL",
        help="a development server that passes requests on, e.g. http://localhost:5173",
    )
    parser.add_argument(
        "--users", type=Path, help="a JSON or YAML file of users to be created at the start"
    )
    parser.add_argument(
        "--detach", action="store_true", help="return when it is ready, and print where things are"
    )
    options = parser.parse_args(arguments)
    if options.app is not None:
        options.app = template_in(options.app)
    return options


def template_in(path: Path) -> Path:
    """A template, or the one in a folder."""
    return path / "template.yaml" if path.is_dir() else path


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= _LAST_PORT:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port from 1 to {_LAST_PORT}")
    return int(text)


def _origin(text: str) -> str:
    if not re.fullmatch(r"http://localhost:[0-9]{1,5}", text):
        raise argparse.ArgumentTypeError(f"{text!r} is not http://localhost and a port")
    return text


def _parameter(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=VALUE")
    return name, value
