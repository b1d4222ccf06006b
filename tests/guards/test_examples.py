"""Examples are complete, so that each can be copied alone; what they share stays the same."""

from __future__ import annotations

from tests.documents import read


def test_both_front_ends_call_their_api_in_the_same_way() -> None:
    assert read("examples/vite/src/api.js") == read("examples/notes/page/api.js")
