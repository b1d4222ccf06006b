"""`make run`: its output, its ports, and that nothing keeps running afterwards."""

from __future__ import annotations

import os
import pty
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPConnection
from pathlib import Path

import pytest

from tests.http_visitor import HttpVisitor
from tests.ports import free_port, is_free
from tests.process_tree import family, is_running, listening, named
from tests.running_stack import (
    DEMO_PASSWORD,
    DEMO_USER,
    ROOT,
    RunningStack,
    command,
    eventually,
    forget,
    running_stack,
)

pytestmark = [
    pytest.mark.stack,
    pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="looks into Linux's /proc"),
]


@pytest.fixture
def stack(running: RunningStack) -> RunningStack:
    return running


@pytest.fixture
def port() -> Iterator[int]:
    """The first of three free ones; the data that a stack keeps for it is deleted afterwards."""
    first = free_port()
    forget(first)
    yield first
    forget(first)


def pool_users(stack: RunningStack) -> set[str]:
    cognito = stack.aws.client("cognito-idp")
    (pool,) = cognito.list_user_pools(MaxResults=60)["UserPools"]
    return {user["Username"] for user in cognito.list_users(UserPoolId=pool["Id"])["Users"]}


def add_user(stack: RunningStack, username: str) -> None:
    cognito = stack.aws.client("cognito-idp")
    (pool,) = cognito.list_user_pools(MaxResults=60)["UserPools"]
    cognito.admin_create_user(UserPoolId=pool["Id"], Username=username, MessageAction="SUPPRESS")


def nothing_is_left(members: set[int], port: int) -> bool:
    def is_gone() -> bool:
        return not any(map(is_running, members)) and all(map(is_free, range(port, port + 3)))

    return eventually(is_gone)


def complaint(port: int, *arguments: str) -> str:
    """What a stack says that cannot start; one line on standard error, exit code 1."""
    ended = subprocess.run(  # noqa: S603 - our own command
        command(port, *arguments), cwd=ROOT, capture_output=True, text=True, check=False, timeout=60
    )
    assert ended.returncode == 1
    (line,) = ended.stderr.splitlines()
    assert line.startswith("Foyer stopped: ")
    assert line.endswith(".")
    return line


# -- What it says -------------------------------------------------------------------------------


def test_the_banner_says_where_everything_is(stack: RunningStack) -> None:
    banner = stack.printed().partition("Foyer runs")[2]
    expected = {
        "App": stack.app,
        "Managed login": stack.login,
        "Inbox": f"{stack.login}/inbox",
        "Users": f"{stack.login}/users",
        "Demo user": f"{DEMO_USER}, password {DEMO_PASSWORD}",
    }
    for label, value in expected.items():
        assert re.search(rf"^ *{label} +{re.escape(value)}\b", banner, re.MULTILINE), label
    assert f".local/{stack.port}." in banner


def test_away_from_a_terminal_each_step_is_a_plain_line(stack: RunningStack) -> None:
    before = stack.printed().partition("Foyer runs")[0]
    assert before.splitlines()[:2] == [
        "  Starting the local AWS …",
        "  Creating the user pool from template.yaml …",
    ]
    assert "\033" not in stack.printed()
    assert "\r" not in stack.printed()


def test_the_demo_user_signs_in_and_out(stack: RunningStack) -> None:
    visitor = HttpVisitor(stack.app)
    visitor.sign_in(DEMO_USER, DEMO_PASSWORD)
    assert visitor.page.heading == "Demo Visitor"
    visitor.press("Sign out")
    assert visitor.answer.url == f"{stack.app}/"
    assert visitor.page.has_link("Create account")


def test_requests_show_in_the_terminal_without_their_query(stack: RunningStack) -> None:
    visitor = HttpVisitor(stack.app)
    visitor.open("/callback?code=for-nobody&state=unknown")
    assert eventually(lambda: "GET  /callback  400" in stack.printed())
    assert "for-nobody" not in stack.printed()


# -- Where it listens ---------------------------------------------------------------------------


def test_everything_listens_on_loopback_only(stack: RunningStack) -> None:
    places = listening(family(stack.process.pid))
    assert {stack.port, stack.port + 1, stack.port + 2} <= {number for _, number in places}
    assert [place for place in places if not place[0].is_loopback] == []


def test_every_port_refuses_a_name_that_was_made_to_point_here(stack: RunningStack) -> None:
    places = listening(family(stack.process.pid))
    assert len({number for _, number in places}) >= 4  # the Runtime API's too
    for address, number in places:
        connection = HTTPConnection(str(address), number, timeout=10)
        connection.request("GET", "/healthz", headers={"Host": f"elsewhere.example:{number}"})
        assert connection.getresponse().status in (403, 421), number
        connection.close()


@pytest.mark.parametrize("address", ["127.0.0.1", "[::1]"])
def test_by_a_loopback_address_one_is_sent_to_localhost(stack: RunningStack, address: str) -> None:
    visitor = HttpVisitor(f"http://{address}:{stack.port}")
    visitor.open("/login?return_to=/%2Fa?b=%20", follow=False)
    assert visitor.answer.status_code == 307
    assert visitor.answer.headers["Location"] == f"{stack.app}/login?return_to=/%2Fa?b=%20"
    visitor.sign_in(DEMO_USER, DEMO_PASSWORD)
    assert visitor.page.heading == "Demo Visitor"


