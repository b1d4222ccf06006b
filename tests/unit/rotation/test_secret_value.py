"""The secret's JSON object, and the data that it stores about its client secret."""

from __future__ import annotations

import json
import re
import secrets
from typing import Any

import pytest
from foyer_rotation.errors import ConfigurationError
from foyer_rotation.secret_value import SecretValue


def _fields() -> dict[str, Any]:
    return {
        "client_id": "client",
        "client_secret": secrets.token_hex(24),
        "session_key": secrets.token_urlsafe(48),
    }


@pytest.mark.parametrize("text", ["", "{", "[]", '"text"', "null", "not-json-but-secret"])
def test_anything_but_a_json_object_is_refused_and_not_quoted(text: str) -> None:
    with pytest.raises(ConfigurationError, match="JSON") as caught:
        SecretValue.parse(text)
    assert "but-secret" not in str(caught.value)
    assert caught.value.__cause__ is None or caught.value.__suppress_context__


def test_its_repr_shows_nothing() -> None:
    fields = _fields()
    shown = repr(SecretValue.parse(json.dumps(fields)))
    assert not any(value in shown for value in fields.values())


def test_a_new_client_secret_fits_cognitos_rule() -> None:
    made = {SecretValue(_fields()).successor([]).client_secret for _ in range(50)}
    assert len(made) == 50
    assert all(re.fullmatch(r"[\w+]{24,64}", each, re.ASCII) for each in made)


def test_a_successor_notes_what_was_listed_before_it() -> None:
    successor = SecretValue(_fields()).successor(["one", "two"])
    assert SecretValue(_fields()).listed_before is None
    again = SecretValue.parse(successor.dump())
    assert again.listed_before == frozenset({"one", "two"})


def test_a_note_about_another_client_secret_is_ignored() -> None:
    successor = SecretValue(_fields()).successor(["one"])
    edited = {**successor.fields, "client_secret": secrets.token_hex(24)}
    assert SecretValue(edited).listed_before is None


@pytest.mark.parametrize(
    "note", ["text", [], {}, {"sha256": 1}, {"sha256": "ü", "listed_before": []}]
)
def test_a_malformed_note_is_ignored(note: object) -> None:
    assert SecretValue({**_fields(), "client_secret_origin": note}).listed_before is None
