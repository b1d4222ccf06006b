"""What tests, and mypy, say of the functions when one check is missing."""

from __future__ import annotations

import contextlib
import io
import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from importlib.machinery import SourceFileLoader
from multiprocessing.pool import AsyncResult, Pool
from pathlib import Path
from types import CodeType
from typing import Any

import pytest

from tests.documents import ROOT
from tests.mutation.checks import Check

SECONDS = 300  # for one mutant's test; the slowest takes ten on a quiet machine

# passed, failed (by an assertion) or broken, and what there is to say.
Verdict = tuple[str, str]


def processes() -> Pool:
    """A new process for each test, because what has been imported stays.

    Each is forked from one that has these imported: that is what takes the time, and none of it is
    what checks are taken out of.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(
        ["boto3", "cryptography", "hypothesis", "moto", "pytest", "requests"]
    )
    return context.Pool(os.cpu_count(), maxtasksperchild=1)


def verdict(tried: AsyncResult[Verdict]) -> Verdict:
    """Of ``run``, SECONDS from now at most."""
    try:
        return tried.get(SECONDS)
    except multiprocessing.TimeoutError:
        return "broken", "no end in sight"


def run(tests: Sequence[str], without: Check | None = None) -> Verdict:
    """The verdict of the tests, while the check is out if there is one."""
    signal.alarm(SECONDS)  # ends this process
    sys.dont_write_bytecode = True
    if without is not None:
        _import_without(without)
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


def _import_without(check: Check) -> None:
    """From now on, importing the check's module gives one without it."""
    usual = SourceFileLoader.get_code

    def get_code(loader: SourceFileLoader, name: str) -> CodeType | None:
        if Path(loader.path) != check.path:
            return usual(loader, name)
        return loader.source_to_code(check.source_without(), loader.path)

    SourceFileLoader.get_code = get_code  # type: ignore[method-assign, assignment]


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


class TypeChecker:
    """Says whether a mutant is a program at all: a check is missing, and no name and no argument.

    mypy's daemon over a copy of the functions; it looks again at what a check changes only.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        for name in ("functions", "local"):
            shutil.copytree(ROOT / name, folder / name)
        shutil.copy(ROOT / "pyproject.toml", folder)
        complaints = self._run("run", "--", "functions/web", "functions/rotation", "local")
        assert not complaints, complaints

    def complaint(self, check: Check) -> str:
        """What mypy says of the code without this check."""
        try:
            mutant = check.source_without()
        except ValueError as error:
            return str(error)
        file = self._folder / "functions" / check.file
        file.write_text(mutant, "utf-8")
        complaint = self._run("recheck")
        shutil.copy(check.path, file)  # the next look sees that too
        return complaint

    def close(self) -> None:
        self._run("stop")

    def _run(self, *arguments: str) -> str:
        command = [sys.executable, "-m", "mypy.dmypy", *arguments]
        done = subprocess.run(  # noqa: S603 - our own command
            command, cwd=self._folder, capture_output=True, text=True, check=False
        )
        return "" if done.returncode == 0 else done.stdout + done.stderr
