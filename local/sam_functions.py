"""Runs functions with `sam local start-lambda`: in Lambda's image, behind our gateway.

`sam local start-api` serves one template. With an app beside Foyer there are two, so only the
functions run under the SAM CLI, from a template with the functions of both.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import urllib3

from local.http_api import Function, function_name
from local.places import Places, RunError
from local.runtime_api import FunctionFailed, FunctionRaised
from local.sam import APP_BUILT, BUILT
from local.template_file import read_template


def write_template(places: Places, functions: Mapping[str, Function]) -> None:
    """The template for start-lambda, with built code and resolved variables; raises RunError."""
    code = _built_code()
    missing = sorted(functions.keys() - code.keys())
    if missing:
        raise RunError(
            f"{', '.join(missing)} was not built; `make start-api APP=…` builds both templates"
        )
    resources = {
        name: {
            "Type": "AWS::Serverless::Function",
            "Properties": {
                "CodeUri": str(code[name]),
                "Handler": function.handler,
                "Runtime": function.runtime,
                "Architectures": [function.architecture],
                "Timeout": function.timeout,
                "MemorySize": function.memory,
                "LoggingConfig": {"LogFormat": function.log_format},
                "Environment": {"Variables": dict(function.variables)},
            },
        }
        for name, function in functions.items()
    }
    template = {"Transform": "AWS::Serverless-2016-10-31", "Resources": resources}
    places.function_template.touch(0o600)  # credentials of the local AWS are in it
    places.function_template.write_text(json.dumps(template, indent=2), encoding="utf-8")


def _built_code() -> dict[str, Path]:
    return {
        name: (template.parent / resource["Properties"]["CodeUri"]).resolve()
        for template in (BUILT, APP_BUILT)
        if template.exists()
        for name, resource in read_template(template)["Resources"].items()
        if resource["Type"] == "AWS::Serverless::Function"
    }


class SamFunctions:
    """Calls functions as Lambda's API does; the SAM CLI starts and ends their containers."""

    def __init__(self, port: int) -> None:
        self._origin = f"http://127.0.0.1:{port}"
        self._http = urllib3.PoolManager(maxsize=40, block=False, retries=False)

    async def start(self) -> None:
        """Nothing to start: a container starts at the first event."""

    async def stop(self) -> None:
        """Nothing to stop: the SAM CLI removes its containers."""

    async def drain(self, seconds: float) -> None:
        """Nothing to wait for: the functions stay the same until the end."""

    async def invoke(
        self, name_or_arn: str, event: bytes, seconds: float
    ) -> tuple[bytes, list[str]]:
        """As Functions.invoke. The output is in the SAM CLI's own."""
        return await asyncio.to_thread(self._call, function_name(name_or_arn), event, seconds), []

    def _call(self, name: str, event: bytes, seconds: float) -> bytes:
        url = f"{self._origin}/2015-03-31/functions/{name}/invocations"
        timeout = urllib3.Timeout(connect=2, read=seconds)
        try:
            answer = self._http.request("POST", url, body=event, timeout=timeout)
        except urllib3.exceptions.ReadTimeoutError as error:
            raise TimeoutError from error
        except urllib3.exceptions.HTTPError as error:
            raise FunctionFailed("the SAM CLI does not answer; its output says why") from error
        if "x-amz-function-error" in answer.headers:
            failure = _error(answer.data)
            raise FunctionRaised(failure.get("errorType", "error"), failure.get("errorMessage", ""))
        if answer.status != 200 or not answer.data:
            raise FunctionFailed("no response from the function; the SAM CLI's output says why")
        return answer.data


def _error(payload: bytes) -> dict[str, Any]:
    try:
        error = json.loads(payload)
    except ValueError:
        return {}
    return error if isinstance(error, dict) else {}
