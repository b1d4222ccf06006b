"""`make start-api`, and the sample events, under the real SAM CLI in Lambda's container."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from local import sam
from local.aws import LocalAws
from local.mint import mint
from local.places import FUNCTION, ROOT, Places
from local.sam_functions import SamFunctions
from tests.http_visitor import HttpVisitor
from tests.ports import free_port, is_free
from tests.process_tree import family, is_running
from tests.running_stack import (
    DEMO_PASSWORD,
    DEMO_USER,
    RunningStack,
    built,
    built_with,
    eventually,
    running_stack,
)
from tests.sample_events import FOLDER, GUARD_NOBODY, GUARD_SIGNED_IN, MINTED, SAMPLES, sample
from tests.stack.test_run_detached import visit_the_notes

pytestmark = [pytest.mark.docker, pytest.mark.sam]

Invoke = Callable[..., Any]
Events = dict[str, dict[str, Any]]


def containers(stack: RunningStack) -> set[str]:
    """The ids of the containers that the SAM CLI reported."""
    return set(re.findall(r"SAM_CONTAINER_ID: ([0-9a-f]{64})", stack.printed()))


def existing_containers() -> set[str]:
    """The ids of all containers, running or not."""
    listed = subprocess.run(
        ["docker", "ps", "--all", "--quiet", "--no-trunc"],  # noqa: S607 - wherever it is
        capture_output=True,
        text=True,
        check=True,
    )
    return set(listed.stdout.split())


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    """With an app beside Foyer, so that `sam local start-lambda` runs the functions of both."""
    built_with("examples/notes")
    output = tmp_path_factory.mktemp("start-api") / "printed"
    with running_stack(output, ["--sam", "--app", "examples/notes"]) as running:
        yield running


@pytest.fixture(scope="module")
def invoke(stack: RunningStack) -> Invoke:
    """As `sam local invoke`, in containers that are kept."""
    (port,) = set(re.findall(r"Running on http://127\.0\.0\.1:(\d+)", stack.printed()))
    functions = SamFunctions(int(port))

    def invoke(event: dict[str, Any], function: str = FUNCTION) -> Any:
        payload = json.dumps(event).encode()
        return json.loads(asyncio.run(functions.invoke(function, payload, 60))[0])

    return invoke


@pytest.fixture(scope="module")
def minted(stack: RunningStack) -> Events:
    return mint(Places("127.0.0.1", stack.port), DEMO_USER, DEMO_PASSWORD)


@pytest.mark.parametrize("name", [*SAMPLES, *MINTED])
def test_an_event_has_its_outcome_in_the_container(
    invoke: Invoke, minted: Events, name: str
) -> None:
    reply = invoke(minted.get(name) or sample(name))
    assert (SAMPLES | MINTED)[name].fits(reply), reply


def test_the_guard_knows_the_demo_user_in_the_container(invoke: Invoke, minted: Events) -> None:
    assert invoke(sample(GUARD_NOBODY), "GuardFunction") == {"isAuthorized": False}
    answer = invoke(minted[GUARD_SIGNED_IN], "GuardFunction")
    assert answer["isAuthorized"] is True
    assert answer["context"]["email"] == "demo@example.com"
    page = invoke(minted[GUARD_SIGNED_IN], "VisitorFunction")["context"]
    assert (page["signed_in"], page["username"]) == (True, "demo")


def test_both_stacks_functions_run_and_ctrl_c_leaves_no_container_behind(
    stack: RunningStack,
) -> None:
    """The last test that uses this stack."""
    visit_the_notes(stack.app)
    assert containers(stack) <= existing_containers()
    assert stack.press_ctrl_c() == 0
    assert containers(stack).isdisjoint(existing_containers())
    assert "Traceback" not in stack.printed()


def test_without_an_app_the_demo_user_signs_in_and_ctrl_c_leaves_nothing_behind(
    tmp_path: Path,
) -> None:
    built()
    with running_stack(tmp_path / "printed", ["--sam"]) as stack:
        visitor = HttpVisitor(stack.app)
        visitor.sign_in(DEMO_USER, DEMO_PASSWORD)
        assert visitor.page.heading == "Demo Visitor"
        assert "demo@example.com" in visitor.page.text
        members, made = family(stack.process.pid), containers(stack)
        assert len(made) == 1  # warm: every request met the same one
        assert stack.press_ctrl_c() == 0
    assert made.isdisjoint(existing_containers())
    assert eventually(lambda: not any(map(is_running, members)))
    assert all(map(is_free, range(stack.port, stack.port + 3)))


def test_the_home_event_needs_nothing_but_docker() -> None:
    built()
    done = subprocess.run(  # noqa: S603 - our own command
        [sam.SAM, "local", "invoke", FUNCTION, "--event", FOLDER / "home.json"],
        cwd=ROOT,
        env=sam.shell(LocalAws.new(free_port())),
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    reply = json.loads(done.stdout.splitlines()[0])
    assert SAMPLES["home"].fits(reply), reply
