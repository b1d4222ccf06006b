"""`make run` with sessions in a table: the documented commands that end them, and access tokens."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.documents import read, section
from tests.http_visitor import HttpVisitor
from tests.running_stack import DEMO_PASSWORD, DEMO_USER, ROOT, RunningStack, running_stack

pytestmark = pytest.mark.stack


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    given = ("Sessions=table", "PassAccessToken=true", "AccessTokenScopes=notes-api/read")
    parameters = (word for each in given for word in ("--parameter", each))
    arguments = ("--app", "examples/notes", *parameters)
    with running_stack(tmp_path_factory.mktemp("table") / "output", arguments) as running:
        yield running


def signed_in(stack: RunningStack) -> HttpVisitor:
    visitor = HttpVisitor(stack.app)
    visitor.sign_in(DEMO_USER, DEMO_PASSWORD)
    assert status_of_me(stack, visitor) == 200
    return visitor


def copy_of(stack: RunningStack, visitor: HttpVisitor) -> HttpVisitor:
    copy = HttpVisitor(stack.app)
    copy.cookies.update(visitor.cookies)
    return copy


def status_of_me(stack: RunningStack, visitor: HttpVisitor) -> int:
    visitor.open(f"{stack.app}/me")
    return visitor.answer.status_code


def test_a_sign_out_ends_copies_of_the_cookie_at_once(stack: RunningStack) -> None:
    visitor = signed_in(stack)
    copy = copy_of(stack, visitor)
    assert status_of_me(stack, copy) == 200
    visitor.open(f"{stack.app}/logout")
    visitor.press("Sign out")
    assert status_of_me(stack, copy) == 401


@pytest.mark.parametrize("block", [1, 2])
def test_the_documented_commands_end_sessions_at_once(
    stack: RunningStack, tmp_path: Path, block: int
) -> None:
    visitor, other = signed_in(stack), signed_in(stack)
    tables = stack.aws.client("dynamodb").list_tables()["TableNames"]
    (table,) = (each for each in tables if "SessionTable" in each)
    sub = visitor.answer.json()["sub"]
    blocks = re.findall(
        r"^```sh\n(.*?)^```$", section(read("docs/operations.md"), "End sessions"), re.S | re.M
    )
    command = tmp_path / "aws"
    command.write_text(f'#!/bin/sh\nexec {sys.executable} -m tests.stack.aws_command "$@"\n')
    command.chmod(0o700)
    environment = {
        "PATH": f"{tmp_path}:{os.environ['PATH']}",
        "AWS_ENDPOINT_URL": stack.aws.endpoint,
        "AWS_DEFAULT_REGION": "us-east-1",
        "SUB": sub,
        "TABLE": table,  # on AWS, an output of the stack; only exports are outputs here
        **stack.aws.credentials(),
    }
    script = f"set -eu -o pipefail\n{blocks[block]}"
    subprocess.run(["bash", "-c", script], cwd=ROOT, env=environment, check=True)  # noqa: S603, S607
    assert [status_of_me(stack, each) for each in (visitor, other)] == [401, 401]


def test_an_app_calls_another_api_with_the_users_access_token(stack: RunningStack) -> None:
    """examples/notes, as docs/calling-apis.md describes it."""
    visitor = signed_in(stack)
    sub = visitor.answer.json()["sub"]
    notes = stack.aws.client("dynamodb")
    (table,) = (each for each in notes.list_tables()["TableNames"] if "SessionTable" not in each)
    for owner, id_ in ((sub, "1"), (sub, "2"), ("somebody-else", "1")):
        item = {"sub": {"S": owner}, "id": {"S": id_}, "text": {"S": "a note"}}
        notes.put_item(TableName=table, Item=item)
    visitor.open(f"{stack.app}/notes/api/count")
    assert visitor.answer.json() == {"count": 2}
    visitor.open(f"{stack.app}/notes/other/count")  # with the cookie, but without a token
    assert visitor.answer.status_code == 401
