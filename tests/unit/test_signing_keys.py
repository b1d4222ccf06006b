"""The issuer's keys: which ones are used, and how often they are fetched."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

import pytest
from foyer.cognito.signing_keys import (
    KEEP_SECONDS,
    MOST_KEEP_SECONDS,
    REFETCH_WINDOW_SECONDS,
    SigningKeys,
)
from foyer.errors import BadGateway, GatewayTimeout

from tests.fake_tokens import JWKS_DEFECTS, SigningKey, base64url

FIRST, SECOND, ATTACKER = SigningKey(), SigningKey(), SigningKey()


class Issuer:
    """Publishes what ``jwks`` says, at the time that ``now`` says."""

    def __init__(self, *keys: SigningKey) -> None:
        self.publish(*keys)
        self.is_down = False
        self.fetches = 0
        self.now = 1_000.0
        self.keys = SigningKeys(self._fetch, lambda: self.now)

    def publish(self, *keys: SigningKey) -> None:
        self.jwks: Any = {"keys": [key.jwk() for key in keys]}

    def _fetch(self, _deadline: float) -> Mapping[str, object]:
        self.fetches += 1
        if self.is_down:
            raise GatewayTimeout("jwks_timeout")
        return self.jwks  # type: ignore[no-any-return]

    def finds(self, key: SigningKey) -> bool:
        found = self.keys.find(key.kid, deadline=0.0)
        return found.public_numbers() == key.private.public_key().public_numbers()

    def reason_for(self, kid: str) -> str:
        with pytest.raises((BadGateway, GatewayTimeout)) as caught:
            self.keys.find(kid, deadline=0.0)
        return str(caught.value.reason)


def test_keys_are_fetched_once_and_a_rotated_one_when_it_is_first_named() -> None:
    issuer = Issuer(FIRST, SECOND)
    assert issuer.reason_for("never-published") == "id_token_unknown_key"
    for key in (FIRST, SECOND, FIRST):
        assert issuer.finds(key)
    assert issuer.fetches == 1
    assert issuer.reason_for("an odd token's") == "id_token_unknown_key"
    issuer.publish(ATTACKER)
    assert issuer.finds(ATTACKER)
    assert issuer.fetches == 3
    assert issuer.reason_for(FIRST.kid) == "id_token_unknown_key"


@pytest.mark.parametrize("passes", [REFETCH_WINDOW_SECONDS, -86_400])
def test_unknown_keys_cause_few_fetches_and_later_again(passes: float) -> None:
    """Also when the clock was put back."""
    issuer = Issuer(FIRST)
    assert issuer.finds(FIRST)
    for number in range(10):
        assert issuer.reason_for(f"junk-{number}") == "id_token_unknown_key"
    assert issuer.fetches == 1 + 3
    assert issuer.finds(FIRST)
    issuer.publish(SECOND)
    issuer.now += passes
    assert issuer.finds(SECOND)


def test_a_key_that_was_withdrawn_serves_an_hour_at_most() -> None:
    issuer = Issuer(FIRST)
    assert issuer.finds(FIRST)
    issuer.publish(SECOND)
    issuer.now += KEEP_SECONDS - 1
    assert issuer.finds(FIRST)
    issuer.now += 1
    assert issuer.reason_for(FIRST.kid) == "id_token_unknown_key"
    assert issuer.fetches == 2


def test_while_the_issuer_is_down_known_keys_serve_for_a_day() -> None:
    issuer = Issuer(FIRST)
    assert issuer.finds(FIRST)
    issuer.is_down = True
    assert issuer.reason_for("junk") == "jwks_timeout"
    assert issuer.fetches == 2
    issuer.now += KEEP_SECONDS
    for _ in range(2):
        assert issuer.finds(FIRST)
    assert issuer.fetches == 3, "asked again after a pause only"
    issuer.now += REFETCH_WINDOW_SECONDS
    assert issuer.finds(FIRST)
    assert issuer.fetches == 4
    issuer.now += MOST_KEEP_SECONDS - KEEP_SECONDS
    assert issuer.reason_for(FIRST.kid) == "jwks_timeout"


def test_neither_an_empty_nor_an_ambiguous_set_is_remembered() -> None:
    issuer = Issuer()
    for _ in range(5):
        assert issuer.reason_for(FIRST.kid) == "id_token_unknown_key"
    issuer.publish(FIRST, SECOND)
    issuer.jwks = JWKS_DEFECTS["duplicate_kid"](issuer.jwks, ATTACKER)
    assert issuer.reason_for(FIRST.kid) == "id_token_ambiguous_key"
    issuer.publish(FIRST)
    assert issuer.finds(FIRST)


REASONS = {
    "no_keys": "jwks_answer_malformed",
    "keys_no_list": "jwks_answer_malformed",
    "duplicate_kid": "id_token_ambiguous_key",
}


@pytest.mark.parametrize("defect", sorted(JWKS_DEFECTS.keys() - {"mixed"}))
def test_a_key_that_cannot_be_trusted_is_not_used(defect: str) -> None:
    issuer = Issuer(FIRST, SECOND)
    issuer.jwks = JWKS_DEFECTS[defect](issuer.jwks, ATTACKER)
    assert issuer.reason_for(FIRST.kid) == REASONS.get(defect, "id_token_unknown_key")


def test_a_good_key_is_found_among_others_even_without_use_and_algorithm() -> None:
    issuer = Issuer(FIRST, SECOND)
    issuer.jwks = JWKS_DEFECTS["mixed"](issuer.jwks, ATTACKER)
    assert issuer.finds(SECOND)
    jwk = {name: value for name, value in FIRST.jwk().items() if name not in {"use", "alg"}}
    issuer.jwks = {"keys": [jwk]}
    assert issuer.finds(FIRST)


UNREADABLE: list[object] = [None, 7, "", "A", "AA==", "+/", "é", "AA"]
SHORT = base64url(base64.urlsafe_b64decode(FIRST.jwk()["n"] + "==")[:254] + b"\1")  # 2,040 bits


@pytest.mark.parametrize(
    "change",
    [{member: value} for member in "ne" for value in UNREADABLE]
    + [{"n": SHORT}, {"kid": None}, {"kid": 7}, {"kid": ["a"]}],
)
def test_a_key_that_is_short_or_cannot_be_read_or_has_no_name_is_ignored(
    change: dict[str, Any],
) -> None:
    issuer = Issuer()
    issuer.jwks = {"keys": [{**FIRST.jwk(), **change}, SECOND.jwk()]}
    assert issuer.reason_for(FIRST.kid) == "id_token_unknown_key"
    assert issuer.finds(SECOND)