@pytest.mark.parametrize("offset", [0, 2])
def test_a_port_in_use_is_reported_in_one_sentence(port: int, offset: int) -> None:
    with socket.create_server(("127.0.0.1", port + offset)):
        said = complaint(port)
    assert f"port {port + offset} on 127.0.0.1 cannot be used (address already in use)" in said
    assert "make run PORT=" in said


# -- When things go wrong -----------------------------------------------------------------------


def test_a_stack_beside_another_ends_by_itself_when_its_aws_is_killed(
    stack: RunningStack, tmp_path: Path
) -> None:
    with running_stack(tmp_path / "output") as second:
        assert {second.port + n for n in range(3)}.isdisjoint({stack.port + n for n in range(3)})
        members = family(second.process.pid)
        os.kill(named(members, "ministack_process"), signal.SIGKILL)
        assert second.process.wait(timeout=30) == 1
        last = second.printed().splitlines()[-1]
        assert re.fullmatch(
            r"Foyer stopped: the local AWS ended unexpectedly; \S+ministack\.log says why\.", last
        ), second.printed()
        assert nothing_is_left(members, second.port)
    HttpVisitor(stack.app).open("/healthz")


def test_a_frozen_aws_is_a_calm_page_and_sign_in_works_when_it_thaws(stack: RunningStack) -> None:
    visitor = HttpVisitor(stack.app)
    visitor.sign_in(DEMO_USER, DEMO_PASSWORD, follow=False)
    callback = visitor.answer.headers["Location"]
    aws = named(family(stack.process.pid), "ministack_process")
    os.kill(aws, signal.SIGSTOP)
    try:
        visitor.open(callback)
        assert visitor.answer.status_code == 504
        assert visitor.page.heading == "Sign-in took too long"
    finally:
        os.kill(aws, signal.SIGCONT)
    visitor.open(visitor.page.link("Start again"))
    assert visitor.page.heading == "Demo Visitor"


# -- How it ends --------------------------------------------------------------------------------


def test_ctrl_c_ends_everything_and_keeps_the_data(port: int, tmp_path: Path) -> None:
    with on_a_terminal(port, tmp_path / "first") as (first, terminal):
        add_user(first, "ada")
        members = family(first.process.pid)
        assert len(members) >= 3  # itself, the local AWS, the function
        os.write(terminal, b"\x03")
        assert first.process.wait(timeout=30) == 0
        assert nothing_is_left(members, port)
    shown = first.printed()
    assert re.search(r"\r\033\[K  Starting the local AWS …  \d+\.\d s", shown)
    assert "Traceback" not in shown

    with running_stack(tmp_path / "second", port=port) as second:
        assert pool_users(second) == {"ada", DEMO_USER}
        visitor = HttpVisitor(second.app)
        visitor.sign_in(DEMO_USER, DEMO_PASSWORD)
        assert visitor.page.heading == "Demo Visitor"
        members = family(second.process.pid)
        second.process.kill()
        second.process.wait()
        assert nothing_is_left(members, port)


def test_ctrl_c_while_it_starts_leaves_nothing_either(port: int, tmp_path: Path) -> None:
    output = tmp_path / "output"
    with output.open("wb") as printed:
        process = subprocess.Popen(  # noqa: S603 - our own command
            command(port), cwd=ROOT, stdout=printed, stderr=printed, start_new_session=True
        )
    starting = RunningStack(port, process, output)
    assert eventually(lambda: "Creating the user pool" in starting.printed())
    members = family(process.pid)
    assert starting.press_ctrl_c() == 0
    assert nothing_is_left(members, port)
    assert "Traceback" not in starting.printed()


# Makes its standard input the controlling terminal, like a shell, and executes the command.
_ON_ITS_TERMINAL = """
import fcntl, os, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.argv[1], sys.argv[1:])
"""


@contextmanager
def on_a_terminal(port: int, output: Path) -> Iterator[tuple[RunningStack, int]]:
    """The stack on its own pseudo-terminal; what is written to it is typed."""
    terminal, inside = pty.openpty()
    process = subprocess.Popen(  # noqa: S603 - our own command
        [sys.executable, "-c", _ON_ITS_TERMINAL, *command(port)],
        cwd=ROOT,
        stdin=inside,
        stdout=inside,
        stderr=inside,
        start_new_session=True,
    )
    os.close(inside)
    output.touch()
    screen = threading.Thread(target=_copy, args=(terminal, output))
    screen.start()
    stack = RunningStack(port, process, output)
    try:
        stack.wait_for_banner()
        yield stack, terminal
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        screen.join()
        os.close(terminal)


def _copy(terminal: int, output: Path) -> None:
    """What the terminal shows, until the last program on it has ended (EIO on Linux)."""
    with output.open("wb", buffering=0) as file, suppress(OSError):
        while shown := os.read(terminal, 4096):
            file.write(shown)
