"""Secrets Manager's one call on loopback, and the endpoint that gives a container credentials."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread


class FakeSecretsManager(HTTPServer):
    """Answers each request with the next error, and when there are none left with the secret."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers: list[tuple[int, dict[str, str]]] = []
        self.containers_credentials: dict[str, str] = {}
        self.requests: list[tuple[Mapping[str, str], bytes]] = []
        self.authorizations: list[str | None] = []
        self.secret = "kept"
        self.connections: list[int] = []  # the clients' ports, in order
        self.url = f"http://127.0.0.1:{self.server_port}"
        self._thread = Thread(target=self.serve_forever, args=(0.02,))

    def __enter__(self) -> FakeSecretsManager:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self._thread.join()
        self.server_close()


class _Handler(BaseHTTPRequestHandler):
    server: FakeSecretsManager

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.connections.append(self.client_address[1])
        self.server.requests.append((dict(self.headers.items()), body))
        answers = self.server.answers
        secret = {"Name": "s", "SecretString": self.server.secret}
        self._send(*(answers.pop(0) if answers else (200, secret)))

    def do_GET(self) -> None:
        """The container's endpoint for credentials."""
        self.server.authorizations.append(self.headers["Authorization"])
        self._send(200, self.server.containers_credentials)

    def _send(self, status: int, body: dict[str, str]) -> None:
        sent = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(sent)))
        self.end_headers()
        self.wfile.write(sent)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        """Test output stays readable."""
