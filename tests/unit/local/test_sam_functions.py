"""Calls of `sam local start-lambda`, and the template that it is given."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
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
# Of the SAM CLI, by function: status, header of an error, body. None is no answer.
ANSWERS = {
    "Web": (200, None, EVENT),
    "Raises": (200, "Unhandled", b'{"errorType": "KeyError", "errorMessage": "\'TABLE\'"}'),
    "Silent": (200, None, b""),
    "Unknown": (404, None, b"{}"),
    "Slow": None,
}


class SamCli(BaseHTTPRequestHandler):
    is_over = threading.Event()

    def do_POST(self) -> None:
        assert self.rfile.read(int(self.headers["Content-Length"])) == EVENT
        answer = ANSWERS[self.path.split("/")[-2]]
        if answer is None:
            self.is_over.wait()
            return
        status, error, body = answer
        self.send_response(status)
        if error:
            self.send_header("x-amz-function-error", error)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with ThreadingHTTPServer(("127.0.0.1", 0), SamCli) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,)).start()
        yield server.server_address[1]
        SamCli.is_over.set()
        server.shutdown()


def invoke(port: int, name: str, seconds: float = 10) -> bytes:
    return asyncio.run(SamFunctions(port).invoke(name, EVENT, seconds))[0]


@pytest.mark.parametrize("name", ["Web", "arn:aws:lambda:us-east-1:123456789012:function:Web:live"])
def test_a_function_is_called_by_name_or_arn(port: int, name: str) -> None:
    assert invoke(port, name) == EVENT


def test_no_response_is_a_failure(port: int) -> None:
    for name in ("Silent", "Unknown"):
        with pytest.raises(FunctionFailed, match="no response"):
            invoke(port, name)
    with pytest.raises(TimeoutError):
        invoke(port, "Slow", 0.1)
    with refusing_port() as closed, pytest.raises(FunctionFailed, match="SAM CLI does not answer"):
        invoke(closed, "Web")
    with pytest.raises(FunctionRaised) as raised:
        invoke(port, "Raises")
    assert (str(raised.value), raised.value.said) == ("KeyError", "'TABLE'")


def test_the_template_has_built_code_and_resolved_values(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    built = tmp_path / "template.yaml"
    function = {"Type": "AWS::Serverless::Function", "Properties": {"CodeUri": "Web"}}
    built.write_text(json.dumps({"Resources": {"Web": function}}))
    monkeypatch.setattr(sam_functions, "BUILT", built)
    monkeypatch.setattr(sam_functions, "APP_BUILT", tmp_path / "missing")
    monkeypatch.setattr(Places, "data", tmp_path)
    places = Places("127.0.0.1", 3000)
    web = Function("Web", "app.handler", Path("/source"), 5, 256, "JSON", {"TABLE": "notes"})
    write_template(places, {"Web": web})
    written = json.loads(places.function_template.read_text())["Resources"]["Web"]["Properties"]
    assert written["CodeUri"] == str(tmp_path / "Web")
    assert written["Environment"] == {"Variables": {"TABLE": "notes"}}
    with pytest.raises(RunError, match="Other was not built"):
        write_template(places, {"Web": web, "Other": web})
