"""Runs tests against a copy of the project in which one check is missing, in a process each."""

from __future__ import annotations

import contextlib
import io
import multiprocessing
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest

from tests.mutation.checks import ROOT, Check

SECONDS = 300  # for one mutant's test; the slowest takes ten on a quiet machine

# passed, failed (by an assertion) or broken, and what there is to say. Of no class of ours, because
# it has to find its way from another process.
Verdict = tuple[str, str]

# Each test runs in a process of its own, forked from one that has these imported: that is
# what takes the time, and none of it is what checks are taken out of.
_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(
    ["boto3", "cryptography", "hypothesis", "moto", "pytest", "requests"]
)


def run(tests: Sequence[str], without: Check | None = None) -> Verdict:
    """The verdict of the tests, while the check is out if there is one; SECONDS at most."""
    ours, theirs = _CONTEXT.Pipe(duplex=False)
    process = _CONTEXT.Process(target=_run, args=(theirs, tests, without))
    process.start()
    theirs.close()
    try:
        verdict: Verdict = ours.recv() if ours.poll(SECONDS) else ("broken", "no end in sight")
    except EOFError:
        verdict = "broken", "the process died"
    process.kill()
    process.join()
    return verdict


@contextlib.contextmanager
def _copy() -> Iterator[Path]:
    leave_out = shutil.ignore_patterns("__pycache__", ".hypothesis")
    with tempfile.TemporaryDirectory(prefix="foyer-mutant-") as made:
        folder = Path(made)
        for name in ("bench", "docs", "functions", "local", "tests"):
            shutil.copytree(ROOT / name, folder / name, ignore=leave_out)
        for name in ("pyproject.toml", "template.yaml"):
            shutil.copy(ROOT / name, folder)
        yield folder


def _run(verdict: Connection, tests: Sequence[str], without: Check | None) -> None:
    """Only once per process, because what has been imported stays."""
    with _copy() as folder:
        try:
            if without is not None:
                file = folder / "functions" / without.file
                file.write_text(without.taken_out_of(file.read_text("utf-8")), "utf-8")
        except ValueError as error:
            verdict.send(("broken", str(error)))
            return
        os.chdir(folder)
        sys.path[:] = [path for path in sys.path if Path(path) != ROOT]
        for name in [name for name in sys.modules if name.partition(".")[0] in {"tests", "local"}]:
            del sys.modules[name]
        sys.dont_write_bytecode = True
        verdict.send(_verdict(tests))


def _verdict(tests: Sequence[str]) -> Verdict:
    notes, output = Notes(), io.StringIO()
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
        code = pytest.main(
            [
                *("-x", "-q", "--no-header", "--tb=short", "-p", "no:cacheprovider"),
                *("-W", "ignore:Module already imported:pytest.PytestAssertRewriteWarning"),
                *(f"tests/{test}" for test in tests),
            ],
            plugins=[notes],
        )
    if code == pytest.ExitCode.OK:
        return "passed", ""
    if code != pytest.ExitCode.TESTS_FAILED or notes.error is None:
        return "broken", output.getvalue()
    said = f"{type(notes.error).__name__}: {notes.error}".splitlines()[0]
    return ("failed", said) if is_assertion(notes.error) else ("broken", f"it crashed: {said}")


def is_assertion(error: BaseException) -> bool:
    """Whether the test has seen something that is not as it should be, and not merely crashed.

    An error of the functions' own family counts: they refuse what they should do.
    """
    if isinstance(error, BaseExceptionGroup):
        return all(map(is_assertion, error.exceptions))
    is_ours = type(error).__module__.partition(".")[0] in {"foyer", "foyer_rotation"}
    return is_ours or isinstance(error, AssertionError | pytest.fail.Exception)


class Notes:
    """Notes what the test that failed raised."""

    error: BaseException | None = None

    def pytest_exception_interact(self, call: Any) -> None:
        self.error = call.excinfo.value
