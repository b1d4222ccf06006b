"""Ports for tests are reserved, so no test receives requests of another."""

from __future__ import annotations

import socket
import subprocess
import sys
from contextlib import closing

import pytest

from tests.ports import free_port, is_free, refusing_port
from tests.running_stack import ROOT

ANOTHER_PROCESS = "from tests.ports import _latched; import sys; print(_latched(int(sys.argv[1])))"


def is_anybodys(port: int) -> bool:
    """Whether a server that asks for this port, and minds others there, would get it."""
    with socket.socket() as server:
        try:
            server.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def test_a_refusing_port_refuses_and_is_not_given_away() -> None:
    with refusing_port() as port:
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port), 5)
        assert not is_anybodys(port)


def test_a_free_port_and_its_neighbours_can_be_listened_on() -> None:
    first = free_port()
    for port in range(first, first + 3):
        with closing(socket.create_server(("127.0.0.1", port))):
            assert not is_free(port)
        assert is_free(port)


def test_a_free_port_is_not_found_by_another_process() -> None:
    latch = free_port() - 1
    asked = subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-c", ANOTHER_PROCESS, str(latch)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert asked.stdout == "False\n"
