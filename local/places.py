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
    """A listening socket for uvicorn; raises RunError when the port is not to be had."""
    try:
        listener = socket.create_server((host, port))
    except OSError as error:
        why = os.strerror(error.errno or 0).lower()
        raise RunError(
            f"port {port} on {host} is not to be had ({why}); "
            "`make run PORT=…` or --port takes another"
        ) from error
    # asyncio does this only for sockets of its own making. Without it, every answer on a kept-alive
    # connection waits 40 ms for the other side's delayed acknowledgement.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener
