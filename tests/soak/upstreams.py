"""Fakes of Cognito and Secrets Manager with occasional faults."""

from __future__ import annotations

import json
import random
import secrets
from collections import Counter
from threading import RLock

from tests.fake_cognito import FakeCognito, User
from tests.fake_secrets_manager import FakeSecretsManager, refusal
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
        """Managed login, with this user signing in."""
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
    """A correct answer about another user, which must never be shown."""
    claims = {"sub": "somebody-else", "name": "Somebody Else", "email": "visitor-0@example.com"}
    line.send(json_reply(claims).to_bytes())


class FaultySecretsManager(FakeSecretsManager):
    """Every third call is throttled, so that a retry succeeds."""

    def __init__(self, cognito: FakeCognito) -> None:
        super().__init__()
        self.fields = {
            "client_id": cognito.client_id,
            "client_secret": cognito.client_secret,
            "session_key": secrets.token_urlsafe(48),
        }
        self.secret = json.dumps(self.fields)

    def replace_session_key(self) -> None:
        """Replace the session key as a rotation does."""
        before = self.fields["session_key"]
        self.fields |= {"session_key": secrets.token_urlsafe(48), "previous_session_key": before}
        self.secret = json.dumps(self.fields)

    def next_fault(self) -> Fault | None:
        return refusal("ThrottlingException") if len(self.requests) % 3 == 0 else None
