"""Lets containers reach servers on this machine's loopback interface.

With Docker Desktop, ``host.docker.internal`` works without help. With Docker Engine on Linux, it is
the bridge's address, so ports that a container needs are also served there.
"""

from __future__ import annotations

import asyncio
import ipaddress
import json
import socket
import subprocess
from contextlib import closing, suppress

HOST = "host.docker.internal"
_CHUNK = 64 * 1024  # bytes


def bridge_address() -> str | None:
    """The bridge's address if it is one of this machine's; None with Docker Desktop.

    Raises FileNotFoundError without docker, subprocess.SubprocessError if no engine answers.
    """
    inspected = subprocess.run(
        ["docker", "network", "inspect", "bridge"],  # noqa: S607 - found in the user's PATH
        check=True,
        capture_output=True,
        timeout=10,
    )
    for network in json.loads(inspected.stdout)[0]["IPAM"]["Config"]:
        # Old engines omit the gateway; it is the subnet's first address.
        first = next(ipaddress.ip_network(network["Subnet"]).hosts())
        address = network.get("Gateway") or str(first)
        with suppress(OSError), closing(socket.create_server((address, 0))):
            return address
    return None


async def forward(listener: socket.socket, port: int) -> asyncio.Server:
    """Forward every connection to ``port`` on the loopback interface."""

    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            upstream_reader, upstream_writer = await asyncio.open_connection("127.0.0.1", port)
        except ConnectionError:
            writer.close()
            return
        # Cancelled when the stack stops; Python 3.11 would print a traceback for it.
        with suppress(asyncio.CancelledError):
            await asyncio.gather(_pipe(reader, upstream_writer), _pipe(upstream_reader, writer))

    return await asyncio.start_server(pass_on, sock=listener)


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while chunk := await reader.read(_CHUNK):
            writer.write(chunk)
            await writer.drain()
    with suppress(ConnectionError):
        writer.close()
        await writer.wait_closed()
