"""The gateway and its children as processes: they start, stop, and leave nothing running."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from local import gateway_alone
from tests.process_tree import is_running
from tests.running_stack import eventually
from tests.stack.gateway_project import GatewayProject, RunningGateway

pytestmark = pytest.mark.stack


def test_a_changed_file_means_a_new_child_and_one_line_in_the_terminal(
    project: GatewayProject,
) -> None:
    project.write("return os.getpid()")
    with project.serve() as gateway:
        first = gateway.ask().json()
        assert gateway.ask().json() == first
        (project.folder / "code/page.html").write_text("new")
        second = gateway.ask().json()
        assert second != first
        assert eventually(lambda: not is_running(first))
        assert gateway.ask().json() == second
        assert gateway.shown.count("Web: source changed, starting again") == 1


def test_requests_at_once_run_in_a_child_each(project: GatewayProject) -> None:
    project.write(
        """
        (FOLDER / f'here-{os.getpid()}').touch()
        while len(list(FOLDER.glob('here-*'))) < 4:
            time.sleep(0.01)
        return os.getpid()
        """
    )
    with project.serve() as gateway, ThreadPoolExecutor(12) as pool:
        pids = [answer.json() for answer in pool.map(lambda _: gateway.ask(), range(12))]
    assert len(pids) == 12
    assert len(set(pids)) == 4


def test_the_developers_own_aws_account_is_out_of_reach_unless_that_is_meant(
    project: GatewayProject, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    credentials = tmp_path / ".aws/credentials"
    credentials.parent.mkdir()
    credentials.write_text("[default]\naws_access_key_id = own\naws_secret_access_key = own\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_PROFILE", "own")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "own")
    project.write(
        "import boto3\nreturn [boto3.Session().get_credentials() is None, dict(os.environ)]"
    )
    with project.serve() as gateway:
        no_credentials, seen = gateway.ask().json()
    assert no_credentials
    assert "own" not in seen.values()
    # HOME does not decide: without it, boto3 finds the home folder in the user database.
    assert {seen["AWS_CONFIG_FILE"], seen["AWS_SHARED_CREDENTIALS_FILE"]} == {os.devnull}

    project.write("return dict(os.environ)")
    with project.serve(inherit=True) as gateway:
        seen = gateway.ask().json()
    assert seen["AWS_PROFILE"] == "own"
    assert "AWS_CONFIG_FILE" not in seen


# -- By itself ----------------------------------------------------------------------------------


@contextlib.contextmanager
def alone(
    project: GatewayProject, *options: str
) -> Iterator[tuple[subprocess.Popen[str], RunningGateway]]:
    """The process, and where it listens; it is killed in the end if it still runs."""
    of_ours = ["--template", str(project.template), "--port", "0", *options]
    with subprocess.Popen(  # noqa: S603 - our own command
        [sys.executable, "-m", "local.gateway", *of_ours],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        assert process.stdout is not None
        try:
            address = process.stdout.readline().partition("http://127.0.0.1:")[2].split()[0]
            yield process, RunningGateway(int(address), io.StringIO())
        finally:
            process.kill()


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGKILL])
def test_it_logs_every_line_raw_until_it_is_told_to_stop_and_leaves_no_process_behind(
    project: GatewayProject, ending: signal.Signals
) -> None:
    # A killed gateway cannot end what its children started.
    sleeping = "subprocess.Popen(['sleep', '60'], stdout=subprocess.DEVNULL).pid"
    its_own = "" if ending is signal.SIGKILL else f", {sleeping}"
    record = {"level": "DEBUG", "message": "raw"}
    project.write(f"print(json.dumps({record}))\nreturn [os.getpid(){its_own}]")
    log = project.folder / "gateway.log"
    with alone(project, "--log-format", "json", "--log-file", str(log)) as (process, gateway):
        pids = gateway.ask().json()
        assert all(map(is_running, pids))
        process.send_signal(ending)
        rest, _ = process.communicate(timeout=20)
    assert eventually(lambda: not any(map(is_running, pids)))
    records = [json.loads(line) for line in log.read_text().splitlines()]
    assert record in records
    assert records[1:] == [json.loads(line) for line in rest.splitlines()]


def test_ctrl_c_does_not_wait_for_a_function_that_hangs(project: GatewayProject) -> None:
    project.write("(FOLDER / 'pid').write_text(str(os.getpid()))\ntime.sleep(600)")
    marker = project.folder / "pid"
    with alone(project) as (process, gateway), ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(gateway.ask)
        assert eventually(lambda: marker.exists() and marker.read_text() != "")
        process.send_signal(signal.SIGINT)
        rest, _ = process.communicate(timeout=20)
        assert waiting.result().status_code == 503
    assert "Traceback" not in rest
    assert eventually(lambda: not is_running(int(marker.read_text())))


def test_what_stops_it_from_starting_is_reported_in_one_sentence(project: GatewayProject) -> None:
    template = ["--template", str(project.template)]
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        in_use = f"port {port} on 127.0.0.1 cannot be used (address already in use)"
        with pytest.raises(SystemExit, match=re.escape(in_use)):
            gateway_alone.main([*template, "--port", str(port)])
    project.template.unlink()
    missing = (
        f"Gateway stopped: the template {project.template} cannot be read "
        "(no such file or directory); correct its path."
    )
    with pytest.raises(SystemExit, match=re.escape(missing)):
        gateway_alone.main(template)
