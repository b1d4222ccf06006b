"""Starts and stops MiniStack, the local AWS, as a child process."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import requests

from local.aws import KEY_HEADER, LocalAws
from local.browsers import THIS_MACHINE
from local.places import ROOT, RunError

# The services that template.yaml needs.
SERVICES = frozenset({"cloudformation", "cognito-idp", "secretsmanager"})
# Others, by the second part of a resource's type. Never Lambda: it would run code here.
_SERVICES_OF = {
    "DynamoDB": {"dynamodb", "dynamodbstreams"},
    "Events": {"events"},
    "KMS": {"kms"},
    "Kinesis": {"kinesis"},
    "Logs": {"logs"},
    "S3": {"s3"},
    "SES": {"ses"},
    "SNS": {"sns"},
    "SQS": {"sqs"},
    "SSM": {"ssm"},
    "Scheduler": {"scheduler"},
}


class MiniStackError(Exception):
    """MiniStack did not start; the message says what to do."""


@dataclass(frozen=True)
class MiniStack:
    """A running MiniStack."""

    aws: LocalAws
    process: subprocess.Popen[bytes]
    log: Path
    credentials: Path

    def stop(self) -> None:
        """Ask it to end, which saves its state; kill it after twenty seconds."""
        assert self.process.stdin is not None  # noqa: S101 - it was asked for
        self.process.stdin.close()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.credentials.unlink(missing_ok=True)


def services_for(resource_types: Iterable[str]) -> frozenset[str]:
    """The services to start for a template with resources of these types."""
    parts = (kind.split("::") for kind in resource_types)
    return SERVICES.union(*(_SERVICES_OF.get(part[1], ()) for part in parts if len(part) > 1))


def start(
    aws: LocalAws,
    *,
    data: Path,
    services: Collection[str] = SERVICES,
    hosts: Collection[str] = THIS_MACHINE,
    runs_code: bool = False,
) -> MiniStack:
    """Start MiniStack as ``aws``, with its state, log and credentials in the folder ``data``.

    Returns at once; ``wait_until_ready`` waits. MiniStack ends when this process ends, for any
    reason. Only ``services`` are started; ``hosts`` are the host names that it accepts. With
    ``runs_code``, all services are available and Lambda runs functions on this machine, for tests
    that deploy the whole template. Raises RunError if the folder cannot be used.
    """
    log, credentials = data / "ministack.log", data / "aws.ini"
    try:
        data.mkdir(parents=True, exist_ok=True)
        data.chmod(0o700)  # passwords, sessions and credentials are in it
        _refuse_damage(data)
        aws.write(credentials)
        output = log.open("wb")
    except OSError as error:
        why = str(error.strerror).lower()
        raise RunError(
            f"the data folder {data} cannot be written ({why}); change its permissions or delete it"
        ) from error
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("AWS_")
    } | {
        **aws.credentials(),
        "GATEWAY_PORT": str(urlsplit(aws.endpoint).port),
        "BIND_HOST": "127.0.0.1",
        "AUTH": "true",
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "STATE_DIR": str(data / "state"),
        "TMPDIR": str(data),
        "LOCAL_AWS_HOSTS": ",".join(hosts),
    }
    if runs_code:
        environment["LOCAL_AWS_RUNS_CODE"] = "true"
    else:
        environment["PERSIST_STATE"] = "1"
        environment["SERVICES"] = ",".join(sorted(services))
        environment["DOCKER_HOST"] = f"unix://{data / 'no-docker'}"  # it would run code there
    with output:
        process = subprocess.Popen(
            [sys.executable, "-m", "local.ministack_process"],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            # Ctrl-C in the terminal reaches the whole group, but only the parent handles it.
            start_new_session=True,
        )
    return MiniStack(aws, process, log, credentials)


def wait_until_ready(ministack: MiniStack, seconds: float = 20) -> None:
    """Wait until it answers; raises MiniStackError if it ended or took too long."""
    health = f"{ministack.aws.endpoint}/_ministack/health"
    key = {KEY_HEADER: ministack.aws.secret_access_key}
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if ministack.process.poll() is not None:
            raise MiniStackError(f"the local AWS ended at its start; {ministack.log} says why")
        try:
            requests.get(health, headers=key, timeout=1).raise_for_status()
        except requests.RequestException:
            time.sleep(0.03)
        else:
            return
    raise MiniStackError(f"the local AWS did not answer in {seconds:g} s; see {ministack.log}")


def _refuse_damage(data: Path) -> None:
    """Refuse damaged files: MiniStack would ignore them, and the stack would lose its users."""
    for file in sorted((data / "state").glob("*.json")):
        if not _is_whole(file):
            raise RunError(
                f"{file} is damaged, and the local AWS keeps its state there; put it back, "
                f"or delete {data} to start with an empty user pool"
            )


def _is_whole(file: Path) -> bool:
    try:
        saved = json.loads(file.read_bytes())
    except (OSError, ValueError):
        return False
    return isinstance(saved, dict) and bool(saved)
