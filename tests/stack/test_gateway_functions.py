"""Functions as processes behind the gateway: their kinds, their environment, and how they end."""

from __future__ import annotations

import contextlib
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from local import runtimes
from local.places import BREAKPOINTS, ROOT
from tests.process_tree import is_running
from tests.running_stack import eventually
from tests.stack.gateway_project import GatewayProject, RunningGateway


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


# -- Runtimes -----------------------------------------------------------------------------------

_FUNCTION = """
  {name}:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: {name}
      Handler: {handler}
      Runtime: {runtime}
      Events: {{Any: {{Type: HttpApi, Properties: {{Method: ANY, Path: "/{name}/{{proxy+}}"}}}}}}
"""


def add_function(
    project: GatewayProject, name: str, runtime: str, handler: str = "index.handler"
) -> Path:
    """A function behind ``ANY /name/{proxy+}``; returns the folder for its code."""
    project.add(_FUNCTION.format(name=name, handler=handler, runtime=runtime))
    (project.folder / name).mkdir()
    return project.folder / name


def wheel(folder: Path, name: str, source: str) -> Path:
    """A package of one module, as an installer takes it."""
    made, info = folder / f"{name}-1.0-py3-none-any.whl", f"{name}-1.0.dist-info"
    about = "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr(f"{name}.py", source)
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        archive.writestr(f"{info}/WHEEL", about)
        archive.writestr(f"{info}/RECORD", "")
    return made


def test_a_python_function_has_its_own_requirements_as_soon_as_they_can_be_installed(
    project: GatewayProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runtimes, "ENVIRONMENTS", project.folder / "environments")
    code = add_function(project, "own", "python3.13")
    package = wheel(project.folder, "only_here", "VALUE = 'installed'")
    (code / "requirements.txt").write_text("/no/such/package.whl\n")
    (code / "index.py").write_text(
        "import importlib.util, boto3, only_here\n"
        "def handler(event, context):\n"
        "    return [only_here.VALUE, importlib.util.find_spec('starlette') is None]\n"
    )
    with project.serve() as gateway:
        answer = gateway.ask("GET", "/own/x")
        assert answer.status_code == 500
        said = "own: its requirements.txt could not be installed ("
        assert answer.json()["message"].startswith(said)
        assert gateway.ask().status_code == 200  # the function without requirements
        (code / "requirements.txt").write_text(f"{package}\n")
        assert gateway.ask("GET", "/own/x").json() == ["installed", True]


_NODE = """
export const handler = async (event, context) => {
  if (event.pathParameters.proxy === "raise") throw new TypeError("what went wrong");
  return {
    statusCode: 201,
    body: JSON.stringify({ event, name: context.functionName, env: process.env }),
  };
};
"""
_OLDER_NODE = """
exports.nested = { handler: (event, context, callback) => {
  setTimeout(() => callback(null, "called back"), 10) } };
"""


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
def test_node_functions_answer_and_their_errors_are_shown(project: GatewayProject) -> None:
    code = add_function(project, "node", "nodejs22.x")
    (code / "index.mjs").write_text(_NODE)
    older = add_function(project, "older", "nodejs22.x", "src/index.nested.handler")
    (older / "src").mkdir()
    (older / "src/index.js").write_text(_OLDER_NODE)
    with project.serve({"SECRET": "given"}) as gateway:
        answer = gateway.ask("POST", "/node/a/b", body=b"{}")
        assert answer.status_code == 201
        assert answer.json()["event"]["pathParameters"] == {"proxy": "a/b"}
        assert (answer.json()["name"], answer.json()["env"]["SECRET"]) == ("node", "given")
        answer = gateway.ask("GET", "/node/raise")
        assert (answer.status_code, answer.json()) == (500, {"message": "Internal Server Error"})
        assert "TypeError: what went wrong" in gateway.shown
        assert "index.mjs:3" in gateway.shown
        (code / "index.mjs").write_text("export const handler = async () => 'changed';")
        assert gateway.ask("GET", "/node/a").content == b"changed"
        assert gateway.ask("GET", "/older/x").content == b"called back"


def test_what_cannot_run_says_so_and_the_rest_works(
    project: GatewayProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_function(project, "node", "nodejs22.x")
    add_function(project, "java", "java21")
    monkeypatch.setenv("PATH", str(project.folder))
    with project.serve() as gateway:
        for name, sentence in (
            ("node", "node runs under nodejs22.x, and node is not installed here; install Node"),
            ("java", "java runs under java21, which `make run` does not run; `make start-api`"),
        ):
            answer = gateway.ask("GET", f"/{name}/x")
            assert answer.status_code == 500
            assert answer.json()["message"].startswith(sentence)
            assert sentence in gateway.shown
        assert gateway.ask().status_code == 200


def test_a_breakpoint_waits_for_the_debugger_and_no_timeout_counts(project: GatewayProject) -> None:
    project.set_timeout(1)
    stops = "if event.get('queryStringParameters'): breakpoint()"
    project.write(f"wanted = 1\n{stops}\nreturn wanted")
    with project.serve(integration_timeout=1) as gateway, ThreadPoolExecutor(1) as pool:
        assert eventually(lambda: gateway.ask().status_code == 200)  # it has started
        waiting = pool.submit(gateway.ask, "GET", "/page?stop")
        assert eventually(lambda: "`make attach`" in gateway.shown)
        with pytest.raises(TimeoutError):
            waiting.result(1.2)  # longer than the function's Timeout, and the gateway's
        attached = subprocess.run(
            [sys.executable, "-m", "local.attach"],
            cwd=ROOT,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
            input="p wanted + 41\n!wanted = 2\nc\n",
            capture_output=True,
            text=True,
            timeout=20,
            check=True,
        )
        answer = waiting.result(20)
    assert "42" in attached.stdout
    assert (answer.status_code, answer.json()) == (200, 2)
    assert not list(BREAKPOINTS.glob("*"))


# -- The gateway by itself ----------------------------------------------------------------------


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
