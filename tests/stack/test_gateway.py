"""The gateway over HTTP, with real children under awslambdaric."""

from __future__ import annotations

import contextlib
import http.client
import io
import json
import os
import signal
import socket
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from local.console import Console
from local.gateway import HTTP_OPTIONS, Gateway
from local.places import listen

pytestmark = pytest.mark.stack

_TEMPLATE = """
Resources:
  Web:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: code
      Handler: app.handler
      Timeout: {timeout}
      Environment: {{Variables: {{FROM_TEMPLATE: template, OVERLAID: template}}}}
      Events:
        Page: {{Type: HttpApi, Properties: {{Method: GET, Path: /page}}}}
        Form: {{Type: HttpApi, Properties: {{Method: POST, Path: /page}}}}
        Item: {{Type: HttpApi, Properties: {{Method: GET, Path: "/items/{{id}}"}}}}
"""
_ECHO = "return {'statusCode': 200, 'body': json.dumps(event)}"


@dataclass(frozen=True)
class _Answer:
    status: int
    headers: list[tuple[str, str]]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key == name]


@dataclass(frozen=True)
class _Running:
    port: int
    terminal: io.StringIO

    def ask(
        self,
        method: str = "GET",
        target: str = "/page",
        headers: list[tuple[str, str]] | None = None,
        body: bytes | None = None,
    ) -> _Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        with contextlib.closing(connection):
            connection.putrequest(method, target)
            for name, value in headers or []:
                connection.putheader(name, value)
            if body is not None:
                connection.putheader("content-length", str(len(body)))
            connection.endheaders(body)
            response = connection.getresponse()
            sent = [(name.lower(), value) for name, value in response.getheaders()]
            return _Answer(response.status, sent, response.read())


class _Project:
    """A template with one function, whose body the test writes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.template = folder / "template.yaml"
        (folder / "code").mkdir()
        self.template.write_text(_TEMPLATE.format(timeout=20))

    def set_timeout(self, seconds: int) -> None:
        self.template.write_text(_TEMPLATE.format(timeout=seconds))

    def write(self, body: str, *, before: str = "") -> None:
        """``body`` becomes the handler's; ``before`` runs when the module is imported."""
        indented = textwrap.indent(textwrap.dedent(body), "    ")
        (self.folder / "code/app.py").write_text(
            "import json, os, pathlib, subprocess, sys, time\n"
            f"FOLDER = pathlib.Path({str(self.folder)!r})\n"
            f"{textwrap.dedent(before)}\n"
            f"def handler(event, context):\n{indented}\n"
        )

    @contextlib.contextmanager
    def serve(
        self, environment: dict[str, str] | None = None, **options: Any
    ) -> Iterator[_Running]:
        terminal = io.StringIO()
        gateway = Gateway(self.template, environment or {}, console=Console(terminal), **options)
        server = uvicorn.Server(uvicorn.Config(gateway, lifespan="on", **HTTP_OPTIONS))
        with listen("127.0.0.1", 0) as listener:
            thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
            thread.start()
            try:
                yield _Running(listener.getsockname()[1], terminal)
            finally:
                server.should_exit = True
                thread.join(20)
                assert not thread.is_alive()


@pytest.fixture
def project(tmp_path: Path) -> _Project:
    made = _Project(tmp_path)
    made.write(_ECHO)
    return made


def _is_running(pid: int) -> bool:
    """A zombie that nobody has collected yet is not running."""
    with contextlib.suppress(ProcessLookupError, FileNotFoundError):
        os.kill(pid, 0)
        status = Path(f"/proc/{pid}/stat")  # where there is none (macOS), init collects at once
        return not Path("/proc").exists() or status.read_text().rpartition(")")[2].split()[0] != "Z"
    return False


