"""Many concurrent users with faults: users are never mixed up, nothing is lost or leaks.

The gateway runs as `python -m local.gateway` does, on a copy of the function; its children are
the function's processes, whose memory and open files are read from /proc (hence Linux).
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from tests.fake_secrets_manager import FakeSecretsManager, Vault
from tests.ports import free_port
from tests.process_tree import family
from tests.running_stack import ROOT, eventually
from tests.soak.upstreams import FaultyCognito, FaultyDynamoDb
from tests.soak.visitors import Tally, Visitor
from tests.wire_faults import refusal

ACCESS_TOKEN_SECONDS = 10  # so that sessions that stay are refreshed over and over
# Of the calls for a secret, at most one is throttled at a time: a container's second try succeeds.
# If both fail, it answers 503 for some seconds, which is right, and no visitor can sign in.
_THROTTLED = refusal("ThrottlingException")
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True)
class Sample:
    """The function's processes at one moment: per process id, memory in bytes and open files."""

    sign_ins: int
    memory: dict[int, int]
    files: dict[int, int]


@dataclass
class Figures:
    """What a soak has shown."""

    tally: Tally
    seconds: float = 0.0
    faults: dict[str, int] = field(default_factory=dict)
    refreshes: int = 0
    samples: list[Sample] = field(default_factory=list)
    messages: Counter[str] = field(default_factory=Counter)

    @property
    def unexpected(self) -> int:
        """Log lines that the injected faults do not explain: a bug, or a session that ended."""
        return sum(self.messages[name] for name in self.unexpected_names)

    @property
    def unexpected_names(self) -> list[str]:
        names = ("unexpected_error", "session_ended", "session_not_usable", "attempt_not_usable")
        return [name for name in names if self.messages[name]]

    @property
    def processes(self) -> set[int]:
        return set().union(*(sample.memory for sample in self.samples))

    def growth(self, what: str) -> dict[int, int]:
        """Per process, by how much its memory or files grew since they were first looked at."""
        grown = {}
        for process in self.processes:
            values = [
                getattr(sample, what)[process] for sample in self.samples if process in sample.files
            ]
            grown[process] = values[-1] - values[0]
        return grown

    def report(self) -> str:
        """A readable report, also for docs/security.md."""
        tally, mebibyte = self.tally, 1 << 20
        last = self.samples[-1]
        return "\n".join(
            [
                f"{tally.sign_ins:,} sign-ins in {self.seconds:.0f} s "
                f"({tally.sign_ins / self.seconds:.0f} a second)",
                f"{sum(self.faults.values()):,} faults injected, of {len(self.faults)} kinds",
                f"{sum(tally.failures.values()):,} requests failed and were sent again: "
                + ", ".join(
                    f"{n} by status {status}" for status, n in sorted(tally.failures.items())
                ),
                f"{tally.pages:,} pages looked at, {tally.races:,} refresh races, "
                f"{tally.sign_outs:,} sign-outs, {tally.copies:,} copied cookies tried, "
                f"{self.refreshes:,} refreshes",
                f"{self.unexpected:,} unexpected log lines"
                + "".join(f", {name} {self.messages[name]:,}" for name in self.unexpected_names),
                "memory of all of them at each tenth of the way: "
                + ", ".join(
                    f"{sum(sample.memory.values()) / mebibyte:.1f}" for sample in self.samples
                ),
                "function processes: "
                + "; ".join(
                    f"{last.memory[process] / mebibyte:.1f} MiB "
                    f"({self.growth('memory')[process] / mebibyte:+.1f}), "
                    f"{last.files[process]} files ({self.growth('files')[process]:+d})"
                    for process in sorted(last.memory)
                ),
            ]
        )


