"""The presigned URL at which CloudFormation waits for a custom resource's answer."""

from __future__ import annotations

import json
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread


class FakeCloudFormation(HTTPServer):
    """Keeps the answers; ``statuses`` are what it says to the next ones, instead of 200."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers: list[dict[str, str]] = []
        self.content_types: list[str | None] = []
        self.statuses: list[int] = []
        self.on_answer: Callable[[], None] = lambda: None
        self.url = f"http://127.0.0.1:{self.server_port}/bucket/key?X-Amz-Signature=abc"
        self._thread = Thread(target=self.serve_forever, args=(0.02,))

    def __enter__(self) -> FakeCloudFormation:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self._thread.join()
        self.server_close()


class _Handler(BaseHTTPRequestHandler):
    server: FakeCloudFormation

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        status = self.server.statuses.pop(0) if self.server.statuses else 200
        if status == 200:
            self.server.answers.append(json.loads(body))
            self.server.content_types.append(self.headers["Content-Type"])
            self.server.on_answer()
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        """Test output stays readable."""
