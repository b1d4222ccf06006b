"""The SAM CLI with Docker behind it, for tests that need both."""

from __future__ import annotations

import shutil
import subprocess
from functools import cache

import pytest

from local.places import ROOT


@cache
def built() -> None:
    """Runs `make build` once; skips the test if Docker cannot run the result."""
    if not _docker_answers():
        pytest.skip("no Docker engine answers, and `sam local` needs one")
    done = subprocess.run(
        ["make", "build"],  # noqa: S607 - wherever it is
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def built_with(app: str) -> None:
    """The same, with an app's template."""
    built()
    command = ["make", "build-app", f"APP={app}"]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)  # noqa: S603 - our own


@cache
def _docker_answers() -> bool:
    if shutil.which("docker") is None:
        return False
    asked = subprocess.run(["docker", "version"], capture_output=True, timeout=20, check=False)  # noqa: S607 - wherever it is
    return asked.returncode == 0