def _eventually(fact: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 20
    while not fact():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


# -- What the function sees and what the browser gets -------------------------------------------


def test_the_function_sees_the_request_as_payload_2_0(project: _Project) -> None:
    with project.serve() as gateway:
        event = gateway.ask(
            "GET",
            "/items/a%20b?x=1&y=2&x=3",
            [("Cookie", "a=1; b=2"), ("X-Many", "one"), ("X-Many", "two")],
        ).json
    assert event["routeKey"] == "GET /items/{id}"
    assert event["rawPath"] == "/items/a b"
    assert event["pathParameters"] == {"id": "a b"}
    assert event["rawQueryString"] == "x=1&y=2&x=3"
    assert event["queryStringParameters"] == {"x": "1,3", "y": "2"}
    assert event["cookies"] == ["a=1", "b=2"]
    assert event["headers"]["x-many"] == "one,two"
    assert event["headers"]["x-forwarded-port"] == str(gateway.port)
    assert event["requestContext"]["domainName"] == "127.0.0.1"
    assert event["requestContext"]["http"]["sourceIp"] == "127.0.0.1"
    assert event["requestContext"]["http"]["protocol"] == "HTTP/1.1"


def test_what_a_proxy_claims_is_passed_on_and_not_believed(project: _Project) -> None:
    with project.serve() as gateway:
        event = gateway.ask(headers=[("X-Forwarded-For", "198.51.100.1")]).json
    assert event["requestContext"]["http"]["sourceIp"] == "127.0.0.1"
    assert event["headers"]["x-forwarded-for"] == "198.51.100.1, 127.0.0.1"


def test_a_form_arrives_as_base64(project: _Project) -> None:
    form = [("content-type", "application/x-www-form-urlencoded")]
    with project.serve() as gateway:
        event = gateway.ask("POST", headers=form, body=b"a=1").json
    assert (event["body"], event["isBase64Encoded"]) == ("YT0x", True)


def test_cookies_and_a_binary_body_come_back(project: _Project) -> None:
    project.write(
        """
        return {'statusCode': 303, 'cookies': ['a=1; Path=/', 'b=2; HttpOnly'],
                'headers': {'Location': '/', 'Content-Type': 'image/png'},
                'body': 'AP8=', 'isBase64Encoded': True}
        """
    )
    with project.serve() as gateway:
        answer = gateway.ask()
    assert answer.status == 303
    assert answer.all("set-cookie") == ["a=1; Path=/", "b=2; HttpOnly"]
    assert answer.all("location") == ["/"]
    assert answer.all("content-type") == ["image/png"]
    assert answer.body == b"\x00\xff"


def test_a_204_has_no_body(project: _Project) -> None:
    project.write("return {'statusCode': 204, 'body': 'dropped'}")
    with project.serve() as gateway:
        answer = gateway.ask()
    assert (answer.status, answer.body, answer.all("content-length")) == (204, b"", [])


def test_the_context_tells_the_function_who_it_is(project: _Project) -> None:
    project.write(
        "return [context.function_name, context.get_remaining_time_in_millis() > 10_000,"
        " os.getcwd(), os.environ['LAMBDA_TASK_ROOT']]"
    )
    code = str(project.folder / "code")
    with project.serve() as gateway:
        assert gateway.ask().json == ["Web", True, code, code]


# -- The gateway's own answers ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "target"), [("GET", "/"), ("HEAD", "/page"), ("PUT", "/page"), ("GET", "/page/")]
)
def test_an_unknown_route_is_not_found(project: _Project, method: str, target: str) -> None:
    with project.serve() as gateway:
        answer = gateway.ask(method, target)
    assert answer.status == 404
    assert answer.all("content-type") == ["application/json"]
    assert answer.body == (b"" if method == "HEAD" else b'{"message":"Not Found"}')


def _ask_with_head_of(size: int, port: int) -> int:
    head = b"GET /page?q=1 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nX-Pad: %s\r\n"
    padding = b"x" * (size - len(head % b""))
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall((head % padding)[:-20])
        time.sleep(0.05)  # so that the server meets a head that is long and not yet complete
        connection.sendall((head % padding)[-20:] + b"\r\n")
        return int(connection.makefile("rb").readline().split()[1])


def test_request_line_and_headers_may_have_10240_bytes_and_no_more(project: _Project) -> None:
    with project.serve() as gateway:
        sizes = (10_240, 10_241, 100_000)
        assert [_ask_with_head_of(size, gateway.port) for size in sizes] == [200, 431, 431]


def test_a_body_may_have_10_mb_and_no_more(project: _Project) -> None:
    project.write("return len(event['body'])")
    text = [("content-type", "text/plain")]
    with project.serve() as gateway:
        most = gateway.ask("POST", headers=text, body=b"x" * 10 * 1024 * 1024)
        more = gateway.ask("POST", headers=text, body=b"x" * (10 * 1024 * 1024 + 1))
    assert (most.status, most.json) == (200, 10 * 1024 * 1024)
    assert (more.status, more.json) == (413, {"message": "Request Entity Too Large"})


# -- When the function fails --------------------------------------------------------------------


def _assert_internal_server_error(answer: _Answer) -> None:
    assert (answer.status, answer.json) == (500, {"message": "Internal Server Error"})


def test_an_exception_is_a_500_with_its_traceback_in_the_terminal(project: _Project) -> None:
    project.write("return {}['missing']")
    with project.serve() as gateway:
        _assert_internal_server_error(gateway.ask())
        shown = gateway.terminal.getvalue()
    assert "Traceback (most recent call last):\n" in shown
    assert "return {}['missing']" in shown
    assert "GET  /page  500" in shown
    assert "  KeyError  (reference " in shown


