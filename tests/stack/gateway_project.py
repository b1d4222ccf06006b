"""A template with one function, and the gateway in front of it: in this process or by itself."""

from __future__ import annotations

import contextlib
import http.client
import io
import json
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvicorn

from local.console import Console
from local.gateway import HTTP_OPTIONS, Gateway
from local.places import listen

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
# Below the others: a route with an authorizer, which is a function of the same folder.
_GUARDED = """
        Guarded:
          Type: HttpApi
          Properties: {Method: GET, Path: /guarded, Auth: {Authorizer: SignedIn}}
  Guard:
    Type: AWS::Serverless::Function
    Properties: {CodeUri: code, Handler: app.guard}
Globals:
  HttpApi:
    Auth:
      Authorizers:
        SignedIn:
          FunctionArn: !GetAtt Guard.Arn
          AuthorizerPayloadFormatVersion: "2.0"
          EnableSimpleResponses: true
"""
ECHO = "return {'statusCode': 200, 'body': json.dumps(event)}"


@dataclass(frozen=True)
class Answer:
    status: int
    headers: list[tuple[str, str]]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key == name]


@dataclass(frozen=True)
class RunningGateway:
    port: int
    terminal: io.StringIO

    def ask(
        self,
        method: str = "GET",
        target: str = "/page",
        headers: list[tuple[str, str]] | None = None,
        body: bytes | None = None,
    ) -> Answer:
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
            return Answer(response.status, sent, response.read())


class GatewayProject:
    """A template with one function, whose body the test writes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.template = folder / "template.yaml"
        (folder / "code").mkdir()
        self.template.write_text(_TEMPLATE.format(timeout=20))

    def set_timeout(self, seconds: int) -> None:
        self.template.write_text(_TEMPLATE.format(timeout=seconds))

    def guard(self, body: str) -> None:
        """``body`` becomes that of the authorizer in front of GET /guarded."""
        self.template.write_text(self.template.read_text() + _GUARDED)
        code = self.folder / "code/app.py"
        indented = textwrap.indent(textwrap.dedent(body), "    ")
        code.write_text(f"{code.read_text()}\n\ndef guard(event, context):\n{indented}\n")

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
    ) -> Iterator[RunningGateway]:
        terminal = io.StringIO()
        gateway = Gateway.of_template(
            self.template, environment or {}, console=Console(terminal), **options
        )
        server = uvicorn.Server(uvicorn.Config(gateway, lifespan="on", **HTTP_OPTIONS))
        with listen("127.0.0.1", 0) as listener:
            thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
            thread.start()
            try:
                yield RunningGateway(listener.getsockname()[1], terminal)
            finally:
                server.should_exit = True
                thread.join(20)
                assert not thread.is_alive()


def command(project: GatewayProject, *options: str) -> list[str]:
    """The gateway by itself, as docs have it."""
    return [
        sys.executable, "-m", "local.gateway", "--template", str(project.template), *options
    ]  # fmt: skip


@contextlib.contextmanager
def alone(
    project: GatewayProject, *options: str
) -> Iterator[tuple[subprocess.Popen[str], RunningGateway]]:
    """The process, and where it listens; it is killed in the end if it still runs."""
    with subprocess.Popen(  # noqa: S603 - our own command
        command(project, "--port", "0", *options),
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
