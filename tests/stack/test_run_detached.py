"""`make run ARGS=--detach` and `make stop`, as the tests of an app use them."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from local.aws import LocalAws
from local.places import Places
from tests.ports import free_port
from tests.running_stack import ROOT, command, forget

pytestmark = pytest.mark.stack

ADA: dict[str, Any] = {
    "username": "ada",
    "password": "Correct-horse-1",
    "attributes": {"name": "Ada", "email": "ada@example.com"},
    "groups": ["admins"],
}


@dataclass(frozen=True)
class Detached:
    port: int
    facts: dict[str, Any]
    users: Path

    def start_again(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return run(command(self.port, "--detach", *arguments))


def run(arguments: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - our own command
        arguments, cwd=ROOT, capture_output=True, text=True, timeout=90, check=False
    )


def stop(port: int) -> str:
    return run([sys.executable, "-m", "local.detached", "--port", str(port)]).stdout


@pytest.fixture(scope="module")
def detached(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Detached]:
    port = free_port()
    users = tmp_path_factory.mktemp("seed") / "users.json"
    users.write_text(json.dumps([ADA]))
    started = run(command(port, "--detach", "--users", str(users)))
    try:
        assert started.returncode == 0, started.stderr
        yield Detached(port, json.loads(started.stdout), users)
    finally:
        stop(port)
        forget(port)


def test_it_says_where_things_are_once_they_are_there(detached: Detached) -> None:
    facts = detached.facts
    assert requests.get(f"{facts['app']}/healthz", timeout=10).text.strip() == "ok"
    assert requests.get(facts["inbox"], timeout=10).json() == []
    aws = LocalAws.read(Path(facts["aws_configuration"]))
    assert aws.endpoint == facts["aws"]
    pools = aws.client("cognito-idp").list_user_pools(MaxResults=10)["UserPools"]
    assert [pool["Id"] for pool in pools] == [facts["user_pool_id"]]
    assert "Foyer runs" in Path(facts["log"]).read_text()


def test_the_file_with_the_demo_users_password_is_its_owners_alone(detached: Detached) -> None:
    file = Places("127.0.0.1", detached.port).running
    assert json.loads(file.read_text()) == detached.facts
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_users_of_the_file_are_there_with_attributes_and_groups(detached: Detached) -> None:
    users = requests.get(detached.facts["users"], timeout=10).json()
    (ada,) = [user for user in users if user["username"] == "ada"]
    assert (ada["status"], ada["groups"]) == ("CONFIRMED", ["admins"])
    assert ada["attributes"]["name"] == "Ada"
    assert ada["attributes"]["email_verified"] == "true"


def test_a_second_one_on_the_same_port_says_why_it_does_not_start(detached: Detached) -> None:
    refused = detached.start_again()
    assert refused.returncode == 1
    assert "cannot be used" in refused.stderr
    assert requests.get(f"{detached.facts['app']}/healthz", timeout=10).ok
    assert Places("127.0.0.1", detached.port).running.exists()


def test_it_stops_and_the_file_puts_users_back(detached: Detached) -> None:
    """The last test of this file: it stops what the others use."""
    assert stop(detached.port) == f"Stopped the local stack on port {detached.port}.\n"
    with pytest.raises(requests.ConnectionError):
        requests.get(detached.facts["app"], timeout=10)
    assert stop(detached.port) == (
        f"Nothing runs on port {detached.port}. `make stop PORT=…` stops another.\n"
    )
    changed = {**ADA, "groups": ["staff"], "attributes": {"name": "Countess"}}
    detached.users.write_text(json.dumps([changed]))
    started = detached.start_again("--users", str(detached.users))
    assert started.returncode == 0, started.stderr
    users = requests.get(json.loads(started.stdout)["users"], timeout=10).json()
    (ada,) = [user for user in users if user["username"] == "ada"]
    assert (ada["attributes"]["name"], ada["groups"]) == ("Countess", ["staff"])
