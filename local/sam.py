"""Runs the SAM CLI, which runs functions in Lambda's image, in Docker."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import socket
import subprocess
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

from local import docker_bridge
from local.aws import REGION, LocalAws
from local.http_api import Function
from local.places import ROOT, Places, RunError, listen

SAM = ROOT / ".venv-sam" / "bin" / "sam"
BUILT = ROOT / ".aws-sam" / "build" / "template.yaml"
APP_BUILT = ROOT / ".aws-sam" / "app" / "template.yaml"


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
    if not SAM.exists() or not BUILT.exists():
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
    """Start it on the app's port."""
    environment = ("--env-vars", places.function_environment)
    return _start(aws, "start-api", "--port", str(places.port), "--host", places.host, *environment)


def start_lambda(places: Places, aws: LocalAws, port: int) -> subprocess.Popen[bytes]:
    """Start it with the functions of ``places.function_template``."""
    template = ("--template", places.function_template)
    return _start(aws, "start-lambda", "--port", str(port), *template)


def _start(aws: LocalAws, command: str, *options: str | Path) -> subprocess.Popen[bytes]:
    """Its output goes to this terminal."""
    return subprocess.Popen(
        [SAM, "local", command, "--config-file", ROOT / "samconfig.toml", *options],
        cwd=ROOT,
        env=shell(aws),
        stdin=subprocess.DEVNULL,
        start_new_session=True,  # this process passes Ctrl-C on, once
    )


async def until_ready(places: Places, lambda_port: int | None) -> None:
    """Wait for the first response, which also starts the container of the web function."""
    if lambda_port is not None:
        await _until_it_answers("127.0.0.1", lambda_port)
    await _until_it_answers(places.host, places.port)


async def _until_it_answers(host: str, port: int) -> None:
    while not await _answers(host, port):
        await asyncio.sleep(0.1)


async def _answers(host: str, port: int) -> bool:
    try:
        reader, writer = await asyncio.open_connection(host, port)
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
