"""Lock files name public package indexes only, which everybody can reach."""

from __future__ import annotations

import re
import subprocess

from tests.documents import ROOT, read

INDEXES = {"pypi.org", "files.pythonhosted.org", "registry.npmjs.org"}

_INDEX = r'(?:url = |registry = |"resolved": )"https?://([^/"]+)'


def test_locks_name_public_indexes_only() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "--", "*uv.lock", "*package-lock.json"],  # noqa: S607 - on the path
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    locks = listed.stdout.split()
    assert "uv.lock" in locks
    for lock in locks:
        named = re.findall(_INDEX, read(lock))
        assert set(named) <= INDEXES, lock
