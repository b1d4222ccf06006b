"""Fakes of Cognito and DynamoDB with occasional faults."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from random import SystemRandom
from threading import RLock

from tests.fake_cognito import FakeCognito, User
from tests.fake_dynamodb import FakeDynamoDb
from tests.wire_faults import WIRE_FAULTS, Fault, Line, Reply, json_reply, refusal
from tests.wire_server import Arrived

# How often a kind comes up, if not 20 times. Some hold a container up for seconds.
_OFTEN = {"late": 4, "drip": 1, "drip_head": 1, "hang": 1, "somebody_else": 100, "throttled": 100}
_RANDOM = SystemRandom()


class Faults:
    """One answer in ``one_in`` goes wrong; ``counts`` has how often, by place and kind."""

    def __init__(self, one_in: int) -> None:
        self._one_in = one_in
        self.counts: Counter[str] = Counter()

    def draw(self, place: str, more: Mapping[str, Fault]) -> tuple[str, Fault | None]:
        """The kind of fault of this answer, or none; ``more`` are those of this place alone."""
        if _RANDOM.randrange(self._one_in):
            return "", None
        kinds = {**WIRE_FAULTS, **more}
        (kind,) = _RANDOM.choices(list(kinds), [_OFTEN.get(each, 20) for each in kinds])
        self.counts[f"{place} {kind}"] += 1
        return kind, kinds[kind]


class FaultyCognito(FakeCognito):
    """Some answers go wrong; some of UserInfo's are about another user."""

    def __init__(self, *, redirect_uris: tuple[str, ...], one_in: int) -> None:
        self.faults = Faults(one_in)
        self._at_the_keyboard = RLock()
        super().__init__(redirect_uris=redirect_uris)

    def visit_as(self, user: User, location: str) -> str:
        """Managed login, with this user signing in."""
        with self._at_the_keyboard:
            self.user = user
            return self.visit(location)

    def send(self, endpoint: str, reply: Reply, line: Line) -> bool:
        more = {"somebody_else": _somebody_else} if endpoint == "userinfo" else {}
        _, fault = self.faults.draw(endpoint, more)
        if fault is None:
            return super().send(endpoint, reply, line)
        fault(line, reply)
        return False


def _somebody_else(line: Line, _reply: Reply) -> None:
    """A correct answer about another user, which must never be shown."""
    claims = {"sub": "somebody-else", "name": "Somebody Else", "email": "visitor-0@example.com"}
    line.send(json_reply(claims).to_bytes())


class FaultyDynamoDb(FakeDynamoDb):
    """Some answers go wrong: it throttles, fails, is slow, or the connection is cut."""

    _MORE: Mapping[str, Fault] = {
        "throttled": refusal("ProvisionedThroughputExceededException"),
        "internal_error": refusal("InternalServerError", 500),
    }
    # Nobody learns from these whether the operation was carried out.
    _SAY_NOTHING = ("reset", "hang", "http_500", "http_503", "internal_error")

    def __init__(self, one_in: int) -> None:
        self.wire = Faults(one_in)
        super().__init__()

    def _answer(self, arrived: Arrived, line: Line) -> bool:
        operation = arrived.headers["X-Amz-Target"].partition(".")[2]
        kind, fault = self.wire.draw(operation, self._MORE)
        if fault is None:
            return super()._answer(arrived, line)
        is_carried_out = kind not in self._SAY_NOTHING or _RANDOM.choice([True, False])
        if is_carried_out and kind not in ("throttled", "http_429"):
            fault(line, self._carried_out(operation, arrived.body))
        else:
            fault(line, json_reply({}))
        return False
