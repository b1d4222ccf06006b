"""Secrets Manager's one call on loopback, and the endpoint that gives a container credentials."""

from __future__ import annotations

import ssl
from typing import Any

from tests.wire_faults import Fault, Line, json_reply
from tests.wire_server import Arrived, WireServer


def refusal(code: str, status: int = 400) -> Fault:
    """Secrets Manager's own words."""
    reply = json_reply({"__type": code, "Message": "canary-message"}, status)
    return lambda line, _: line.send(reply.to_bytes())


class FakeSecretsManager:
    """Answers each request with the next fault, and when there are none left with the secret."""

    def __init__(self, *, tls: ssl.SSLContext | None = None) -> None:
        self.faults: list[Fault] = []
        self.containers_credentials: dict[str, str] = {}
        self.requests: list[Arrived] = []
        self.authorizations: list[str | None] = []
        self.secret = "kept"
        self.connections: list[int] = []  # the clients' ports, in order
        self._server = WireServer(self._answer, tls)
        self.url = self._server.url

    def __enter__(self) -> FakeSecretsManager:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._server.close()

    def next_fault(self) -> Fault | None:
        return self.faults.pop(0) if self.faults else None

    def _answer(self, arrived: Arrived, line: Line) -> bool:
        if arrived.method == "GET":  # the container's endpoint for credentials
            self.authorizations.append(arrived.headers.get("Authorization"))
            line.send(json_reply(self.containers_credentials).to_bytes())
            return True
        self.requests.append(arrived)
        self.connections.append(line.socket.getpeername()[1])
        held: dict[str, Any] = {"Name": "s", "SecretString": self.secret}
        fault = self.next_fault()
        if fault is None:
            line.send(json_reply(held).to_bytes())
        else:
            fault(line, json_reply(held))
        return fault is None
