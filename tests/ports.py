"""Ports for the tests' servers, and ports that refuse connections.

The kernel assigns ports from its ephemeral range (from 32768 on Linux, from 49152 on macOS). A port
in that range that was free and released may be assigned to another process a moment later, such as
another test process, which then receives the requests for our server.
"""

from __future__ import annotations

import random
import socket
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from errno import EADDRINUSE

REFUSING_PORT = 1  # tcpmux; nothing listens there
_BLOCK = 4  # a latch, and three ports to use
_BLOCKS = range(20_000, 32_000, _BLOCK)  # below every ephemeral range


def free_port() -> int:
    """A port, with two free ports above it; reserved until this process ends."""
    for latch in random.sample(_BLOCKS, len(_BLOCKS)):
        if _latched(latch) and all(is_free(latch + offset) for offset in range(1, _BLOCK)):
            return latch + 1
    raise RuntimeError("all ports are taken")


def _latched(port: int) -> bool:
    """Whether this process reserved the block; only one process can bind its first port."""
    latch = socket.socket()
    try:
        latch.bind(("127.0.0.1", port))
    except OSError:
        latch.close()
        return False
    latch.detach()  # so that it stays bound
    return True


def is_free(port: int) -> bool:
    """Whether nobody listens there, on either loopback address."""
    for family, address in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
        try:
            socket.create_server((address, port), family=family).close()
        except OSError as error:
            if error.errno == EADDRINUSE:  # and not that there is no IPv6 here
                return False
    return True


@contextmanager
def held(listener: socket.socket) -> Iterator[None]:
    """Keeps the listener's port in use after it is closed, so that it refuses connections.

    A connection to itself keeps it in use. On Linux, a bound socket that does not listen would do;
    on macOS, clients would wait (XNU's tcp_input drops packets for TCPS_CLOSED).
    """
    with ExitStack() as both:
        ours = closing(socket.create_connection(listener.getsockname()))
        both.enter_context(closing(listener.accept()[0]))
        both.enter_context(ours)
        yield
