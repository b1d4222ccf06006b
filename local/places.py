"""Where the parts of the local stack are: three ports side by side, and a folder for data."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TEMPLATE = ROOT / "template.yaml"
FUNCTION = "WebFunction"


class RunError(Exception):
    """Stops the run; the message is one sentence for the person who started it."""


@dataclass(frozen=True)
class Places:
    """Origins are as browsers see them; ``data`` is a folder of this copy's own, ignored by git."""

    host: str
    port: int

    @property
    def login_port(self) -> int:
        return self.port + 1

    @property
    def aws_port(self) -> int:
        return self.port + 2

    @property
    def app(self) -> str:
        return f"http://localhost:{self.port}"

    @property
    def login(self) -> str:
        return f"http://localhost:{self.login_port}"

    @property
    def data(self) -> Path:
        return ROOT / ".local" / str(self.port)

    @property
    def function_environment(self) -> Path:
        """For `--env-vars` of the SAM CLI; there while `make start-api` runs."""
        return self.data / "env.json"


def listen(host: str, port: int) -> socket.socket:
    """Raises RunError when the port is taken or not to be had."""
    try:
        listener = socket.create_server((host, port))
    except OSError as error:
        why = os.strerror(error.errno or 0).lower()
        raise RunError(
            f"port {port} on {host} is not to be had ({why}); `make run PORT=…` takes others"
        ) from error
    # asyncio does this only for sockets of its own making; without it answers wait 40 ms.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener
