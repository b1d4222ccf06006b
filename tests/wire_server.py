"""An HTTP/1.1 server on loopback, for fakes with correct, wrong or no answers."""

from __future__ import annotations

import socketserver
import ssl
import sys
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from socket import SHUT_RDWR, socket
from threading import Event, Thread
from urllib.parse import parse_qsl, urlsplit

from tests.ports import held
from tests.wire_faults import Line


@dataclass(frozen=True)
class Arrived:
    """One request, as it came in."""

    method: str
    path: str
    query: dict[str, str]
    headers: Mapping[str, str]
    body: bytes

    @property
    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode(), keep_blank_values=True))


Answer = Callable[[Arrived, Line], bool]


class WireServer(socketserver.ThreadingTCPServer):
    """One listening port and the connections it has accepted.

    ``answer`` replies on the line and returns whether the connection stays open.
    """

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, answer: Answer, tls: ssl.SSLContext | None = None) -> None:
        super().__init__(("127.0.0.1", 0), _Conversation)
        self.answer = answer
        self.closing = Event()
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.server_address[1]}"
        self._port_held = ExitStack()
        self._port_held.enter_context(held(self.socket))
        if tls is not None:
            self.socket = tls.wrap_socket(self.socket, server_side=True)
        self._connections: set[socket] = set()
        self._thread = Thread(target=self.serve_forever, args=(0.005,), daemon=True)
        self._thread.start()

    def process_request(self, request, client_address) -> None:  # type: ignore[no-untyped-def]
        self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request) -> None:  # type: ignore[no-untyped-def]
        self._connections.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request, client_address) -> None:  # type: ignore[no-untyped-def]
        """Clients that give up are expected; any other error is a bug in the tests."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)

    def stop(self) -> None:
        """Refuses further connections; the port is reserved until ``close``."""
        if not self.closing.is_set():
            self.closing.set()
            self.shutdown()
            self.server_close()
            for connection in list(self._connections):
                with suppress(OSError):  # closed meanwhile
                    connection.shutdown(SHUT_RDWR)
            self._thread.join()

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self.stop()
        self._port_held.close()


class _Conversation(BaseHTTPRequestHandler):
    """Reads requests and leaves the rest to the server's owner."""

    server: WireServer
    protocol_version = "HTTP/1.1"
    served = 0

    def _serve(self) -> None:
        parts = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        arrived = Arrived(self.command, parts.path, query, dict(self.headers), body)
        line = Line(self.connection, self.served, self.server.closing)
        self.served += 1
        if not self.server.answer(arrived, line):
            self.close_connection = True

    do_GET = do_POST = do_PUT = _serve  # noqa: N815 - names that the base class looks for

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        """No output."""
