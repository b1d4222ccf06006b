"""What holds for the project's files, and no other tool checks."""

from __future__ import annotations

import re

from tests.documents import ROOT, git, in_source, read

INDEXES = {"pypi.org", "files.pythonhosted.org", "registry.npmjs.org"}
_INDEX = r'(?:url = |registry = |"resolved": )"https?://([^/"]+)'


def test_locks_name_public_indexes_only_which_everybody_can_reach() -> None:
    locks = git("ls-files", "--", "*uv.lock", "*package-lock.json").split()
    assert "uv.lock" in locks
    for lock in locks:
        assert set(re.findall(_INDEX, read(lock))) <= INDEXES, lock


def test_a_rule_that_is_switched_off_in_the_functions_has_a_reason() -> None:
    for exception in in_source(ROOT / "functions", r"# (noqa\b.*)"):
        assert re.fullmatch(r"noqa: [A-Z]+[0-9]+ - \S.*", exception)


def test_both_front_ends_call_their_api_in_the_same_way() -> None:
    """Examples are complete, so that each can be copied alone; what they share stays the same."""
    assert read("examples/vite/src/api.js") == read("examples/notes/page/api.js")
