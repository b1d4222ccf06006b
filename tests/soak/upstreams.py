"""Cognito and Secrets Manager, with something wrong every now and then."""

from __future__ import annotations

import json
import random
import secrets
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import RLock, Thread
from types import TracebackType

from tests.fake_cognito import FakeCognito, User
from tests.wire_faults import WIRE_FAULTS, Fault, Line, Reply, json_reply

# How often each kind comes up among faults. The costly ones hold a container up for seconds.
_OFTEN = dict.fromkeys(WIRE_FAULTS, 20) | {"late": 4, "drip": 1, "drip_head": 1, "hang": 1}


class FaultyCognito(FakeCognito):
    """One answer in ``one_in`` goes wrong; ``faults`` counts them by kind."""

    def __init__(self, *, redirect_uris: tuple[str, ...], one_in: int) -> None:
        self._one_in = one_in
        self._random = random.Random(secrets.randbits(64))  # noqa: S311 - which fault, no secret
        self._at_the_keyboard = RLock()
        self.faults: Counter[str] = Counter()
        super().__init__(redirect_uris=redirect_uris)

    def visit_as(self, user: User, location: str) -> str:
        """Managed login, where this user signs in."""
        with self._at_the_keyboard:
            self.user = user
            return self.visit(location)

    def send(self, endpoint: str, reply: Reply, line: Line) -> bool:
        if self._random.randrange(self._one_in):
            return super().send(endpoint, reply, line)
        kind, fault = self._some_fault(endpoint)
        self.faults[f"{endpoint} {kind}"] += 1
        fault(line, reply)
        return False

    def _some_fault(self, endpoint: str) -> tuple[str, Fault]:
        if endpoint == "userinfo" and not self._random.randrange(5):
            return "somebody_else", _somebody_else
        (kind,) = self._random.choices(list(_OFTEN), list(_OFTEN.values()))
        return kind, WIRE_FAULTS[kind]


def _somebody_else(line: Line, _reply: Reply) -> None:
    """A good answer about another user, which must never be shown."""
    claims = {"sub": "somebody-else", "name": "Somebody Else", "email": "visitor-0@example.com"}
    line.send(json_reply(claims).to_bytes())


class FaultySecretsManager:
    """GetSecretValue over loopback; every third call is throttled, so that a retry succeeds."""

    def __init__(self, cognito: FakeCognito) -> None:
        self.calls = 0
        self.fields = {
            "client_id": cognito.client_id,
            "client_secret": cognito.client_secret,
            "session_key": secrets.token_urlsafe(48),
        }
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def __enter__(self) -> FaultySecretsManager:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def replace_session_key(self) -> None:
        """What a rotation leaves behind."""
        self.fields = {
            **self.fields,
            "session_key": secrets.token_urlsafe(48),
            "previous_session_key": self.fields["session_key"],
        }

    def answer(self) -> tuple[int, dict[str, str]]:
        self.calls += 1
        if self.calls % 3 == 0:
            return 400, {"__type": "ThrottlingException"}
        return 200, {"Name": "foyer/soak", "SecretString": json.dumps(self.fields)}

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        secrets_manager = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                status, value = secrets_manager.answer()
                body = json.dumps(value).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/x-amz-json-1.1")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - base's name
                """Test output stays readable."""

        return Handler
