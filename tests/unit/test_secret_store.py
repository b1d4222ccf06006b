"""The secret is parsed strictly, cached, and read again when outdated, but not often.

tests/flow/test_secret.py has what visitors notice of it.
"""

from __future__ import annotations

import io
import json
import secrets
import uuid
from typing import Any

import pytest
from aws_lambda_powertools import Logger
from foyer.aws.secret_store import (
    KEEP_FOR,
    REREAD_AFTER,
    Credentials,
    SecretStore,
    parse_credentials,
)
from foyer.errors import (
    ConfigurationError,
    Unavailable,
    UnknownKey,
)


def fields() -> dict[str, Any]:
    return {
        "client_id": secrets.token_hex(13),
        "client_secret": f"{secrets.token_hex(12)}+",
        "session_key": secrets.token_urlsafe(32),
    }


def test_one_object_gives_all_and_spaces_around_a_field_are_ignored() -> None:
    made = fields()
    expected = Credentials(made["client_id"], made["client_secret"], (made["session_key"],))
    pasted = {name: f" {value}  " for name, value in made.items()}
    for text in (made, pasted, made | {"previous_session_key": ""}):
        assert parse_credentials(json.dumps(text)) == expected


def test_the_newest_key_comes_first() -> None:
    made = fields() | {"previous_session_key": secrets.token_urlsafe(32)}
    keys = (made["session_key"], made["previous_session_key"])
    assert parse_credentials(json.dumps(made)).session_keys == keys


@pytest.mark.parametrize("name", ["client_id", "client_secret", "session_key"])
@pytest.mark.parametrize("value", [None, "", 5, ["x" * 40], "ü" * 40, "x" * 40 + "\n"])
def test_a_malformed_field_is_named_and_its_value_not_shown(name: str, value: object) -> None:
    with pytest.raises(ConfigurationError, match=rf"\b{name}\b") as raised:
        parse_credentials(json.dumps(fields() | {name: value}))
    assert "xxx" not in str(raised.value)


@pytest.mark.parametrize("name", ["session_key", "previous_session_key"])
def test_a_short_key_is_refused(name: str) -> None:
    with pytest.raises(ConfigurationError, match=f"field {name} is shorter than 32 characters"):
        parse_credentials(json.dumps(fields() | {name: "x" * 31}))


@pytest.mark.parametrize("text", ["", "hunter2", '["hunter2"]', '"hunter2"', "{"])
def test_a_secret_that_is_no_object_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        parse_credentials(text)
    assert "hunter2" not in str(raised.value)


def test_credentials_hide_themselves() -> None:
    made = fields()
    shown = repr(parse_credentials(json.dumps(made)))
    assert made["client_secret"] not in shown
    assert made["session_key"] not in shown


class Bench:
    """A store over a secret in memory, a clock that stands still, and a count of reads."""

    def __init__(self) -> None:
        self.text: str | None = json.dumps(fields())
        self.time = 1000.0
        self.reads = 0
        self.log_stream = io.StringIO()
        log = Logger(service=uuid.uuid4().hex, stream=self.log_stream)
        self.takes = 0.0
        self.store = SecretStore(self, "s", clock=lambda: self.time, log=log)

    def secret_text(self, _secret_id: str, /) -> str:
        self.reads += 1
        self.time += self.takes
        if self.text is None:
            raise Unavailable("secret_not_found")
        return self.text

    def put(self, **change: str) -> None:
        self.text = json.dumps(fields() | change)

    def delete(self) -> None:
        self.text = None


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_the_secret_is_read_once_in_five_minutes(bench: Bench) -> None:
    first = bench.store.credentials()
    bench.put()
    bench.time += KEEP_FOR - 1
    assert bench.store.credentials() == first
    assert bench.reads == 1
    bench.time += 1
    assert bench.store.credentials() != first
    assert bench.reads == 2


def test_doubts_lead_to_a_read_at_most_every_thirty_seconds(bench: Bench) -> None:
    def doubt(_: Credentials) -> None:
        raise UnknownKey("junk cookies cost us little")

    for _ in range(10):
        with pytest.raises(UnknownKey):
            bench.store.use(doubt)
    assert bench.reads == 2
    bench.time += REREAD_AFTER
    with pytest.raises(UnknownKey):
        bench.store.use(doubt)
    assert bench.reads == 3


def test_a_malformed_new_version_does_not_replace_a_good_one(bench: Bench) -> None:
    known = bench.store.credentials()
    bench.put(session_key="short")
    bench.time += KEEP_FOR
    assert bench.store.credentials() == known


def test_a_failure_is_remembered_for_the_seconds_that_it_names(bench: Bench) -> None:
    bench.delete()
    for passed, left in ((0.0, 5), (0.5, 5), (2.5, 2), (1.5, 1)):
        bench.time += passed
        with pytest.raises(Unavailable, match=r"^secret_not_found") as raised:
            bench.store.credentials()
        assert raised.value.headers == {"retry-after": str(left)}
    assert bench.reads == 1
    bench.put()
    bench.time += 0.5
    assert bench.store.credentials()
    assert bench.reads == 2


def test_the_wait_begins_when_the_failed_try_ends(bench: Bench) -> None:
    bench.delete()
    bench.takes = 6
    for _ in range(2):
        with pytest.raises(Unavailable):
            bench.store.credentials()
    assert bench.reads == 1