def test_an_exception_does_not_cost_the_child(project: _Project) -> None:
    project.write(
        "if event['queryStringParameters']['do'] == 'raise': raise ValueError\nreturn os.getpid()"
    )
    with project.serve() as gateway:
        before = gateway.ask("GET", "/page?do=nothing").json
        _assert_internal_server_error(gateway.ask("GET", "/page?do=raise"))
        assert gateway.ask("GET", "/page?do=nothing").json == before


@pytest.mark.parametrize(
    ("end", "told"),
    [
        ("os._exit(3)", "Runtime exited with error: exit status 3"),
        ("os.kill(os.getpid(), 11)", "Runtime exited with error: signal: SIGSEGV"),
    ],
)
def test_a_child_that_ends_is_a_500_and_the_next_request_has_a_new_one(
    project: _Project, end: str, told: str
) -> None:
    project.write(f"if event.get('queryStringParameters'): {end}\nreturn 'here'")
    with project.serve() as gateway:
        _assert_internal_server_error(gateway.ask("GET", "/page?end"))
        assert told in gateway.terminal.getvalue()
        assert gateway.ask().body == b"here"


def test_a_function_past_its_timeout_is_killed_and_a_500(project: _Project) -> None:
    project.set_timeout(1)
    project.write(
        """
        if event.get('queryStringParameters'):
            (FOLDER / 'pid').write_text(str(os.getpid()))
            time.sleep(60)
        return 'here'
        """
    )
    with project.serve() as gateway:
        _assert_internal_server_error(gateway.ask("GET", "/page?sleep"))
        assert "Task timed out after 1.00 seconds" in gateway.terminal.getvalue()
        assert not _is_running(int((project.folder / "pid").read_text()))
        assert gateway.ask().body == b"here"


def test_no_answer_within_the_gateways_own_limit_is_a_503(project: _Project) -> None:
    project.write("if event.get('queryStringParameters'): time.sleep(60)\nreturn 'here'")
    with project.serve(integration_timeout=1) as gateway:
        answer = gateway.ask("GET", "/page?sleep")
    assert (answer.status, answer.json) == (503, {"message": "Service Unavailable"})


def test_a_malformed_response_is_a_500_that_says_why_in_the_terminal(project: _Project) -> None:
    project.write("return {'statusCode': 200, 'body': {'not': 'text'}}")
    with project.serve() as gateway:
        _assert_internal_server_error(gateway.ask())
        assert "malformed response: body is not a string" in gateway.terminal.getvalue()


@pytest.mark.parametrize(
    ("broken", "told"),
    [
        ("import does_not_exist", "No module named 'does_not_exist'"),
        ("def (", "Syntax error in module 'app'"),
        ("raise RuntimeError('no settings')", "RuntimeError: no settings"),
        ("os._exit(7)", "exit status 7"),
    ],
)
def test_code_that_cannot_be_imported_is_a_500_until_it_is_mended(
    project: _Project, broken: str, told: str
) -> None:
    project.write(_ECHO, before=broken)
    with project.serve() as gateway:
        _assert_internal_server_error(gateway.ask())
        _assert_internal_server_error(gateway.ask())
        assert told in gateway.terminal.getvalue()
        project.write("return 'mended'")
        assert gateway.ask().body == b"mended"


# -- Children -----------------------------------------------------------------------------------


def test_a_changed_file_means_a_new_child_and_one_line_in_the_terminal(project: _Project) -> None:
    project.write("return os.getpid()")
    with project.serve() as gateway:
        first = gateway.ask().json
        assert gateway.ask().json == first
        (project.folder / "code/page.html").write_text("new")
        second = gateway.ask().json
        assert second != first
        assert not _is_running(first)
        assert gateway.ask().json == second
        assert gateway.terminal.getvalue().count("Web: source changed, starting anew") == 1


def test_requests_at_once_run_in_a_child_each(project: _Project) -> None:
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


def test_stopping_leaves_no_process_behind(project: _Project) -> None:
    project.write(
        "return [os.getpid(), subprocess.Popen(['sleep', '600'], stdout=subprocess.DEVNULL).pid]"
    )
    with project.serve() as gateway:
        pids = gateway.ask().json
        assert all(_is_running(pid) for pid in pids)
    assert not any(_is_running(pid) for pid in pids)


def test_stopping_does_not_wait_for_a_function_that_hangs(project: _Project) -> None:
    project.write("(FOLDER / 'pid').write_text(str(os.getpid()))\ntime.sleep(600)")
    marker = project.folder / "pid"
    with _alone(project) as (process, gateway), ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(gateway.ask)
        assert _eventually(lambda: marker.exists() and marker.read_text() != "")
        process.send_signal(signal.SIGINT)
        rest, _ = process.communicate(timeout=20)
        assert waiting.result().status == 503
    assert "Traceback" not in rest
    assert not _is_running(int(marker.read_text()))


