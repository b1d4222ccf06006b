"""A template with one function, and the gateway in front of it in this process."""

from __future__ import annotations

import contextlib
import io
import textwrap
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
import uvicorn
from starlette.types import ASGIApp

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
      Timeout: 20
      Environment: {Variables: {FROM_TEMPLATE: template, OVERLAID: template}}
      Events:
        Page: {Type: HttpApi, Properties: {Method: GET, Path: /page}}
        Form: {Type: HttpApi, Properties: {Method: POST, Path: /page}}
        Item: {Type: HttpApi, Properties: {Method: GET, Path: "/items/{id}"}}
"""


@dataclass(frozen=True)
class RunningGateway:
    port: int
    terminal: io.StringIO

    @property
    def shown(self) -> str:
        return self.terminal.getvalue()

    def ask(
        self,
        method: str = "GET",
        target: str = "/page",
        headers: Mapping[str, str | bytes] | None = None,
        body: bytes | None = None,
    ) -> requests.Response:
        url = f"http://127.0.0.1:{self.port}{target}"
        return requests.request(
            method, url, headers=headers, data=body, allow_redirects=False, timeout=30
        )


@contextlib.contextmanager
def served(app: ASGIApp, **options: Any) -> Iterator[int]:
    """The port of an app that a thread of this process serves."""
    server = uvicorn.Server(uvicorn.Config(app, **options))
    with listen("127.0.0.1", 0) as listener:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            server.should_exit = True
            thread.join(20)
            assert not thread.is_alive()


class GatewayProject:
    """A template with one function, whose body the test writes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.template = folder / "template.yaml"
        (folder / "code").mkdir()
        self.template.write_text(_TEMPLATE)

    def add(self, to_the_template: str) -> None:
        self.template.write_text(self.template.read_text() + to_the_template)

    def set_timeout(self, seconds: int) -> None:
        text = self.template.read_text().replace("Timeout: 20", f"Timeout: {seconds}")
        self.template.write_text(text)

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
        with served(gateway, lifespan="on", **HTTP_OPTIONS) as port:
            yield RunningGateway(port, terminal)
