"""The SAM CLI with Docker behind it, for tests that need both."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

import pytest

from local.places import ROOT

NO_DOCKER = "no Docker engine answers, and `sam local` needs one"


@cache
def built() -> None:
    """Runs `make build` once; skips the test if Docker cannot run the result.

    Once for all workers: a second build would replace the code of running containers.
    """
    docker_or_skip()
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID", str(os.getpid()))
    with (Path(tempfile.gettempdir()) / f"foyer-build-{run}").open("a+") as mark:
        fcntl.flock(mark, fcntl.LOCK_EX)
        mark.seek(0)
        if mark.read():
            return
        done = subprocess.run(
            ["make", "build"],  # noqa: S607 - wherever it is
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        mark.write("done")


def built_with(app: str) -> None:
    """The same, with an app's template."""
    built()
    command = ["make", "build-app", f"APP={app}"]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)  # noqa: S603 - our own


def docker_or_skip() -> None:
    if not _docker_answers():
        pytest.skip(NO_DOCKER)


@cache
def _docker_answers() -> bool:
    if shutil.which("docker") is None:
        return False
    asked = subprocess.run(["docker", "version"], capture_output=True, timeout=20, check=False)  # noqa: S607 - wherever it is
    return asked.returncode == 0


def containers(printed: str) -> set[str]:
    """The ids of the containers that the SAM CLI reported."""
    return set(re.findall(r"SAM_CONTAINER_ID: ([0-9a-f]{64})", printed))


def existing_containers() -> set[str]:
    """The ids of all containers, running or not."""
    listed = subprocess.run(
        ["docker", "ps", "--all", "--quiet", "--no-trunc"],  # noqa: S607 - wherever it is
        capture_output=True,
        text=True,
        check=True,
    )
    return set(listed.stdout.split())