def test_the_function_has_the_templates_variables_under_the_callers(project: _Project) -> None:
    project.write("return dict(os.environ)")
    with project.serve({"OVERLAID": "caller", "MORE": "caller"}) as gateway:
        seen = gateway.ask().json
    assert (seen["FROM_TEMPLATE"], seen["OVERLAID"], seen["MORE"]) == (
        "template",
        "caller",
        "caller",
    )
    assert (seen["AWS_REGION"], seen["TZ"], seen["AWS_LAMBDA_FUNCTION_NAME"]) == (
        "us-east-1",
        ":UTC",
        "Web",
    )


def test_the_developers_own_aws_account_is_out_of_reach(
    project: _Project, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
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
    project: _Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "own")
    project.write("return dict(os.environ)")
    with project.serve(inherit=True) as gateway:
        seen = gateway.ask().json
    assert seen["AWS_PROFILE"] == "own"
    assert "AWS_CONFIG_FILE" not in seen


# -- The terminal -------------------------------------------------------------------------------


def test_a_failed_request_is_one_line_with_reason_and_reference(project: _Project) -> None:
    project.write(
        """
        print(json.dumps({'level': 'INFO', 'message': 'quiet'}))
        print(json.dumps({'level': 'WARNING', 'message': 'request_failed',
                          'reason': 'state_mismatch'}))
        return {'statusCode': 400}
        """
    )
    with project.serve() as gateway:
        answer = gateway.ask("GET", "/page?code=secret")
        shown = gateway.terminal.getvalue()
    assert shown.count("\n") == 1
    assert "GET  /page  400" in shown
    (request_id,) = answer.all("apigw-requestid")
    assert shown.endswith(f"  state_mismatch  (reference {request_id})\n")
    assert "secret" not in shown
    assert "quiet" not in shown


# -- By itself ----------------------------------------------------------------------------------


def _command(project: _Project, *options: str) -> list[str]:
    return [
        sys.executable, "-m", "local.gateway", "--template", str(project.template), *options
    ]  # fmt: skip


@contextlib.contextmanager
def _alone(project: _Project, *options: str) -> Iterator[tuple[subprocess.Popen[str], _Running]]:
    command = _command(project, "--port", "0", *options)
    with subprocess.Popen(  # noqa: S603 - our own command
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        assert process.stdout is not None
        try:
            address = process.stdout.readline().partition("http://127.0.0.1:")[2].split()[0]
            yield process, _Running(int(address), io.StringIO())
        finally:
            process.kill()


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_it_runs_alone_until_it_is_told_to_stop(project: _Project, ending: signal.Signals) -> None:
    project.write("return os.getpid()")
    with _alone(project) as (process, gateway):
        child = gateway.ask().json
        process.send_signal(ending)
        rest, _ = process.communicate(timeout=20)
    assert "Traceback" not in rest
    assert not _is_running(child)


def test_children_end_with_a_gateway_that_was_killed(project: _Project) -> None:
    project.write("return os.getpid()")
    with _alone(project) as (process, gateway):
        child = gateway.ask().json
        process.kill()
        process.wait()
    assert _eventually(lambda: not _is_running(child))


def test_json_and_the_log_file_hold_every_line_raw(project: _Project) -> None:
    project.write("print(json.dumps({'level': 'DEBUG', 'message': 'raw'}))\nreturn 1")
    log = project.folder / "gateway.log"
    with _alone(project, "--log-format", "json", "--log-file", str(log)) as (process, gateway):
        gateway.ask()
        process.send_signal(signal.SIGINT)
        rest, _ = process.communicate(timeout=20)
    records = [json.loads(line) for line in log.read_text().splitlines()]
    assert {"level": "DEBUG", "message": "raw"} in records
    assert records[1:] == [json.loads(line) for line in rest.splitlines()]


def _complaint(project: _Project, *options: str) -> str:
    ended = subprocess.run(  # noqa: S603 - our own command
        _command(project, *options), capture_output=True, text=True, check=False
    )
    assert (ended.returncode, ended.stdout) == (1, "")
    return ended.stderr


def test_a_taken_port_is_said_in_a_sentence(project: _Project) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = _complaint(project, "--port", str(port))
    assert f"port {port} on 127.0.0.1 is not to be had (address already in use)" in said


def test_a_missing_template_is_said_in_a_sentence(project: _Project) -> None:
    project.template.unlink()
    said = _complaint(project)
    assert said == (
        f"Gateway stopped: the template {project.template} cannot be read "
        "(no such file or directory).\n"
    )


def test_the_stacks_own_template_can_be_served() -> None:
    root = Path(__file__).parents[2]
    gateway = Gateway(root / "template.yaml", {}, console=Console(io.StringIO()))
    routes = {route.key for route in gateway.api.routes}
    assert routes >= {"GET /", "GET /login", "GET /callback", "POST /logout", "GET /healthz"}
