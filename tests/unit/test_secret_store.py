"""The secret is parsed strictly, cached, and read again when outdated, but not often.

tests/flow/test_secret.py has what visitors notice of it.
"""

from __future__ import annotations

import io
import json
import secrets
import uuid

import pytest
from aws_lambda_powertools import Logger
from foyer.aws.secret_store import (
    KEEP_FOR,
    REREAD_AFTER,
    Credentials,
    SecretStore,
    parse_credentials,
)
from foyer.errors import ConfigurationError, Unavailable, UnknownKey

from tests.fake_secrets_manager import Vault

FIELDS = Vault().fields


def test_one_object_gives_all_with_the_newest_key_first_and_hides_it() -> None:
    before = secrets.token_urlsafe(32)
    client_id, client_secret, key = FIELDS.values()
    pasted = {name: f" {value}  " for name, value in FIELDS.items()}
    for fields in (FIELDS, pasted, FIELDS | {"previous_session_key": ""}):
        assert parse_credentials(json.dumps(fields)) == Credentials(
            client_id, client_secret, (key,)
        )
    parsed = parse_credentials(json.dumps(FIELDS | {"previous_session_key": before}))
    assert parsed.session_keys == (key, before)
    assert not any(value in repr(parsed) for value in (client_secret, key, before))


ODD_VALUES = [None, "", 5, ["x" * 40], "ü" * 40, "x" * 40 + "\n"]
TOO_SHORT = "field {} is shorter than 32 characters"


@pytest.mark.parametrize(
    ("value", "named"),
    [
        *((text, "the secret is not") for text in ("", "xxx", '["xxx"]', '"xxx"', "{")),
        *(({name: value}, rf"\b{name}\b") for name in FIELDS for value in ODD_VALUES),
        ({"session_key": "x" * 31}, TOO_SHORT.format("session_key")),
        ({"previous_session_key": "x" * 31}, TOO_SHORT.format("previous_session_key")),
    ],
)
def test_a_malformed_secret_is_named_by_its_field_and_its_value_not_shown(
    value: str | dict[str, object], named: str
) -> None:
    with pytest.raises(ConfigurationError, match=named) as raised:
        parse_credentials(value if isinstance(value, str) else json.dumps(FIELDS | value))
    assert "xxx" not in str(raised.value)


class Bench:
    """A store over a vault, and a clock that stands still."""

    def __init__(self) -> None:
        self.vault = Vault()
        self.time = 1000.0
        log = Logger(service=uuid.uuid4().hex, stream=io.StringIO())
        self.store = SecretStore(self.vault, "s", clock=lambda: self.time, log=log)


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_the_secret_is_read_once_in_five_minutes_and_a_malformed_one_does_not_replace_it(
    bench: Bench,
) -> None:
    first = bench.store.credentials()
    bench.vault.rotate_session_key()
    bench.time += KEEP_FOR - 1
    assert bench.store.credentials() == first
    assert bench.vault.reads == 1
    bench.time += 1
    second = bench.store.credentials()
    assert second != first
    assert bench.vault.reads == 2
    bench.vault.put(session_key="short")
    bench.time += KEEP_FOR
    assert bench.store.credentials() == second


def test_doubts_lead_to_a_read_at_most_every_thirty_seconds(bench: Bench) -> None:
    def doubt(_: Credentials) -> None:
        raise UnknownKey("junk cookies cost us little")

    for _ in range(10):
        with pytest.raises(UnknownKey):
            bench.store.use(doubt)
    assert bench.vault.reads == 2
    bench.time += REREAD_AFTER
    with pytest.raises(UnknownKey):
        bench.store.use(doubt)
    assert bench.vault.reads == 3


def test_a_failure_is_remembered_for_the_seconds_that_it_names(bench: Bench) -> None:
    def read() -> None:
        bench.time += 6  # the wait begins when the failed try ends

    bench.vault.failure, bench.vault.before_read = "secret_not_found", read
    for passed, left in ((0.0, 5), (0.5, 5), (2.5, 2), (1.5, 1)):
        bench.time += passed
        with pytest.raises(Unavailable, match=r"^secret_not_found") as raised:
            bench.store.credentials()
        assert raised.value.headers == {"retry-after": str(left)}
    assert bench.vault.reads == 1
    bench.vault.failure = ""
    bench.time += 0.5
    assert bench.store.credentials()
    assert bench.vault.reads == 2
