"""The app's secret, in memory, and Secrets Manager's one call for it on loopback."""

from __future__ import annotations

import json
import secrets
import ssl
from collections.abc import Callable

from foyer.errors import Unavailable

from tests.wire_faults import Fault, Line, json_reply
from tests.wire_server import Arrived, WireServer


class Vault:
    """Holds the secret; ``fields`` replace those that are made up."""

    def __init__(self, **fields: str) -> None:
        self.fields = {
            "client_id": secrets.token_hex(13),
            "client_secret": secrets.token_hex(25),
            "session_key": secrets.token_urlsafe(48),
            **fields,
        }
        self.reads = 0
        self.failure = ""  # the reason why it cannot be read
        self.before_read: Callable[[], None] = lambda: None

    def put(self, **fields: str) -> None:
        self.fields |= fields

    def rotate_session_key(self) -> None:
        before = self.fields["session_key"]
        self.put(session_key=secrets.token_urlsafe(48), previous_session_key=before)

    def secret_text(self, _secret_id: str, /) -> str:
        self.before_read()
        self.reads += 1
        if self.failure:
            raise Unavailable(self.failure, "")
        return json.dumps(self.fields)


class FakeSecretsManager(WireServer):
    """Answers each request with the next fault, and when there are none left with the secret.

    Also gives a container its credentials.
    """

    def __init__(self, vault: Vault | None = None, *, tls: ssl.SSLContext | None = None) -> None:
        self._vault = vault
        self.faults: list[Fault] = []
        self.containers_credentials: dict[str, str] = {}
        self.requests: list[Arrived] = []
        self.authorizations: list[str | None] = []
        self.connections: list[int] = []  # the clients' ports, in order
        super().__init__(self._answer, tls)
        self.environ = {
            "SECRET_ID": "foyer/test",
            "AWS_ENDPOINT_URL_SECRETS_MANAGER": self.url,
            "AWS_ACCESS_KEY_ID": "made-up",
            "AWS_SECRET_ACCESS_KEY": "made-up",
            "AWS_REGION": "eu-central-1",
        }

    def _answer(self, arrived: Arrived, line: Line) -> bool:
        if arrived.method == "GET":  # the container's endpoint for credentials
            self.authorizations.append(arrived.headers.get("Authorization"))
            line.send(json_reply(self.containers_credentials).to_bytes())
            return True
        self.requests.append(arrived)
        self.connections.append(line.socket.getpeername()[1])
        text = "kept" if self._vault is None else self._vault.secret_text("")
        reply = json_reply({"Name": "s", "SecretString": text})
        try:
            fault = self.faults.pop(0)  # one container's alone, even if several ask at once
        except IndexError:
            line.send(reply.to_bytes())
            return True
        fault(line, reply)
        return False
