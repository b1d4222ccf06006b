"""Lock files name public package indexes only, which everybody can reach."""

from __future__ import annotations

import re

from tests.documents import git, read

INDEXES = {"pypi.org", "files.pythonhosted.org", "registry.npmjs.org"}

_INDEX = r'(?:url = |registry = |"resolved": )"https?://([^/"]+)'


def test_locks_name_public_indexes_only() -> None:
    locks = git("ls-files", "--", "*uv.lock", "*package-lock.json").split()
    assert "uv.lock" in locks
    for lock in locks:
        named = re.findall(_INDEX, read(lock))
        assert set(named) <= INDEXES, lock
