"""The addresses of the local stack: three adjacent ports, and a folder for data."""

from __future__ import annotations

import errno
import os
import socket
from dataclasses import dataclass
from pathlib import Path

from local.browsers import THIS_MACHINE

ROOT = Path(__file__).resolve().parent.parent
TEMPLATE = ROOT / "template.yaml"
FUNCTION = "WebFunction"
BREAKPOINTS = ROOT / ".local" / "breakpoints"  # sockets of functions that wait at one


class RunError(Exception):
    """Stops the run; the message is one sentence for the user."""


@dataclass(frozen=True)
class Places:
    """Origins as browsers see them; ``data`` is a folder in this checkout, ignored by git.

    ``front`` is the origin of a server that stands in front of the app, if there is one.
    """

    host: str
    port: int
    front: str | None = None

    @property
    def login_port(self) -> int:
        return self.port + 1

    @property
    def aws_port(self) -> int:
        return self.port + 2

    @property
    def app(self) -> str:
        return self.front or f"http://localhost:{self.port}"

    @property
    def login(self) -> str:
        return f"http://localhost:{self.login_port}"

    @property
    def hosts(self) -> tuple[str, ...]:
        """The host names that browsers and programs on this machine may use."""
        own = f"[{self.host}]" if ":" in self.host else self.host
        return tuple(dict.fromkeys((*THIS_MACHINE, own)))

    @property
    def data(self) -> Path:
        return ROOT / ".local" / str(self.port)

    @property
    def aws_configuration(self) -> Path:
        """The file with the local AWS's address and credentials; exists while it runs."""
        return self.data / "aws.ini"

    @property
    def running(self) -> Path:
        """Where things are, as JSON, from when the stack is ready until it ends."""
        return self.data / "running.json"

    @property
    def detached_log(self) -> Path:
        """What a stack prints that has no terminal."""
        return self.data / "run.log"

    @property
    def function_environment(self) -> Path:
        """The file for `--env-vars` of the SAM CLI; exists while `make start-api` runs."""
        return self.data / "env.json"

    @property
    def function_template(self) -> Path:
        """The template of `sam local start-lambda`; exists while `make start-api APP=…` runs."""
        return self.data / "functions.json"


def listen(host: str, port: int) -> socket.socket:
    """A listening socket for uvicorn; raises RunError if the port cannot be used."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family)
    except OSError as error:
        why = os.strerror(error.errno or 0).lower()
        advice = "choose another: `make run PORT=3100`"
        if error.errno in (errno.EADDRNOTAVAIL, None) or isinstance(error, socket.gaierror):
            advice = "--host must be an address of this machine"
        raise RunError(f"port {port} on {host} cannot be used ({why}); {advice}") from error
    # asyncio does this only for sockets that it creates. Without it, every answer on a kept-alive
    # connection waits 40 ms for the client's delayed acknowledgement.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


def listen_on_loopback_too(host: str, port: int) -> list[socket.socket]:
    """Listen on ``host``; with 127.0.0.1, also on ::1 if available (localhost is both)."""
    listeners = [listen(host, port)]
    if host == "127.0.0.1" and _has_ipv6():
        listeners.append(listen("::1", port))
    return listeners


def _has_ipv6() -> bool:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True
