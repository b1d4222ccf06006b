"""Runs the app with `sam local start-api`: the SAM CLI and Lambda's image, in Docker."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import socket
import subprocess
from collections.abc import Mapping
from contextlib import closing

from local import docker_bridge
from local.aws import REGION, LocalAws
from local.places import ROOT, Places, RunError, listen
from local.template import Function

SAM = ROOT / ".venv-sam" / "bin" / "sam"
_BUILT = ROOT / ".aws-sam" / "build" / "template.yaml"


def bridge_listeners(places: Places) -> tuple[list[socket.socket], list[socket.socket]]:
    """Sockets on Docker's bridge for managed login and the local AWS, if needed.

    Raises RunError if something that `sam local` needs is missing.
    """
    if shutil.which("docker") is None:
        raise RunError(
            "`sam local` needs Docker, which is not installed; `make run` does not need it"
        )
    try:
        address = docker_bridge.bridge_address()
    except subprocess.SubprocessError as error:
        raise RunError("Docker does not respond; start it, or use `make run`") from error
    if not SAM.exists() or not _BUILT.exists():
        raise RunError("the SAM CLI or its build is missing; `make start-api` creates both")
    if address is None:
        return [], []
    return [listen(address, places.login_port)], [listen(address, places.aws_port)]


def write_environment(places: Places, functions: Mapping[str, Function]) -> None:
    """Write the file for `--env-vars`, which can set only variables that the template declares."""
    content = {name: dict(function.variables) for name, function in functions.items()}
    places.function_environment.write_text(json.dumps(content, indent=2), encoding="utf-8")


def shell(aws: LocalAws) -> dict[str, str]:
    """This process's environment, with only the local AWS's credentials.

    The SAM CLI passes its own credentials on to the functions, regardless of `--env-vars`.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return kept | aws.credentials() | {"AWS_DEFAULT_REGION": REGION, "SAM_CLI_TELEMETRY": "0"}


def start_api(places: Places, aws: LocalAws) -> subprocess.Popen[bytes]:
    """Start it on the app's port; its output goes to this terminal."""
    return subprocess.Popen(
        [
            SAM, "local", "start-api",
            "--port", str(places.port),
            "--host", places.host,
            "--env-vars", places.function_environment,
        ],
        cwd=ROOT,
        env=shell(aws),
        stdin=subprocess.DEVNULL,
        start_new_session=True,  # this process passes Ctrl-C on, once
    )  # fmt: skip


async def until_it_answers(places: Places) -> None:
    """Wait for its first response, which also starts the container."""
    while not await _answers(places):
        await asyncio.sleep(0.1)


async def _answers(places: Places) -> bool:
    try:
        reader, writer = await asyncio.open_connection(places.host, places.port)
        with closing(writer):
            writer.write(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            return bool(await reader.readline())
    except OSError:
        return False


def stop(process: subprocess.Popen[bytes]) -> None:
    """SIGTERM lets it remove its containers."""
    process.terminate()
    try:
        process.wait(timeout=15)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
