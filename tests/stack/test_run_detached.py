"""`make run ARGS=--detach` and `make stop`, as the tests of an app use them.

With examples/notes, users of a file, and sessions in a table.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from local import detached
from local.aws import LocalAws
from local.places import Places
from tests.documents import blocks
from tests.http_visitor import HttpVisitor
from tests.ports import free_port
from tests.process_tree import family, named
from tests.running_stack import DEMO_PASSWORD, DEMO_USER, ROOT, command, eventually, forget

ADA: dict[str, Any] = {
    "username": "ada",
    "password": "Correct-horse-1",
    "attributes": {"name": "Ada", "email": "ada@example.com"},
    "groups": ["admins"],
}
PARAMETERS = ("Sessions=table", "PassAccessToken=true", "AccessTokenScopes=notes-api/read")


@dataclass(frozen=True)
class Stack:
    places: Places
    users: Path
    app: Path

    def start(self) -> subprocess.CompletedProcess[str]:
        parameters = [word for given in PARAMETERS for word in ("--parameter", given)]
        options = ("--users", str(self.users), "--app", str(self.app), *parameters)
        return subprocess.run(  # noqa: S603 - our own command
            command(self.places.port, "--detach", *options),
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=90,
            check=False,
        )

    @property
    def facts(self) -> dict[str, Any]:
        return detached.read(self.places)

    def user(self, name: str) -> dict[str, Any]:
        users: list[dict[str, Any]] = requests.get(self.facts["users"], timeout=10).json()
        (found,) = [user for user in users if user["username"] == name]
        return found

    @property
    def aws(self) -> LocalAws:
        return LocalAws.read(Path(self.facts["aws_configuration"]))

    def table(self, is_for_sessions: bool) -> str:
        names = self.aws.client("dynamodb").list_tables()["TableNames"]
        (found,) = [name for name in names if ("SessionTable" in name) is is_for_sessions]
        return str(found)

    def signed_in(self) -> HttpVisitor:
        visitor = HttpVisitor(self.places.app)
        visitor.sign_in(DEMO_USER, DEMO_PASSWORD)
        assert status_of_me(visitor) == 200
        return visitor


def status_of_me(visitor: HttpVisitor) -> int:
    visitor.send("GET", "/me", {})
    return visitor.answer.status_code


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    folder = tmp_path_factory.mktemp("project")
    app = shutil.copytree(ROOT / "examples/notes", folder / "notes")
    stack = Stack(Places("127.0.0.1", free_port()), folder / "users.json", app)
    stack.users.write_text(json.dumps([ADA]))
    forget(stack.places.port)
    try:
        started = stack.start()
        assert started.returncode == 0, started.stderr
        assert json.loads(started.stdout) == stack.facts
        yield stack
    finally:
        detached.stop(stack.places)
        forget(stack.places.port)


def test_it_says_where_things_are_to_its_owner_alone(stack: Stack) -> None:
    facts = stack.facts
    assert requests.get(f"{facts['app']}/healthz", timeout=10).text.strip() == "ok"
    assert requests.get(facts["inbox"], timeout=10).json() == []
    assert stack.aws.endpoint == facts["aws"]
    pools = stack.aws.client("cognito-idp").list_user_pools(MaxResults=10)["UserPools"]
    assert [pool["Id"] for pool in pools] == [facts["user_pool_id"]]
    assert "Foyer runs" in Path(facts["log"]).read_text()
    # The demo user's password is in it.
    assert stat.S_IMODE(stack.places.running.stat().st_mode) == 0o600


def test_users_of_the_file_are_there_and_a_second_one_on_the_port_does_not_start(
    stack: Stack,
) -> None:
    ada = stack.user("ada")
    assert (ada["status"], ada["groups"]) == ("CONFIRMED", ["admins"])
    assert ada["attributes"]["name"] == "Ada"
    assert ada["attributes"]["email_verified"] == "true"
    refused = stack.start()
    assert refused.returncode == 1
    assert "cannot be used" in refused.stderr
    assert "cannot be used" not in stack.places.detached_log.read_text()  # the running one's
    assert stack.user("ada") == ada


def test_the_documented_commands_end_sessions_at_once(stack: Stack, tmp_path: Path) -> None:
    aws = tmp_path / "aws"
    aws.write_text(f'#!/bin/sh\nexec {sys.executable} -m tests.stack.aws_command "$@"\n')
    aws.chmod(0o700)
    of_a_user, of_everybody = [
        each for each in blocks("docs/operations.md", "sh") if "dynamodb delete-item" in each
    ]
    for commands in (of_a_user, of_everybody):
        visitor, other = stack.signed_in(), stack.signed_in()
        environment = {
            "PATH": f"{tmp_path}:{os.environ['PATH']}",
            "AWS_ENDPOINT_URL": stack.aws.endpoint,
            "AWS_DEFAULT_REGION": "us-east-1",
            "SUB": visitor.answer.json()["sub"],
            "TABLE": stack.table(True),  # on AWS, an output of the stack; only exports are here
            **stack.aws.credentials(),
        }
        script = f"set -eu -o pipefail\n{commands}"
        subprocess.run(["bash", "-c", script], cwd=ROOT, env=environment, check=True)  # noqa: S603, S607
        assert [status_of_me(each) for each in (visitor, other)] == [401, 401]


def visit_the_notes(app: str) -> None:
    """Of examples/notes, whose API asks Foyer's guard."""
    visitor, api = HttpVisitor(app), f"{app}/notes/api/notes"
    visitor.send("GET", api)
    assert (visitor.answer.status_code, visitor.answer.json()) == (403, {"message": "Forbidden"})
    visitor.open("/notes?tab=2")
    visitor.press("Sign in", username=DEMO_USER, password=DEMO_PASSWORD)
    assert visitor.answer.url == f"{app}/notes?tab=2"
    assert "Demo Visitor" in visitor.answer.text
    own, cross = {"Sec-Fetch-Site": "same-origin"}, {"Sec-Fetch-Site": "cross-site"}
    for method, headers, status in (("POST", own, 400), ("POST", cross, 403), ("GET", cross, 200)):
        visitor.send(method, api, headers)
        assert visitor.answer.status_code == status, (method, headers)
    assert visitor.answer.json().keys() == {"notes", "announcements"}
    visitor.open("/logout")
    visitor.press("Sign out")
    visitor.send("GET", api)
    assert visitor.answer.status_code == 403


