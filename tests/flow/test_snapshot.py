"""Environments that SnapStart restores: nothing unique, secret or connected is in the snapshot.

    python -m tests.flow.test_snapshot

is a function after its init, and forks: a fork has what the snapshot had, as a restored environment
does. Each takes its events from standard input, a JSON line each, until an empty line; then comes
the next one.
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from foyer import app

from tests.fake_cognito import FakeCognito
from tests.fake_secrets_manager import FakeSecretsManager, Vault
from tests.flow.browser import Browser, Context

ORIGIN = "https://app.example.com"
ROOT = Path(__file__).parents[2]
SAID = "restored: "  # apart from the lines of log and metrics, on standard output too


class Snapshot:
    """A function whose init is over."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        assert self._said() == "ready"

    @contextmanager
    def restore(self) -> Iterator[Browser]:
        """A browser in front of one environment, while it lasts; one at a time."""
        yield Browser(lambda event, _: json.loads(self._send(json.dumps(event))), ORIGIN)
        assert self._send("") == "done"

    def _send(self, line: str) -> str:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()
        return self._said()

    def _said(self) -> str:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line.startswith(SAID):
                return line.removeprefix(SAID).strip()
        raise AssertionError("the function died")


@contextmanager
def snapshot(cognito: FakeCognito, secrets_manager: FakeSecretsManager) -> Iterator[Snapshot]:
    environ = {
        **cognito.environ,
        "APP_URL": ORIGIN,
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{secrets_manager.url}/credentials",
        "AWS_ENDPOINT_URL": secrets_manager.url,
        "AWS_LAMBDA_INITIALIZATION_TYPE": "snap-start",
        "AWS_REGION": "eu-central-1",
        "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'functions/web'}",
        "SECRET_ID": "foyer/test",
    }
    command = [sys.executable, "-m", "tests.flow.test_snapshot"]
    pipe = subprocess.PIPE
    with subprocess.Popen(  # noqa: S603 - our own command
        command, cwd=ROOT, env=environ, stdin=pipe, stdout=pipe, text=True
    ) as process:
        yield Snapshot(process)


def test_a_snapshot_holds_no_secret_no_connection_and_nothing_random() -> None:
    queries: list[dict[str, str]] = []
    attempts: list[str] = []
    with FakeCognito(redirect_uris=(f"{ORIGIN}/callback",)) as cognito:
        vault = Vault(**cognito.credentials)
        with FakeSecretsManager(vault) as manager, snapshot(cognito, manager) as taken:
            manager.containers_credentials = {
                "AccessKeyId": "AKIDCONTAINER",
                "SecretAccessKey": "made-up",
                "Token": "of the container",
                "Expiration": "2999-01-01T00:00:00Z",
            }
            assert (manager.requests, manager.authorizations) == ([], [])
            assert cognito.upstream_calls == 0
            for number in (1, 2, 3):
                with taken.restore() as browser:
                    login = browser.get("/login")
                    queries.append(login.query)
                    attempts += browser.named("attempt").values()
                    answer = browser.get(cognito.visit(login.location))
                    assert (answer.status, answer.location) == (303, "/")
                    assert "Test Visitor" in browser.get("/").body
                assert len(set(manager.connections)) == number
                assert cognito.calls("jwks") == number, "each restore fetches the keys"
                if number == 2:
                    vault.rotate_session_key()
    for name in ("state", "nonce", "code_challenge"):
        assert len({query[name] for query in queries}) == 3
    # The same key seals two; the first 18 bytes are its name and the seal's own nonce.
    assert attempts[0][:8] == attempts[1][:8]
    assert attempts[0][8:24] != attempts[1][8:24]
    assert attempts[1][:8] != attempts[2][:8], "sealed with the new key"


def restore_one_after_another() -> None:
    entry: Any = app.handler
    os.write(1, f"{SAID}ready\n".encode())
    while True:
        select.select([sys.stdin], [], [])
        environment = os.fork()
        if not environment:
            os._exit(serve(entry))
        if os.waitpid(environment, 0)[1]:
            return


def serve(entry: Any) -> int:
    """0 when another environment may follow, 1 at the end of the input."""
    with os.fdopen(os.dup(0)) as events:
        while line := events.readline():
            said = json.dumps(entry(json.loads(line), Context())) if line.strip() else "done"
            os.write(1, f"{SAID}{said}\n".encode())
            if said == "done":
                return 0
    return 1


if __name__ == "__main__":
    restore_one_after_another()
