"""Ports for servers of our tests, and ports where nobody answers.

The kernel gives ports of its ephemeral range (from 32768 on Linux, from 49152 on macOS) to whoever
asks for any. One that was found free there and let go may be a stranger's a moment later,
such as another test process's, who then gets the requests that were meant for our server.
"""

from __future__ import annotations

import random
import socket
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from errno import EADDRINUSE

_BLOCK = 4  # a latch, and three ports to use
_BLOCKS = range(20_000, 32_000, _BLOCK)  # below every ephemeral range


def free_port() -> int:
    """A port, with two free neighbours above it; nobody else gets them before this process ends."""
    for latch in random.sample(_BLOCKS, len(_BLOCKS)):
        if _latched(latch) and all(is_free(latch + offset) for offset in range(1, _BLOCK)):
            return latch + 1
    raise RuntimeError("all ports are taken")


def _latched(port: int) -> bool:
    """Whether the block is ours; the kernel lets one process bind its first port."""
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
    return not any(
        _is_taken(family, address, port)
        for family, address in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1"))
    )


def _is_taken(family: socket.AddressFamily, address: str, port: int) -> bool:
    try:
        socket.create_server((address, port), family=family).close()
    except OSError as error:
        return error.errno == EADDRINUSE  # and not that there is no IPv6 here
    return False


@contextmanager
def held(listener: socket.socket) -> Iterator[None]:
    """The listener's port stays taken after it is closed, and refuses whoever calls.

    A connection of its own holds it. A socket that is bound and does not listen would do on Linux;
    on macOS it keeps callers waiting (XNU's tcp_input drops what comes for TCPS_CLOSED).
    """
    with ExitStack() as both:
        ours = closing(socket.create_connection(listener.getsockname()))
        both.enter_context(closing(listener.accept()[0]))
        both.enter_context(ours)
        yield


@contextmanager
def refusing_port() -> Iterator[int]:
    """A port on 127.0.0.1 that refuses connections, and is nobody's meanwhile."""
    with ExitStack() as holding:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            holding.enter_context(held(listener))
            port: int = listener.getsockname()[1]
        yield port
