"""Functions of every kind behind the gateway: own packages, Node, what cannot run, breakpoints."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
import zipfile
from pathlib import Path

import pytest
import requests

from local import runtimes
from local.places import BREAKPOINTS, ROOT
from tests.running_stack import eventually
from tests.stack.gateway_project import GatewayProject

pytestmark = pytest.mark.stack

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


def test_a_breakpoint_waits_for_the_debugger_and_no_timeout_counts(
    project: GatewayProject,
) -> None:
    project.set_timeout(1)
    project.write("wanted = 1\nbreakpoint()\nreturn wanted")
    answers: list[requests.Response] = []
    with project.serve(integration_timeout=1) as gateway:
        asking = threading.Thread(target=lambda: answers.append(gateway.ask()))
        asking.start()
        assert eventually(lambda: "`make attach`" in gateway.shown)
        asking.join(1.2)  # longer than the function's Timeout, and the gateway's
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
        asking.join(20)
    assert "42" in attached.stdout
    assert [(each.status_code, each.json()) for each in answers] == [(200, 2)]
    assert not list(BREAKPOINTS.glob("*"))
