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

from local import runtimes
from local.places import BREAKPOINTS, ROOT
from tests.running_stack import eventually
from tests.stack.gateway_project import Answer, GatewayProject

pytestmark = pytest.mark.stack

_FUNCTION = """
  More:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: {folder}
      Handler: {handler}
      Runtime: {runtime}
      Events: {{Any: {{Type: HttpApi, Properties: {{Method: ANY, Path: "/more/{{proxy+}}"}}}}}}
"""


def add_function(project: GatewayProject, folder: str, handler: str, runtime: str) -> Path:
    """A second function, in front of ``ANY /more/{proxy+}``; the folder for its code."""
    added = _FUNCTION.format(folder=folder, handler=handler, runtime=runtime)
    project.template.write_text(project.template.read_text() + added)
    (project.folder / folder).mkdir(exist_ok=True)
    return project.folder / folder


def wheel(folder: Path, name: str, source: str) -> Path:
    """A package of one module, as an installer takes it."""
    made = folder / f"{name}-1.0-py3-none-any.whl"
    info = f"{name}-1.0.dist-info"
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr(f"{name}.py", source)
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        archive.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(f"{info}/RECORD", "")
    return made


def test_a_python_function_has_its_own_requirements_and_no_others(
    project: GatewayProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runtimes, "ENVIRONMENTS", project.folder / "environments")
    code = add_function(project, "own", "app.handler", "python3.13")
    package = wheel(project.folder, "only_here", "VALUE = 'installed'")
    (code / "requirements.txt").write_text(f"{package}\n")
    (code / "app.py").write_text(
        "import importlib.util, boto3, only_here\n"
        "def handler(event, context):\n"
        "    return [only_here.VALUE, importlib.util.find_spec('starlette') is None]\n"
    )
    with project.serve() as gateway:
        assert gateway.ask("GET", "/more/x").json == ["installed", True]
        assert gateway.ask().status == 200  # the function without requirements is as before
        (code / "requirements.txt").write_text("# nothing any more\n")
        assert gateway.ask("GET", "/more/x").status == 500  # started again, without the package


def test_requirements_that_cannot_be_installed_are_reported_in_the_answer(
    project: GatewayProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runtimes, "ENVIRONMENTS", project.folder / "environments")
    code = add_function(project, "own", "app.handler", "python3.13")
    (code / "app.py").write_text("def handler(event, context): return 1\n")
    (code / "requirements.txt").write_text("/no/such/package.whl\n")
    with project.serve() as gateway:
        answer = gateway.ask("GET", "/more/x")
        others = gateway.ask()
    assert answer.status == 500
    assert answer.json["message"].startswith("More: its requirements.txt could not be installed (")
    assert others.status == 200


_NODE = """
export const handler = async (event, context) => {
  if (event.pathParameters.proxy === "raise") throw new TypeError("what went wrong");
  return {
    statusCode: 201,
    body: JSON.stringify({ event, name: context.functionName, env: process.env }),
  };
};
"""


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
def test_a_node_function_answers_and_its_errors_are_shown(project: GatewayProject) -> None:
    code = add_function(project, "node", "index.handler", "nodejs22.x")
    (code / "index.mjs").write_text(_NODE)
    with project.serve({"SECRET": "given"}) as gateway:
        answer = gateway.ask("POST", "/more/a/b", body=b"{}")
        failed = gateway.ask("GET", "/more/raise")
        (code / "index.mjs").write_text("export const handler = async () => 'changed';")
        changed = gateway.ask("GET", "/more/a")
    assert answer.status == 201
    assert answer.json["event"]["pathParameters"] == {"proxy": "a/b"}
    assert (answer.json["name"], answer.json["env"]["SECRET"]) == ("More", "given")
    assert (failed.status, failed.json) == (500, {"message": "Internal Server Error"})
    shown = gateway.terminal.getvalue()
    assert "TypeError: what went wrong" in shown
    assert "index.mjs:3" in shown
    assert changed.body == b"changed"


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
def test_node_functions_of_the_older_kinds_work_too(project: GatewayProject) -> None:
    code = add_function(project, "node", "src/index.nested.handler", "nodejs22.x")
    (code / "src").mkdir()
    (code / "src/index.js").write_text(
        "exports.nested = { handler: (event, context, callback) => {"
        " setTimeout(() => callback(null, 'called back'), 10) } };"
    )
    with project.serve() as gateway:
        assert gateway.ask("GET", "/more/x").body == b"called back"


@pytest.mark.parametrize(
    ("runtime", "sentence"),
    [
        (
            "nodejs22.x",
            "More runs under nodejs22.x, and node is not installed here; install Node.js to run it",
        ),
        (
            "java21",
            "More runs under java21, which `make run` does not run; "
            "`make start-api` does, in Docker",
        ),
    ],
)
def test_what_cannot_run_says_so_and_the_rest_works(
    project: GatewayProject, monkeypatch: pytest.MonkeyPatch, runtime: str, sentence: str
) -> None:
    add_function(project, "other", "index.handler", runtime)
    monkeypatch.setenv("PATH", str(project.folder))
    with project.serve() as gateway:
        answer = gateway.ask("GET", "/more/x")
        others = gateway.ask()
    assert (answer.status, answer.json) == (500, {"message": sentence})
    assert sentence in gateway.terminal.getvalue()
    assert others.status == 200


def test_an_error_while_importing_shows_its_message_and_line(project: GatewayProject) -> None:
    project.write("return 1", before="TABLE = os.environ['TABLE_NAME']")
    with project.serve() as gateway:
        assert gateway.ask().status == 500
    shown = gateway.terminal.getvalue()
    assert "KeyError: 'TABLE_NAME'" in shown
    assert "app.py" in shown
    assert "importlib" not in shown
    assert "LAMBDA_WARNING" not in shown


def test_a_breakpoint_waits_for_the_debugger_and_no_timeout_counts(
    project: GatewayProject,
) -> None:
    project.set_timeout(1)
    project.write("wanted = 1\nbreakpoint()\nreturn wanted")
    answers: list[Answer] = []
    with project.serve(integration_timeout=1) as gateway:
        asking = threading.Thread(target=lambda: answers.append(gateway.ask()))
        asking.start()
        assert eventually(lambda: "`make attach`" in gateway.terminal.getvalue())
        asking.join(1.5)  # longer than the function's Timeout, and the gateway's
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
    assert [(answer.status, answer.json) for answer in answers] == [(200, 2)]
    assert not list(BREAKPOINTS.glob("*"))
