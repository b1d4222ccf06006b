"""One execution environment: a package run by awslambdaric, timed at the Runtime API.

docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html: the child requests an event when its init
is done, and sends a response. Both times are measured here. Processor time is that of the child
(Linux has a clock for each process), so other programs affect it much less than wall-clock time.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_LONGEST = 60  # seconds; a child that needs longer for a step has failed
_PREFIX = "/2018-06-01/runtime/invocation/"


class SubjectFailed(Exception):
    """The child ended or its handler raised; the message contains its output."""


@dataclass(frozen=True)
class Taken:
    """Milliseconds of wall-clock time, and of the child's processor time."""

    wall: float
    cpu: float


class Container:
    """Started on entry, killed on exit; ``init`` is available at once."""

    def __init__(
        self, command: list[str], environment: Mapping[str, str], folder: Path, log: Path
    ) -> None:
        self._command = command
        self._environment = environment
        self._folder = folder
        self._log = log

    def __enter__(self) -> Container:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(_LONGEST)
        host, port = self._listener.getsockname()
        self._connection: socket.socket | None = None
        with self._log.open("wb") as log:
            begun = time.perf_counter_ns()
            self._process = subprocess.Popen(
                self._command,
                cwd=self._folder,
                env={**self._environment, "AWS_LAMBDA_RUNTIME_API": f"{host}:{port}"},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        try:
            self._expect_next()
        except BaseException:
            self._end()
            raise
        self.init = Taken(_milliseconds(time.perf_counter_ns() - begun), self._cpu())
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def invoke(self, event: Mapping[str, Any]) -> tuple[dict[str, Any], Taken]:
        """The handler's reply, and the time from sending the event to receiving the reply."""
        body = json.dumps(event).encode()
        head = (
            "HTTP/1.1 200 OK\r\n"
            f"Lambda-Runtime-Aws-Request-Id: {uuid.uuid4()}\r\n"
            f"Lambda-Runtime-Deadline-Ms: {int(time.time() * 1000) + 30_000}\r\n"
            "Lambda-Runtime-Invoked-Function-Arn: "
            "arn:aws:lambda:eu-central-1:123456789012:function:bench\r\n"
            "Lambda-Runtime-Trace-Id: Root=1-6a8f2c10-5d0c4d1e2f3a4b5c6d7e8f90;Sampled=0\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        cpu, begun = self._cpu(), time.perf_counter_ns()
        self._send(head.encode() + body)
        path, answer = self._receive()
        taken = Taken(_milliseconds(time.perf_counter_ns() - begun), self._cpu() - cpu)
        self._send(b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n")
        if not path.endswith("/response"):
            raise SubjectFailed(f"{answer.decode(errors='replace')}\n{self._printed()}")
        self._expect_next()
        return json.loads(answer), taken

    @property
    def pid(self) -> int:
        return self._process.pid

    def peak_memory(self) -> float:
        """Peak resident memory in MiB."""
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        return int(status.partition("VmHWM:")[2].split()[0]) / 1024

    def _cpu(self) -> float:
        """clock_getcpuclockid(3), which Python does not provide."""
        return _milliseconds(time.clock_gettime_ns(~self._process.pid << 3 | 2))

    def _expect_next(self) -> None:
        path, body = self._receive()
        if path != f"{_PREFIX}next":
            raise SubjectFailed(f"{path}: {body.decode(errors='replace')}\n{self._printed()}")

    def _send(self, data: bytes) -> None:
        assert self._connection is not None  # noqa: S101 - there is one after the first request
        self._connection.sendall(data)

    def _receive(self) -> tuple[str, bytes]:
        """Path and body of the child's next request, on any connection."""
        data = b""
        while True:
            if self._connection is None:
                self._connection = self._accept()
                self._connection.settimeout(_LONGEST)
            piece = self._connection.recv(65536)
            if not piece:
                self._connection.close()
                self._connection = None
            data += piece
            head, blank, body = data.partition(b"\r\n\r\n")
            if blank and len(body) >= _content_length(head):
                return head.split(b" ", 2)[1].decode(), body

    def _accept(self) -> socket.socket:
        self._listener.settimeout(0.5)
        for _ in range(2 * _LONGEST):
            try:
                return self._listener.accept()[0]
            except TimeoutError:
                if self._process.poll() is not None:
                    break
        raise SubjectFailed(self._printed())

    def _printed(self) -> str:
        return self._log.read_text(errors="replace")[-3000:]

    def _end(self) -> None:
        self._process.kill()
        self._process.wait()
        if self._connection is not None:
            self._connection.close()
        self._listener.close()


def _content_length(head: bytes) -> int:
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0


def _milliseconds(nanoseconds: int) -> float:
    return nanoseconds / 1e6


def lambda_environment(handler: str, package: Path, runtime: Path) -> dict[str, str]:
    """The variables that Lambda sets, without those of this process.

    docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html, "defined runtime". As in
    Lambda, the runtime's packages (boto3) come after the function's own, and no bytecode is
    written, because Lambda's task directory is read-only.
    """
    return {
        "_HANDLER": handler,
        "AWS_ACCESS_KEY_ID": "bench",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_DEFAULT_REGION": "eu-central-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_EXECUTION_ENV": "AWS_Lambda_python3.13",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
        "AWS_LAMBDA_FUNCTION_NAME": "bench",
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_FORMAT": "Text",
        "AWS_REGION": "eu-central-1",
        "AWS_SECRET_ACCESS_KEY": "bench",
        "AWS_SESSION_TOKEN": "bench",
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "LAMBDA_TASK_ROOT": str(package),
        "LANG": "en_US.UTF-8",
        "PATH": "/usr/bin:/bin",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONPATH": f"{package}{os.pathsep}{runtime}",
        "TZ": ":UTC",
    }
