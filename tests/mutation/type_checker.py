"""Says whether a mutant is a program at all: a check is missing, and no name and no argument."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from tests.mutation.checks import ROOT, Check


class TypeChecker:
    """mypy's daemon over a copy of the functions; it looks again at what a check changes only."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        skip = shutil.ignore_patterns("__pycache__")
        for name in ("functions", "local"):
            shutil.copytree(ROOT / name, folder / name, ignore=skip)
        shutil.copy(ROOT / "pyproject.toml", folder)
        complaints = self._run("run", "--", "functions/web", "functions/rotation", "local")
        assert not complaints, complaints

    def __enter__(self) -> TypeChecker:
        return self

    def __exit__(self, *_: object) -> None:
        self._run("stop")

    def complaint(self, check: Check) -> str:
        """What mypy says of the code without this check."""
        file = self._folder / "functions" / check.file
        before = file.read_text("utf-8")
        try:
            file.write_text(check.taken_out_of(before), "utf-8")
            return self._run("recheck")
        except ValueError as error:
            return str(error)
        finally:
            file.write_text(before, "utf-8")
            self._run("recheck")

    def _run(self, *arguments: str) -> str:
        done = subprocess.run(  # noqa: S603 - our own command
            [sys.executable, "-m", "mypy.dmypy", *arguments],
            cwd=self._folder,
            capture_output=True,
            text=True,
            check=False,
        )
        return "" if done.returncode == 0 else done.stdout + done.stderr
