"""JSON from outside."""

from __future__ import annotations

import contextlib

import pytest
from foyer.strict_json import parse_object
from hypothesis import given
from hypothesis import strategies as st


@given(st.binary() | st.text(st.characters(codec="utf-8")).map(str.encode))
def test_anything_but_an_object_is_a_value_error(data: bytes) -> None:
    with contextlib.suppress(ValueError):
        assert isinstance(parse_object(data), dict)


def test_half_a_surrogate_pair_is_replaced_and_the_rest_comes_out_as_it_was() -> None:
    cut = b'{"name": "A\\ud83d", "\\udfff": [1], "smile": "\\ud83d\\ude00"}'
    assert parse_object(cut) == {"name": "A\ufffd", "\ufffd": [1], "smile": "\U0001f600"}
    kept = '{"ä": [null, true, -1.5e3, {"\\u00e9\\n": "\\u2028😀"}], "": {}}'
    assert parse_object(kept.encode()) == {"ä": [None, True, -1500.0, {"é\n": "\u2028😀"}], "": {}}


@pytest.mark.parametrize(
    "data",
    [
        b'{"a": 1, "a": 1}',
        b'{"outer": {"a": 1, "a": 2}}',
        b'{"a": NaN}',
        b'{"a": -Infinity}',
        b'{"a": 1e999}',
        b'{"a": "\xff"}',
        b'\xef\xbb\xbf{"a": 1}',
        b"[1]",
        b'"text"',
        b"null",
        b"",
        b'{"a": 1} {"b": 2}',
        b'{"a": ' + b"[" * 60_000 + b"]" * 60_000 + b"}",
    ],
    ids=lambda data: repr(data[:24]),
)
def test_ambiguous_json_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_object(data)
