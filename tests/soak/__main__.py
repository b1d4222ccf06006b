"""`make soak`: many concurrent users with faults are never mixed up, and nothing is lost or leaks.

The gateway runs as `python -m local.gateway` does, on a copy of the function; its children are
the function's processes, whose memory and open files are read from /proc (hence Linux).
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from tests.fake_secrets_manager import FakeSecretsManager, Vault
from tests.ports import free_port
from tests.process_tree import family
from tests.running_stack import ROOT, eventually
from tests.soak.upstreams import FaultyCognito, FaultyDynamoDb
from tests.soak.visitors import Tally, Visitor
from tests.wire_faults import refusal

# Of the calls for a secret, at most one is throttled at a time: a container's second try succeeds.
# If both fail, it answers 503 for some seconds, which is right, and no visitor can sign in.
_THROTTLED = refusal("ThrottlingException")
_PAGE_MIB = os.sysconf("SC_PAGE_SIZE") / (1 << 20)
# Log lines that the injected faults do not explain: a bug, or a session that ended.
_UNEXPECTED = {"unexpected_error", "session_ended", "session_not_usable", "attempt_not_usable"}


# What a process of the function uses at one moment: memory in MiB, and open files.
Used = tuple[float, int]


@dataclass
class Figures:
    """What a soak has shown; each sample has the function's processes by their ids."""

    tally: Tally
    seconds: float = 0.0
    faults: Counter[str] = field(default_factory=Counter)
    refreshes: int = 0
    samples: list[dict[int, Used]] = field(default_factory=list)
    messages: Counter[str] = field(default_factory=Counter)

    @property
    def unexpected(self) -> dict[str, int]:
        return {name: n for name, n in self.messages.items() if name in _UNEXPECTED}

    def growth(self) -> list[Used]:
        """Of each process, how much it uses more than when it was first looked at."""
        first = {process: used for each in reversed(self.samples) for process, used in each.items()}
        last = {process: used for each in self.samples for process, used in each.items()}
        pairs = [(last[process], used) for process, used in first.items()]
        return [(new[0] - old[0], new[1] - old[1]) for new, old in pairs]

    def check(self) -> None:
        """Of each sign-in there is a line in the log, and nothing unexpected; nothing leaks."""
        assert self.tally.sign_ins > 20
        assert self.messages["signed_in"] == self.tally.sign_ins
        assert self.faults
        assert self.unexpected == {}
        memory, files = zip(*self.growth(), strict=True)
        assert len(files) == 4, "none was replaced"
        assert max(files) <= 4
        assert max(memory) < 8

    def report(self) -> str:
        """A readable report, also for docs/security.md."""
        memory = (sum(used[0] for used in each.values()) for each in self.samples)
        lines = [
            f"{self.seconds:.0f} seconds",
            *(f"{number:,} {what}" for what, number in sorted(self.tally.counts.items())),
            f"{self.refreshes:,} refreshes",
            f"{self.faults.total():,} faults injected, of {len(self.faults)} kinds",
            f"unexpected log lines: {self.unexpected or 'none'}",
            f"MiB at each tenth of the way: {', '.join(f'{each:.1f}' for each in memory)}",
            *(f"a process: {mib:+.1f} MiB, {files:+d} files" for mib, files in self.growth()),
        ]
        return "\n".join(lines)


def soak(folder: Path, options: argparse.Namespace) -> Figures:
    """Run until so many sign-ins are done, or the time is over; raise what went wrong.

    ``folder`` takes the copy and the log.
    """
    with contextlib.ExitStack() as resources:
        port = free_port()
        origin = f"http://localhost:{port}"
        redirect_uris = (f"{origin}/callback",)
        cognito = FaultyCognito(redirect_uris=redirect_uris, one_in=options.one_in)
        resources.enter_context(cognito)
        cognito.access_token_seconds = options.access_token_seconds
        cognito.refresh_token_rotation = True
        cognito.rotation_grace_seconds = 60
        vault = Vault(**cognito.credentials)
        secrets_manager = resources.enter_context(FakeSecretsManager(vault))
        secrets_manager.faults.append(_THROTTLED)
        environment = {**cognito.environ, **secrets_manager.environ, "APP_URL": origin}
        wires = [cognito.faults]
        if options.sessions == "table":
            table = FaultyDynamoDb(options.one_in)
            resources.enter_context(table)
            wires.append(table.wire)
            environment |= table.environ
        gateway = resources.enter_context(_gateway(folder, port, environment))
        began = time.monotonic()
        figures = Figures(Tally(options.sign_ins, deadline=began + options.seconds))
        visitor = Visitor(cognito, port, figures.tally, options.sessions == "table")
        threads = [threading.Thread(target=replace(visitor).run) for _ in range(options.users)]
        for thread in threads:
            thread.start()
        # Samples at every tenth of the way; half-way, the session key is replaced.
        left = options.sign_ins - options.warm_up
        marks = [options.warm_up + left * tenth // 10 for tenth in range(10)]
        while any(thread.is_alive() for thread in threads):
            time.sleep(0.05)
            if marks and figures.tally.sign_ins >= marks[0]:
                figures.samples.append(_sample(gateway))
                del marks[0]
                if len(marks) == 5:
                    vault.rotate_session_key()
                    secrets_manager.faults.append(_THROTTLED)
        figures.samples.append(_sample(gateway))
        figures.seconds = time.monotonic() - began
        figures.faults = sum((wire.counts for wire in wires), Counter())
        forms = [arrived.form for arrived in cognito.requests["token"]]
        figures.refreshes = sum(form.get("grant_type") == "refresh_token" for form in forms)
    figures.messages = _messages(folder / "gateway.log", figures.tally.signed_out)
    if figures.tally.broken:
        raise figures.tally.broken[0]
    return figures


def _sample(gateway: int) -> dict[int, Used]:
    found = {}
    for process in family(gateway):
        folder = Path(f"/proc/{process}")
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            if b"awslambdaric" in (folder / "cmdline").read_bytes():
                pages = int((folder / "statm").read_text("ascii").split()[1])
                found[process] = pages * _PAGE_MIB, len(list((folder / "fd").iterdir()))
    return found


@contextlib.contextmanager
def _gateway(folder: Path, port: int, environment: dict[str, str]) -> Iterator[int]:
    """Its process id. On a copy: the gateway restarts the function when its source changes.

    Without requirements.txt the function runs with the packages that are installed here.
    """
    shutil.copy(ROOT / "template.yaml", folder)
    ignored = shutil.ignore_patterns("__pycache__", "requirements.txt")
    shutil.copytree(ROOT / "functions", folder / "functions", ignore=ignored)
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
        yield process.pid
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


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.soak")
    parser.add_argument("--sign-ins", type=int, default=10_000)
    parser.add_argument("--warm-up", type=int, default=1_000, help="sign-ins before measuring")
    parser.add_argument("--users", type=int, default=16, help="at once")
    parser.add_argument("--seconds", type=float, default=600, help="stop then at the latest")
    parser.add_argument("--access-token-seconds", type=int, default=10)
    parser.add_argument(
        "--one-in", type=int, default=30, help="answers of Cognito and the table goes wrong"
    )
    parser.add_argument("--sessions", choices=("cookie", "table"), default="cookie")
    with tempfile.TemporaryDirectory(prefix="foyer-soak-") as folder:
        figures = soak(Path(folder), parser.parse_args())
    sys.stdout.write(f"{figures.report()}\n")
    figures.check()