def test_foyers_guard_lets_only_signed_in_visitors_reach_another_stacks_api(stack: Stack) -> None:
    visit_the_notes(stack.places.app)


def test_an_app_calls_another_api_with_the_users_access_token(stack: Stack) -> None:
    """examples/notes, as docs/calling-apis.md describes it."""
    visitor = stack.signed_in()
    sub = visitor.answer.json()["sub"]
    for owner, number in ((sub, "1"), (sub, "2"), ("somebody-else", "1")):
        item = {"sub": {"S": owner}, "id": {"S": number}, "text": {"S": "a note"}}
        stack.aws.client("dynamodb").put_item(TableName=stack.table(False), Item=item)
    visitor.send("GET", "/notes/api/count", {})
    assert visitor.answer.json() == {"count": 2}
    visitor.send("GET", "/notes/other/count", {})  # with the cookie, but without a token
    assert visitor.answer.status_code == 401


def test_it_stops_and_the_file_puts_users_back(stack: Stack) -> None:
    port = stack.places.port
    assert detached.stop(stack.places) == f"Stopped the local stack on port {port}."
    with pytest.raises(requests.ConnectionError):
        requests.get(stack.places.app, timeout=10)
    assert detached.stop(stack.places) == (
        f"Nothing runs on port {port}. `make stop PORT=…` stops another."
    )
    changed = {**ADA, "groups": ["staff"], "attributes": {"name": "Countess"}}
    stack.users.write_text(json.dumps([changed]))
    assert stack.start().returncode == 0
    ada = stack.user("ada")
    assert (ada["attributes"]["name"], ada["groups"]) == ("Countess", ["staff"])


def test_a_changed_template_is_deployed_and_served_until_it_ends_with_its_aws(stack: Stack) -> None:
    """The last test of this file."""
    template, log = stack.app / "template.yaml", Path(stack.facts["log"])
    template.write_text(template.read_text().replace("/api/count", "/api/number"))

    def is_guarded() -> bool:
        return requests.get(f"{stack.places.app}/notes/api/number", timeout=10).status_code == 403

    assert eventually(is_guarded, 20)
    template.write_text("Resources: [")
    assert eventually(lambda: "is not valid YAML" in log.read_text(), 20)
    assert is_guarded()
    os.kill(named(family(stack.facts["pid"]), "ministack_process"), signal.SIGKILL)
    assert eventually(lambda: not stack.places.running.exists(), 30)
    stopped = r"Foyer stopped: the local AWS ended unexpectedly; \S+ministack\.log says why\."
    assert eventually(lambda: re.fullmatch(stopped, log.read_text().splitlines()[-1]))
