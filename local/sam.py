"""The app under `sam local start-api`: the real SAM CLI and Lambda's image, in Docker."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
from collections.abc import Mapping

from local import docker_bridge
from local.places import FUNCTION, ROOT, Places, RunError, listen
from local.stack import CREDENTIALS, REGION

_SAM = ROOT / ".venv-sam" / "bin" / "sam"


def bridge_listeners(places: Places) -> tuple[list[socket.socket], list[socket.socket]]:
    """Sockets on Docker's bridge for managed login and for the local AWS; none where not needed.

    Raises RunError when Docker is missing or its engine doesn't answer.
    """
    if shutil.which("docker") is None:
        raise RunError("`sam local` needs Docker, which is not installed; `make run` does without")
    try:
        address = docker_bridge.bridge_address()
    except subprocess.SubprocessError as error:
        raise RunError("Docker's engine does not answer; start it, or use `make run`") from error
    if address is None:
        return [], []
    return [listen(address, places.login_port)], [listen(address, places.aws_port)]


def start_api(places: Places, environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """Start it on the app's port; what it prints goes to this terminal.

    It hands its own credentials on to the functions, so it must have none but the local ones.
    """
    variables = places.data / "env.json"
    variables.write_text(json.dumps({FUNCTION: dict(environment)}, indent=2), encoding="utf-8")
    return subprocess.Popen(
        [
            _SAM, "local", "start-api",
            "--port", str(places.port),
            "--host", places.host,
            "--env-vars", variables,
        ],
        cwd=ROOT,
        env={
            **{name: value for name, value in os.environ.items() if not name.startswith("AWS_")},
            **CREDENTIALS,
            "AWS_DEFAULT_REGION": REGION,
            "SAM_CLI_TELEMETRY": "0",
        },
        stdin=subprocess.DEVNULL,
        start_new_session=True,  # Ctrl-C is ours to pass on, once
    )  # fmt: skip


def stop(process: subprocess.Popen[bytes]) -> None:
    """SIGTERM lets it remove its containers."""
    process.terminate()
    try:
        process.wait(timeout=15)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
