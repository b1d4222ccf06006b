"""Which processes belong to a running stack, and where they listen (from /proc, so on Linux)."""

from __future__ import annotations

import subprocess
from contextlib import suppress
from pathlib import Path

_LISTENS = "0A"  # TCP_LISTEN in the kernel's include/net/tcp_states.h
# As the kernel of a little-endian machine writes them.
_LOOPBACK = {"0100007F": "127.0.0.1", "00000000000000000000000001000000": "::1"}


def _listed(*options: str) -> list[str]:
    # The standard tool, wherever it is.
    command = ["ps", *options]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.split()  # noqa: S603


def family(process_id: int) -> set[int]:
    """A process and all its descendants."""
    numbers = list(map(int, _listed("-A", "-o", "pid=,ppid=")))
    parents = dict(zip(numbers[::2], numbers[1::2], strict=True))
    members = {process_id}
    while born := {child for child, parent in parents.items() if parent in members} - members:
        members |= born
    return members


def is_running(process_id: int) -> bool:
    """Zombies do not count: only their exit code is left to read."""
    return any(state[0] != "Z" for state in _listed("-o", "stat=", "-p", str(process_id)))


def named(process_ids: set[int], word: str) -> int:
    """The one of these processes whose command line contains ``word``."""
    (found,) = [
        process_id
        for process_id in process_ids
        if any(word in part for part in _listed("-o", "command=", "-p", str(process_id)))
    ]
    return found


def listening(process_ids: set[int]) -> set[tuple[str, int]]:
    """Addresses and ports on which these processes accept TCP connections.

    An address that is not loopback is in the kernel's own form.
    """
    sockets = set().union(*map(_sockets, process_ids))
    found = set()
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{table}").read_text("ascii").splitlines()[1:]:
            columns = line.split()
            if columns[3] == _LISTENS and columns[9] in sockets:
                address, port = columns[1].split(":")
                found.add((_LOOPBACK.get(address, address), int(port, 16)))
    return found


def _sockets(process_id: int) -> set[str]:
    found = set()
    for descriptor in Path(f"/proc/{process_id}/fd").iterdir():
        with suppress(FileNotFoundError):  # closed meanwhile
            target = descriptor.readlink().name
            if target.startswith("socket:["):
                found.add(target[len("socket:[") : -1])
    return found
