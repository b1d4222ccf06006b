"""Every sample event through the real SAM CLI, in Lambda's container."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import boto3
import pytest
from botocore.config import Config

from local import sam
from local.aws import LocalAws
from local.mint import mint
from local.places import FUNCTION, ROOT, Places
from tests.ports import free_port
from tests.running_stack import DEMO_PASSWORD, DEMO_USER, RunningStack, running_stack
from tests.sam_cli import built
from tests.sample_events import (
    FOLDER,
    GUARD_NOBODY,
    GUARD_SIGNED_IN,
    MINTED,
    SAMPLES,
    sample,
)

pytestmark = [pytest.mark.docker, pytest.mark.sam]


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    built()
    with running_stack(tmp_path_factory.mktemp("start-api") / "printed", ["--sam"]) as running:
        yield running


@pytest.fixture(scope="module")
def invoke(stack: RunningStack) -> Iterator[Any]:
    """`sam local invoke` with the stack's --env-vars; start-lambda keeps one container for all."""
    port = free_port()
    variables = Places("127.0.0.1", stack.port).function_environment
    process = subprocess.Popen(  # noqa: S603 - our own command
        [sam.SAM, "local", "start-lambda", "--port", str(port), "--env-vars", variables],
        cwd=ROOT,
        env=sam.shell(stack.aws),
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_for(port)
        client = boto3.client(
            "lambda",
            endpoint_url=f"http://127.0.0.1:{port}",
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=Config(read_timeout=60, retries={"total_max_attempts": 1}),
        )

        def invoke(event: dict[str, Any], function: str = FUNCTION) -> Any:
            answer = client.invoke(FunctionName=function, Payload=json.dumps(event))
            return json.load(answer["Payload"])

        yield invoke
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=60)


def _wait_for(port: int, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while True:
        try:
            with closing(socket.create_connection(("127.0.0.1", port))):
                return
        except ConnectionRefusedError:
            assert time.monotonic() < deadline, "`sam local start-lambda` did not start"
            time.sleep(0.1)


@pytest.fixture(scope="module")
def minted(stack: RunningStack) -> dict[str, dict[str, Any]]:
    return mint(Places("127.0.0.1", stack.port), DEMO_USER, DEMO_PASSWORD)


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_event_has_its_outcome_in_the_container(invoke: Any, name: str) -> None:
    reply = invoke(sample(name))
    assert SAMPLES[name].fits(reply), reply


@pytest.mark.parametrize("name", MINTED)
def test_a_minted_event_has_its_outcome_in_the_container(
    invoke: Any, minted: dict[str, dict[str, Any]], name: str
) -> None:
    reply = invoke(minted[name])
    assert MINTED[name].fits(reply), reply


def test_the_guard_knows_the_demo_user_in_the_container(
    invoke: Any, minted: dict[str, dict[str, Any]]
) -> None:
    assert invoke(sample(GUARD_NOBODY), "GuardFunction") == {"isAuthorized": False}
    answer = invoke(minted[GUARD_SIGNED_IN], "GuardFunction")
    assert answer["isAuthorized"] is True
    assert answer["context"]["email"] == "demo@example.com"
    page = invoke(minted[GUARD_SIGNED_IN], "VisitorFunction")["context"]
    assert (page["signed_in"], page["username"]) == (True, "demo")


def test_a_minted_callback_is_good_once(invoke: Any, minted: dict[str, dict[str, Any]]) -> None:
    invoke(minted["callback"])
    assert invoke(minted["callback"])["statusCode"] == 400


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
