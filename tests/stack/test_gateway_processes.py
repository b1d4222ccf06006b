"""The gateway and its children as processes: they start, stop, and leave nothing running."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.process_tree import is_running
from tests.running_stack import eventually
from tests.stack.gateway_project import GatewayProject, alone, command

pytestmark = pytest.mark.stack


# -- Children -----------------------------------------------------------------------------------


def test_a_changed_file_means_a_new_child_and_one_line_in_the_terminal(
    project: GatewayProject,
) -> None:
    project.write("return os.getpid()")
    with project.serve() as gateway:
        first = gateway.ask().json
        assert gateway.ask().json == first
        (project.folder / "code/page.html").write_text("new")
        second = gateway.ask().json
        assert second != first
        assert eventually(lambda: not is_running(first))
        assert gateway.ask().json == second
        assert gateway.terminal.getvalue().count("Web: source changed, starting again") == 1


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
        pids = [answer.json for answer in pool.map(lambda _: gateway.ask(), range(12))]
    assert len(pids) == 12
    assert len(set(pids)) == 4


def test_stopping_does_not_wait_for_a_function_that_hangs(project: GatewayProject) -> None:
    project.write("(FOLDER / 'pid').write_text(str(os.getpid()))\ntime.sleep(600)")
    marker = project.folder / "pid"
    with alone(project) as (process, gateway), ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(gateway.ask)
        assert eventually(lambda: marker.exists() and marker.read_text() != "")
        process.send_signal(signal.SIGINT)
        rest, _ = process.communicate(timeout=20)
        assert waiting.result().status == 503
    assert "Traceback" not in rest
    assert eventually(lambda: not is_running(int(marker.read_text())))


def test_the_function_has_the_templates_variables_under_the_callers(
    project: GatewayProject,
) -> None:
    project.write("return dict(os.environ)")
    with project.serve({"OVERLAID": "caller", "MORE": "caller"}) as gateway:
        seen = gateway.ask().json
    assert seen["FROM_TEMPLATE"] == "template"
    assert seen["OVERLAID"] == seen["MORE"] == "caller"
    assert (seen["AWS_REGION"], seen["TZ"]) == ("us-east-1", ":UTC")
    assert seen["AWS_LAMBDA_FUNCTION_NAME"] == "Web"


def test_the_developers_own_aws_account_is_out_of_reach(
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
        no_credentials, seen = gateway.ask().json
    assert no_credentials
    assert "own" not in seen.values()
    # HOME does not decide: without it, boto3 finds the home folder in the user database.
    assert {seen["AWS_CONFIG_FILE"], seen["AWS_SHARED_CREDENTIALS_FILE"]} == {os.devnull}


def test_the_process_environment_is_inherited_where_that_is_meant(
    project: GatewayProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "own")
    project.write("return dict(os.environ)")
    with project.serve(inherit=True) as gateway:
        seen = gateway.ask().json
    assert seen["AWS_PROFILE"] == "own"
    assert "AWS_CONFIG_FILE" not in seen


# -- By itself ----------------------------------------------------------------------------------


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_it_runs_alone_until_it_is_told_to_stop_and_leaves_no_process_behind(
    project: GatewayProject, ending: signal.Signals
) -> None:
    # A killed gateway cannot end what its children started.
    sleeping = "subprocess.Popen(['sleep', '60'], stdout=subprocess.DEVNULL).pid"
    its_own = "" if ending is signal.SIGKILL else f", {sleeping}"
    project.write(f"return [os.getpid(){its_own}]")
    with alone(project) as (process, gateway):
        pids = gateway.ask().json
        assert all(map(is_running, pids))
        process.send_signal(ending)
        rest, _ = process.communicate(timeout=20)
    assert "Traceback" not in rest
    assert eventually(lambda: not any(map(is_running, pids)))


def test_json_and_the_log_file_hold_every_line_raw(project: GatewayProject) -> None:
    project.write("print(json.dumps({'level': 'DEBUG', 'message': 'raw'}))\nreturn 1")
    log = project.folder / "gateway.log"
    with alone(project, "--log-format", "json", "--log-file", str(log)) as (process, gateway):
        gateway.ask()
        process.send_signal(signal.SIGINT)
        rest, _ = process.communicate(timeout=20)
    records = [json.loads(line) for line in log.read_text().splitlines()]
    assert {"level": "DEBUG", "message": "raw"} in records
    assert records[1:] == [json.loads(line) for line in rest.splitlines()]


def _complaint(project: GatewayProject, *options: str) -> str:
    ended = subprocess.run(  # noqa: S603 - our own command
        command(project, *options), capture_output=True, text=True, check=False
    )
    assert (ended.returncode, ended.stdout) == (1, "")
    return ended.stderr


def test_a_port_in_use_is_reported_in_one_sentence(project: GatewayProject) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = _complaint(project, "--port", str(port))
    assert f"port {port} on 127.0.0.1 cannot be used (address already in use)" in said


def test_a_missing_template_is_reported_in_one_sentence(project: GatewayProject) -> None:
    project.template.unlink()
    said = _complaint(project)
    assert said == (
        f"Gateway stopped: the template {project.template} cannot be read "
        "(no such file or directory); correct its path.\n"
    )
