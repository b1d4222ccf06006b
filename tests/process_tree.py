"""Which processes belong to a running stack, and where they listen (from /proc, so on Linux)."""

from __future__ import annotations

import ipaddress
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

_LISTENS = "0A"  # TCP_LISTEN in the kernel's include/net/tcp_states.h


def family(process_id: int) -> set[int]:
    """A process and all its descendants."""
    listed = subprocess.run(  # the standard tool, wherever it is
        ["ps", "-A", "-o", "pid=,ppid="],  # noqa: S607
        check=True,
        capture_output=True,
        text=True,
    )
    numbers = list(map(int, listed.stdout.split()))
    parents = dict(zip(numbers[::2], numbers[1::2], strict=True))
    members = {process_id}
    while True:
        born = {child for child, parent in parents.items() if parent in members} - members
        if not born:
            return members
        members |= born


def is_running(process_id: int) -> bool:
    """Zombies do not count: only their exit code is left to read."""
    with suppress(ProcessLookupError, FileNotFoundError):
        os.kill(process_id, 0)
        if not Path("/proc").exists():  # on macOS, where init collects at once
            return True
        state = Path(f"/proc/{process_id}/stat").read_text("utf-8").rpartition(")")[2].split()[0]
        return state != "Z"
    return False


def named(process_ids: set[int], word: str) -> int:
    """The one of these processes whose command line contains ``word``."""
    (found,) = [
        process_id
        for process_id in process_ids
        if word in Path(f"/proc/{process_id}/cmdline").read_bytes().decode()
    ]
    return found


def listening(process_ids: set[int]) -> set[tuple[IPAddress, int]]:
    """Addresses and ports on which these processes accept TCP connections."""
    sockets = set().union(*map(_sockets, process_ids))
    found = set()
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{table}").read_text("ascii").splitlines()[1:]:
            columns = line.split()
            if columns[3] == _LISTENS and columns[9] in sockets:
                address, port = columns[1].split(":")
                found.add((_address(address), int(port, 16)))
    return found


def _sockets(process_id: int) -> set[str]:
    found = set()
    for descriptor in Path(f"/proc/{process_id}/fd").iterdir():
        with suppress(FileNotFoundError):  # closed meanwhile
            target = descriptor.readlink().name
            if target.startswith("socket:["):
                found.add(target[len("socket:[") : -1])
    return found


def _address(written: str) -> IPAddress:
    """The kernel writes each 32-bit word in the machine's own byte order."""
    raw = bytes.fromhex(written)
    words = [raw[at : at + 4] for at in range(0, len(raw), 4)]
    if sys.byteorder == "little":
        words = [word[::-1] for word in words]
    return ipaddress.ip_address(b"".join(words))
