"""`make run`: its output, its ports, and that nothing keeps running afterwards."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path

import pytest

from tests.http_visitor import HttpVisitor
from tests.ports import free_port, is_free
from tests.process_tree import family, is_running, listening
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

pytestmark = pytest.mark.skipif(
    not Path("/proc/net/tcp").exists(), reason="looks into Linux's /proc"
)


@pytest.fixture
def port() -> Iterator[int]:
    """The first of three free ones; the data that a stack keeps for it is deleted afterwards."""
    first = free_port()
    forget(first)
    yield first
    forget(first)


def nothing_is_left(members: set[int], port: int) -> bool:
    def is_gone() -> bool:
        return not any(map(is_running, members)) and all(map(is_free, range(port, port + 3)))

    return eventually(is_gone)


def test_it_says_what_it_does_and_where_everything_is(running: RunningStack) -> None:
    steps, _, banner = running.printed().partition("Foyer runs")
    assert steps.splitlines()[:2] == [
        "  Starting the local AWS …",
        "  Creating the user pool from template.yaml …",
    ]
    expected = {
        "App": running.app,
        "Managed login": running.login,
        "Inbox": f"{running.login}/inbox",
        "Users": f"{running.login}/users",
        "Demo user": f"{DEMO_USER}, password {DEMO_PASSWORD}",
    }
    for label, value in expected.items():
        assert re.search(rf"^ *{label} +{re.escape(value)}\b", banner, re.MULTILINE), label
    assert f".local/{running.port}." in banner
    assert not {"\033", "\r"} & set(running.printed())  # it is no terminal


def test_it_listens_on_loopback_only_and_refuses_names_that_were_made_to_point_here(
    running: RunningStack,
) -> None:
    places = listening(family(running.process.pid))
    numbers = {number for _, number in places}
    assert numbers > {running.port, running.port + 1, running.port + 2}  # the Runtime API's too
    assert {address for address, _ in places} <= {"127.0.0.1", "::1"}
    for address, number in places:
        connection = HTTPConnection(address, number, timeout=10)
        connection.request("GET", "/healthz", headers={"Host": f"elsewhere.example:{number}"})
        assert connection.getresponse().status in (403, 421), number
        connection.close()


def test_by_a_loopback_address_one_is_sent_to_localhost_and_signs_in_and_out(
    running: RunningStack,
) -> None:
    for address in ("127.0.0.1", "[::1]"):
        visitor = HttpVisitor(f"http://{address}:{running.port}")
        visitor.send("GET", "/login?return_to=/%2Fa?b=%20")
        assert visitor.answer.status_code == 307
        assert visitor.answer.headers["Location"] == f"{running.app}/login?return_to=/%2Fa?b=%20"
    visitor.sign_in(DEMO_USER, DEMO_PASSWORD)
    assert visitor.page.heading == "Demo Visitor"
    visitor.press("Sign out")
    assert visitor.answer.url == f"{running.app}/"
    assert "Create account" in visitor.page.links
    visitor.open("/callback?code=for-nobody&state=unknown")
    assert eventually(lambda: "GET  /callback  400" in running.printed())
    assert "for-nobody" not in running.printed()


# -- How it ends --------------------------------------------------------------------------------


def test_ctrl_c_ends_everything_and_keeps_the_data(port: int, tmp_path: Path) -> None:
    with running_stack(tmp_path / "first", port=port) as first:
        cognito = first.aws.client("cognito-idp")
        (pool,) = cognito.list_user_pools(MaxResults=60)["UserPools"]
        cognito.admin_create_user(UserPoolId=pool["Id"], Username="ada", MessageAction="SUPPRESS")
        members = family(first.process.pid)
        assert len(members) >= 3  # itself, the local AWS, the function
        assert first.press_ctrl_c() == 0
        assert nothing_is_left(members, port)
    assert "Traceback" not in first.printed()

    with running_stack(tmp_path / "second", port=port) as second:
        users = second.aws.client("cognito-idp").list_users(UserPoolId=pool["Id"])["Users"]
        assert {user["Username"] for user in users} == {"ada", DEMO_USER}
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
