"""Stubs of Secrets Manager and Cognito on one TLS port, with prepared answers.

Only the function's own work is measured, without waiting, unless a latency is set: it represents
the round trips of a handshake, and that of a request. ``grant`` signs the tokens in advance.
The stubs check nothing; the tests use a fake Cognito that does.
"""

from __future__ import annotations

import json
import secrets
import socketserver
import ssl
import time
from collections import Counter
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qs

from bench.table import SessionTable
from tests.certificates import server_context
from tests.fake_tokens import SigningKey

REGION = "eu-central-1"
POOL = "eu-central-1_Bench1234"
ISSUER = f"https://cognito-idp.{REGION}.amazonaws.com/{POOL}"
CLIENT_ID = "4h57q1example1client1id01"
CODE = "a0b1c2d3-e4f5-4a5b-8c7d-9e8f7a6b5c4d"

# Name, address and user name of the only visitor.
_VISITOR = {"sub": "9c1f2d3e-aaaa-4bbb-8ccc-0123456789ab", "name": "Bench Visitor",
            "email": "visitor@example.com"}  # fmt: skip


class Upstreams:
    """Serves until ``stop``; ``calls`` counts requests by endpoint."""

    def __init__(self, folder: Path, *, latency: float = 0.0) -> None:
        """``folder`` receives the authority (``ca_file``) that clients must trust.

        ``latency`` is the delay in seconds of each handshake and each answer.
        """
        self.latency = latency
        self.ca_file = folder / "ca.pem"
        self.calls: Counter[str] = Counter()
        self.nonce = ""  # of the newest grant
        self._key = SigningKey()
        self._answers = {
            "userinfo": _answer({**_VISITOR, "email_verified": "true", "username": "visitor"}),
            "jwks": _answer({"keys": [self._key.jwk(), SigningKey().jwk()]}),
            "secret": self._secret(),
        }
        tls = server_context(folder, self.ca_file)
        self.table = SessionTable(self.calls, tls, latency=latency)
        self._server = _Server(self, tls)
        port = self._server.server_address[1]
        self.url = f"https://127.0.0.1:{port}"
        # As at Cognito, the keys are on another host, which needs another connection.
        self.jwks_url = f"https://localhost:{port}/{POOL}/.well-known/jwks.json"
        self._thread = Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self.table.stop()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def grant(self, nonce: str) -> dict[str, bytes]:
        """Prepare tokens for CODE; returns the response bodies of Cognito's endpoints."""
        self.nonce = nonce
        now = int(time.time())
        common = {"sub": _VISITOR["sub"], "iss": ISSUER, "iat": now, "exp": now + 3600,
                  "auth_time": now, "jti": secrets.token_hex(16)}  # fmt: skip
        id_token = self._key.token(
            {**common, **_VISITOR, "aud": CLIENT_ID, "token_use": "id", "nonce": nonce,
             "cognito:username": "visitor", "email_verified": True}
        )  # fmt: skip
        access_token = self._key.token(
            {**common, "client_id": CLIENT_ID, "token_use": "access", "username": "visitor",
             "scope": "openid email profile", "version": 2}
        )  # fmt: skip
        self._answers["token"] = _answer(
            {"id_token": id_token, "access_token": access_token, "token_type": "Bearer",
             "refresh_token": secrets.token_urlsafe(720), "expires_in": 3600}
        )  # fmt: skip
        return {name: answer.partition(b"\r\n\r\n")[2] for name, answer in self._answers.items()}

    def reply(self, request_line: str, body: bytes) -> bytes:
        endpoint = _endpoint(request_line.split(" ")[1])
        self.calls[endpoint] += 1
        if endpoint == "token" and parse_qs(body.decode()).get("code") != [CODE]:
            return _answer({"error": "invalid_grant"}, "400 Bad Request")
        return self._answers[endpoint]

    def _secret(self) -> bytes:
        fields = {"client_id": CLIENT_ID, "client_secret": secrets.token_hex(25),
                  "session_key": secrets.token_hex(32)}  # fmt: skip
        value = {
            "ARN": f"arn:aws:secretsmanager:{REGION}:123456789012:secret:foyer/bench-AbCdEf",
            "Name": "foyer/bench",
            "VersionId": "7ac34d6a-8f4e-4e9b-bb1f-0123456789ab",
            "SecretString": json.dumps(fields),
            "VersionStages": ["AWSCURRENT"],
            "CreatedDate": 1791793800.0,
        }
        return _answer(value, media_type="application/x-amz-json-1.1")


def _endpoint(path: str) -> str:
    if path == "/":
        return "secret"
    if path.endswith("/jwks.json"):
        return "jwks"
    return {"/oauth2/token": "token", "/oauth2/userInfo": "userinfo"}[path]


def _answer(value: Any, status: str = "200 OK", media_type: str = "application/json") -> bytes:
    body = json.dumps(value).encode()
    head = f"HTTP/1.1 {status}\r\nContent-Type: {media_type}\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, upstreams: Upstreams, tls: ssl.SSLContext) -> None:
        super().__init__(("127.0.0.1", 0), _Conversation)
        self.upstreams = upstreams
        self.tls = tls

    def handle_error(self, request, client_address) -> None:  # type: ignore[no-untyped-def]
        """Ignore errors: a stopped child drops its connections."""


class _Conversation(socketserver.BaseRequestHandler):
    server: _Server

    def handle(self) -> None:
        upstreams = self.server.upstreams
        time.sleep(upstreams.latency)
        connection = self.server.tls.wrap_socket(self.request, server_side=True)
        with connection, connection.makefile("rb") as received:
            while request_line := received.readline().decode():
                length = 0
                while (line := received.readline().strip()) != b"":
                    name, _, value = line.partition(b":")
                    if name.lower() == b"content-length":
                        length = int(value)
                answer = upstreams.reply(request_line, received.read(length))
                time.sleep(upstreams.latency)
                connection.sendall(answer)
