"""Calls of `sam local start-lambda`, and the template that it is given."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from local import sam_functions
from local.http_api import Function
from local.places import Places, RunError
from local.runtime_api import FunctionFailed, FunctionRaised
from local.sam_functions import SamFunctions, write_template
from tests.ports import refusing_port

EVENT = b'{"a": 1}'


class SamCli(BaseHTTPRequestHandler):
    """Answers by the function's name, as the SAM CLI does."""

    def do_POST(self) -> None:
        name = self.path.split("/")[-2]
        event = self.rfile.read(int(self.headers["Content-Length"]))
        if name == "Slow":
            time.sleep(1)
            return
        self.send_response(404 if name == "Unknown" else 200)
        if name == "Raises":
            event = json.dumps({"errorType": "KeyError", "errorMessage": "'TABLE'"}).encode()
            self.send_header("x-amz-function-error", "Unhandled")
        self.send_header("Content-Length", str(0 if name == "Silent" else len(event)))
        self.end_headers()
        self.wfile.write(b"" if name == "Silent" else event)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def sam_cli() -> Iterator[int]:
    with ThreadingHTTPServer(("127.0.0.1", 0), SamCli) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


def invoke(port: int, name: str, seconds: float = 10) -> bytes:
    return asyncio.run(SamFunctions(port).invoke(name, EVENT, seconds))[0]


@pytest.mark.parametrize("name", ["Web", "arn:aws:lambda:us-east-1:123456789012:function:Web:live"])
def test_a_function_is_called_by_name_or_arn(name: str) -> None:
    with sam_cli() as port:
        assert invoke(port, name) == EVENT


def test_an_error_of_the_function_keeps_its_type_and_message() -> None:
    with sam_cli() as port, pytest.raises(FunctionRaised) as raised:
        invoke(port, "Raises")
    assert (str(raised.value), raised.value.said) == ("KeyError", "'TABLE'")


@pytest.mark.parametrize("name", ["Silent", "Unknown"])
def test_no_response_is_a_failure(name: str) -> None:
    with sam_cli() as port, pytest.raises(FunctionFailed, match="no response"):
        invoke(port, name)


def test_a_slow_function_times_out() -> None:
    with sam_cli() as port, pytest.raises(TimeoutError):
        invoke(port, "Slow", 0.1)


def test_no_sam_cli_is_a_failure() -> None:
    with refusing_port() as port, pytest.raises(FunctionFailed, match="SAM CLI does not answer"):
        invoke(port, "Web")


def test_the_template_has_built_code_and_resolved_values(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    built = tmp_path / "built/template.yaml"
    built.parent.mkdir()
    function = {"Type": "AWS::Serverless::Function", "Properties": {"CodeUri": "Web"}}
    built.write_text(json.dumps({"Resources": {"Web": function}}))
    monkeypatch.setattr(sam_functions, "BUILT", built)
    monkeypatch.setattr(sam_functions, "APP_BUILT", tmp_path / "missing")
    monkeypatch.setattr(Places, "data", tmp_path)
    places = Places("127.0.0.1", 3000)
    web = Function("Web", "app.handler", Path("/source"), 5, 256, "JSON", {"TABLE": "notes"})
    write_template(places, {"Web": web})
    written = json.loads(places.function_template.read_text())["Resources"]["Web"]["Properties"]
    assert written["CodeUri"] == str(tmp_path / "built/Web")
    assert written["Environment"] == {"Variables": {"TABLE": "notes"}}
    with pytest.raises(RunError, match="Other was not built"):
        write_template(places, {"Web": web, "Other": web})