def soak(
    folder: Path,
    *,
    sign_ins: int,
    warm_up: int,
    users: int,
    seconds: float,
    one_in: int,
    in_table: bool = False,
) -> Figures:
    """Run until so many sign-ins are done, or the time is over; raise what went wrong.

    ``folder`` takes the copy and the log. One upstream answer in ``one_in`` is a fault. Memory
    and files are compared from ``warm_up`` sign-ins on. Sessions are in cookies or ``in_table``.
    """
    with contextlib.ExitStack() as resources:
        port = free_port()
        cognito = FaultyCognito(redirect_uris=(f"http://localhost:{port}/callback",), one_in=one_in)
        resources.callback(cognito.close)
        cognito.access_token_seconds = ACCESS_TOKEN_SECONDS
        cognito.refresh_token_rotation = True
        cognito.rotation_grace_seconds = 60
        vault = Vault(**cognito.credentials)
        secrets_manager = resources.enter_context(FakeSecretsManager(vault))
        secrets_manager.faults.append(_THROTTLED)
        environment = {**cognito.environ, **secrets_manager.environ}
        environment["APP_URL"] = f"http://localhost:{port}"
        wires = [cognito.faults]
        if in_table:
            table = FaultyDynamoDb(one_in=one_in)
            resources.enter_context(table)
            wires.append(table.wire)
            environment |= table.environ
        gateway = resources.enter_context(_gateway(folder, port, environment))
        began = time.monotonic()
        figures = Figures(Tally(wanted=sign_ins, deadline=began + seconds))
        visitor = Visitor(cognito, port, figures.tally, ACCESS_TOKEN_SECONDS, in_table)
        threads = [threading.Thread(target=replace(visitor).run) for _ in range(users)]
        for thread in threads:
            thread.start()

        def rotate() -> None:
            vault.rotate_session_key()
            secrets_manager.faults.append(_THROTTLED)

        _watch(figures, gateway, threads, warm_up, rotate)
        figures.seconds = time.monotonic() - began
        figures.faults = dict(sum((wire.counts for wire in wires), Counter()))
        forms = [arrived.form for arrived in cognito.requests["token"]]
        figures.refreshes = sum(form.get("grant_type") == "refresh_token" for form in forms)
    figures.messages = _messages(folder / "gateway.log", figures.tally.signed_out)
    if figures.tally.broken:
        raise figures.tally.broken[0]
    return figures


def _watch(
    figures: Figures,
    gateway: subprocess.Popen[bytes],
    threads: list[threading.Thread],
    warm_up: int,
    rotate: Callable[[], None],
) -> None:
    """Sample at every tenth of the way, and replace the session key half-way."""
    wanted = figures.tally.wanted
    marks = [warm_up + (wanted - warm_up) * tenth // 10 for tenth in range(10)]
    while any(thread.is_alive() for thread in threads):
        time.sleep(0.05)
        if marks and figures.tally.sign_ins >= marks[0]:
            figures.samples.append(_sample(gateway.pid, marks.pop(0)))
            if len(marks) == 5:
                rotate()
    figures.samples.append(_sample(gateway.pid, figures.tally.sign_ins))


def _sample(gateway: int, sign_ins: int) -> Sample:
    memory, files = {}, {}
    for process in family(gateway):
        folder = Path(f"/proc/{process}")
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            if b"awslambdaric" in (folder / "cmdline").read_bytes():
                resident = int((folder / "statm").read_text("ascii").split()[1])
                memory[process] = resident * _PAGE_BYTES
                files[process] = len(list((folder / "fd").iterdir()))
    return Sample(sign_ins, memory, files)


@contextlib.contextmanager
def _gateway(
    folder: Path, port: int, environment: dict[str, str]
) -> Iterator[subprocess.Popen[bytes]]:
    """On a copy, because the gateway restarts the function when its source changes.

    Without requirements.txt the function runs with the packages that are installed here.
    """
    shutil.copy(ROOT / "template.yaml", folder)
    shutil.copytree(
        ROOT / "functions",
        folder / "functions",
        ignore=shutil.ignore_patterns("__pycache__", "requirements.txt"),
    )
    command = [sys.executable, "-m", "local.gateway", "--port", str(port), "--log-format", "json"]
    with (folder / "gateway.log").open("wb") as log:
        process = subprocess.Popen(  # noqa: S603 - our own command
            [*command, "--template", str(folder / "template.yaml")],
            cwd=ROOT,
            env={"PATH": os.environ["PATH"], **environment},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        assert eventually(lambda: _answers(port), 30), (folder / "gateway.log").read_text("utf-8")
        yield process
    finally:
        process.terminate()
        process.wait(timeout=30)


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _messages(log: Path, signed_out: set[str]) -> Counter[str]:
    """How often the function has logged each message, except those that a sign-out explains.

    A request that was under way may have found the session gone or its refresh token revoked.
    """
    found: Counter[str] = Counter()
    anybody = signed_out | {""}
    for line in log.read_text("utf-8").splitlines():
        with contextlib.suppress(ValueError):
            fields = json.loads(line)
            is_over = fields.get("reason") in ("not_in_table", "token_invalid_grant")
            if not (is_over and fields.get("sub", "") in anybody):
                found[str(fields.get("message"))] += 1
    return found
