"""Runs tests against a copy of the code in which one check is missing."""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.mutation.checks import ROOT, Check

_SECONDS = 120  # for one check's test; the slowest takes ten


# pytest's exit code (0: the tests passed, 1: one failed, else they did not run to their end) and
# what it has to say. Of no class of ours, because it has to find its way to another process.
Verdict = tuple[int, str]


def run_without(check: Check) -> Verdict:
    """The verdict of the check's test while the check is out; ValueError if it cannot be found."""
    with _copy() as folder:
        file = folder / "functions" / check.file
        file.write_text(check.taken_out_of(file.read_text("utf-8")), "utf-8")
        return _run(folder, [check.test])


def run_with_all(tests: Sequence[str]) -> Verdict:
    """The verdict of the tests with every check in place."""
    with _copy() as folder:
        return _run(folder, tests)


@contextlib.contextmanager
def _copy() -> Iterator[Path]:
    leave_out = shutil.ignore_patterns("__pycache__", ".hypothesis")
    with tempfile.TemporaryDirectory(prefix="foyer-mutant-") as made:
        folder = Path(made)
        for name in ("bench", "docs", "functions", "local", "tests"):
            shutil.copytree(ROOT / name, folder / name, ignore=leave_out)
        shutil.copy(ROOT / "pyproject.toml", folder)
        yield folder


def _run(folder: Path, tests: Sequence[str]) -> Verdict:
    """Only once per process, because what has been imported stays."""
    os.chdir(folder)
    sys.path.remove(str(ROOT))
    for name in [name for name in sys.modules if name.partition(".")[0] in ("local", "tests")]:
        del sys.modules[name]
    sys.dont_write_bytecode = True
    signal.alarm(_SECONDS)  # a test that hangs is killed, and its process with it
    output = io.StringIO()
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
        code = pytest.main(
            [
                *("-x", "-q", "--no-header", "--tb=short", "-p", "no:cacheprovider"),
                *("-W", "ignore:Module already imported:pytest.PytestAssertRewriteWarning"),
                *(f"tests/{test}" for test in tests),
            ]
        )
    reasons = [line[1:].strip() for line in output.getvalue().splitlines() if line[:2] == "E "]
    return int(code), reasons[0] if reasons else output.getvalue()
