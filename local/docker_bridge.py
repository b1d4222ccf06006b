"""How a container reaches servers that listen on this machine's loopback interface.

With Docker Desktop ``host.docker.internal`` leads there by itself. With the engine on Linux it
leads to the bridge's address, so what a container needs is served there too, and nowhere else.
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
    """The bridge's address where it is one of this machine's own; None with Docker Desktop.

    Raises FileNotFoundError without docker, subprocess.SubprocessError when no engine answers.
    """
    inspected = subprocess.run(
        ["docker", "network", "inspect", "bridge"],  # noqa: S607 - wherever the person has it
        check=True,
        capture_output=True,
        timeout=10,
    )
    for network in json.loads(inspected.stdout)[0]["IPAM"]["Config"]:
        # Old engines leave the gateway out; it is the subnet's first address then.
        first = next(ipaddress.ip_network(network["Subnet"]).hosts())
        address = network.get("Gateway") or str(first)
        with suppress(OSError), closing(socket.create_server((address, 0))):
            return address
    return None


async def forward(listener: socket.socket, port: int) -> asyncio.Server:
    """Pass every connection on to ``port`` of the loopback interface."""

    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            upstream_reader, upstream_writer = await asyncio.open_connection("127.0.0.1", port)
        except ConnectionError:
            writer.close()
            return
        # Cancelled when the stack stops, and Python 3.11 prints a traceback for such a callback.
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
