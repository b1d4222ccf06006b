"""Calls of `sam local start-lambda`, and the template that it is given."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from local import sam_functions
from local.http_api import Function
from local.places import Places, RunError
from local.runtime_api import FunctionFailed, FunctionRaised
from local.sam_functions import SamFunctions, write_template
from tests.ports import REFUSING_PORT
from tests.stack.gateway_project import served

EVENT = b'{"a": 1}'
RAISED = b'{"errorType": "KeyError", "errorMessage": "\'TABLE\'"}'
# Of the SAM CLI, by function.
ANSWERS = {
    "Web": Response(EVENT),
    "Raises": Response(RAISED, headers={"x-amz-function-error": "Unhandled"}),
    "Silent": Response(),
    "Unknown": Response("{}", 404),
}


async def sam_cli(scope: Scope, receive: Receive, send: Send) -> None:
    assert await Request(scope, receive).body() == EVENT
    name = scope["path"].split("/")[-2]
    if name == "Slow":
        await asyncio.sleep(60)
    await ANSWERS[name](scope, receive, send)


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    options = {"log_level": "critical", "lifespan": "off", "timeout_graceful_shutdown": 0}
    with served(sam_cli, **options) as serving:
        yield serving


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
    with pytest.raises(FunctionFailed, match="SAM CLI does not answer"):
        invoke(REFUSING_PORT, "Web")
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
