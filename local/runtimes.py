"""Selects what runs a function: this interpreter, a Python with its own packages, or Node."""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from local.http_api import Function
from local.places import ROOT
from local.runtime_api import FunctionFailed

ENVIRONMENTS = ROOT / ".local" / "environments"
_OWN = ROOT / "functions"  # their dependencies are in this interpreter's environment
_NODE_CLIENT = Path(__file__).parent / "node_runtime.mjs"


class CannotRun(FunctionFailed):
    """The function cannot be run here; the message is one sentence for the developer."""


@dataclass(frozen=True)
class Runtime:
    """``command`` starts the runtime's client, which requests events from the Runtime API."""

    command: tuple[str, ...]


def runtime_of(function: Function, say: Callable[[str], None]) -> Runtime:
    """Raises CannotRun. The first call may install packages, which takes seconds."""
    if function.runtime.startswith("python"):
        python = sys.executable
        requirements = function.code / "requirements.txt"
        if requirements.is_file() and not function.code.is_relative_to(_OWN / "web"):
            python = str(_own_python(function, requirements.read_bytes(), say))
        return Runtime((python, "-m", "awslambdaric", function.handler))
    if function.runtime.startswith("nodejs"):
        node = shutil.which("node")
        if node is None:
            raise CannotRun(
                f"{function.name} runs under {function.runtime}, and node is not installed here; "
                "install Node.js to run it"
            )
        _require_packages(function)
        return Runtime((node, str(_NODE_CLIENT), function.handler))
    raise CannotRun(
        f"{function.name} runs under {function.runtime}, which `make run` does not run; "
        "`make start-api` does, in Docker"
    )


def _own_python(function: Function, requirements: bytes, say: Callable[[str], None]) -> Path:
    """The interpreter of an environment with these requirements and Lambda's own packages."""
    runtime = [f"{name}=={version(name)}" for name in ("awslambdaric", "boto3")]
    told = "\n".join((function.runtime, sys.version, *runtime)).encode() + requirements
    folder = ENVIRONMENTS / hashlib.sha256(told).hexdigest()[:16]
    ENVIRONMENTS.mkdir(parents=True, exist_ok=True)
    # Two functions may have the same requirements, and two stacks the same folder.
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "complete").exists():
            _install(function, folder, runtime, say)
    return folder / "bin/python"


def _install(
    function: Function, folder: Path, runtime: list[str], say: Callable[[str], None]
) -> None:
    say(f"{function.name}: installing its requirements.txt (first run only)")
    uv = shutil.which("uv") or str(ROOT / ".tools/bin/uv")
    wanted = function.runtime.removeprefix("python")
    shutil.rmtree(folder, ignore_errors=True)
    if not _succeeds([uv, "venv", "--python", wanted, "--no-python-downloads", folder]):
        ours = f"{sys.version_info.major}.{sys.version_info.minor}"
        say(f"{function.name}: Python {wanted} is not installed, so it runs under Python {ours}")
        _run(function, [uv, "venv", "--clear", "--python", sys.executable, folder])
    python, file = folder / "bin/python", function.code / "requirements.txt"
    install: list[str | Path] = [uv, "pip", "install", "--python", python, "--requirement", file]
    # The function's own version of boto3 has priority over the runtime's, as in Lambda.
    if not _succeeds([*install, *runtime]):
        _run(function, [*install, runtime[0], "boto3"])
    (folder / "complete").touch()


def _succeeds(command: list[str | Path]) -> bool:
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except OSError:  # there is no uv, which the next command says
        return False


def _run(function: Function, command: list[str | Path]) -> None:
    try:
        subprocess.run(command, capture_output=True, check=True, text=True)
    except (OSError, subprocess.CalledProcessError) as error:
        said = (getattr(error, "stderr", "") or str(error)).strip().splitlines()
        raise CannotRun(
            f"{function.name}: its requirements.txt could not be installed ({said[-1].strip()}); "
            "correct the file, and the next request tries again"
        ) from error


def _require_packages(function: Function) -> None:
    manifest, installed = function.code / "package.json", function.code / "node_modules"
    if manifest.is_file() and '"dependencies"' in manifest.read_text() and not installed.is_dir():
        raise CannotRun(f"{function.name} needs its packages: run npm install in {function.code}")
