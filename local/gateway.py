"""A local API Gateway and Lambda: an HTTP API that serves the routes of template.yaml.

    python -m local.gateway --port 3000

runs it alone, with the environment variables of the shell (docs/settings.md). `make run` starts it
as part of the local stack.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from starlette.types import Receive, Scope, Send

from local import api_gateway, lambda_authorizer, template
from local.api_gateway import Request
from local.asgi_messages import request_of, send_response, with_body
from local.authorizers import Refused
from local.console import Console, last_reason
from local.functions import FunctionRunner, Functions
from local.gate import Gate
from local.http_api import HttpApi
from local.integration_response import MalformedResponse, Response, error, parse_response
from local.lambda_runtime import isolated
from local.routes import select
from local.runtime_api import FunctionFailed
from local.runtimes import CannotRun

# For uvicorn.Config. Proxy headers are passed on but not trusted. Headers above the gateway's limit
# must reach it, so that it can answer 431.
HTTP_OPTIONS: dict[str, Any] = {
    "http": "h11",
    "ws": "none",
    "access_log": False,
    "log_config": None,
    "proxy_headers": False,
    "server_header": False,
    "timeout_graceful_shutdown": 1,  # seconds; Ctrl-C does not wait longer for a hanging function
    "h11_max_incomplete_event_size": 256 * 1024,
}
# What browsers ask for by themselves. It is not worth a line in the terminal if it is missing.
_ASKED_BY_BROWSERS = re.compile(
    r"/favicon\.ico|/apple-touch-icon[\w-]*\.png"
    r"|/\.well-known/appspecific/com\.chrome\.devtools\.json"
)


@dataclass(frozen=True)
class _Mapped:
    """The API that a request belongs to; ``path`` is without the mapping key."""

    api: HttpApi
    gate: Gate
    path: str


class Gateway:
    """An ASGI application, running between ``start`` and ``stop``, or during ASGI's lifespan.

    ``apis`` are selected by their mapping keys. ``jwks_urls`` are the addresses of the keys of
    issuers that JWT authorizers use.
    """

    def __init__(
        self,
        apis: Sequence[HttpApi],
        functions: FunctionRunner,
        *,
        console: Console,
        jwks_urls: Mapping[str, str] | None = None,
        integration_timeout: float = 30,  # seconds; http-api-quotas, cannot be raised
    ) -> None:
        self._functions = functions
        self._jwks_urls = jwks_urls or {}
        self._apis = self._gated(apis)
        self._console = console
        self._timeout = integration_timeout

    @classmethod
    def of_template(
        cls,
        path: Path,
        environment: Mapping[str, str],
        *,
        console: Console,
        inherit: bool = False,
        **options: Any,
    ) -> Gateway:
        """A gateway for one template.

        ``environment`` overrides the template's variables in the functions. Of this process's
        environment, they get only PATH and similar variables, and no AWS credentials of the
        developer, unless ``inherit`` is set.
        """
        api = template.read(path)
        given = {**os.environ, **environment} if inherit else isolated(environment)
        functions = Functions(api.functions, lambda _: given, console)
        return cls([api], functions, console=console, **options)

    async def start(self) -> None:
        self.loop = asyncio.get_running_loop()
        await self._functions.start()

    async def stop(self) -> None:
        """Ends all children before it returns."""
        await self._functions.stop()

    async def replace(self, apis: Sequence[HttpApi], functions: FunctionRunner) -> None:
        """Serve these from now on; events that are under way end with the old functions."""
        await functions.start()
        old, self._functions, self._apis = self._functions, functions, self._gated(apis)
        await old.drain(self._timeout)
        await old.stop()

    @property
    def functions(self) -> FunctionRunner:
        return self._functions

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            await self._exchange(scope, receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        await self.start()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self.stop()
        await send({"type": "lifespan.shutdown.complete"})

    async def _exchange(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = time.perf_counter()
        request_id = api_gateway.new_request_id()
        response, reason = await self._respond(request_of(scope), receive, request_id)
        self._console.request(
            method=scope["method"],
            path=scope["raw_path"].decode("latin-1"),
            status=response.status,
            seconds=time.perf_counter() - started,
            reason=reason,
            reference=request_id,
            is_shown=response.status != 404 or not _ASKED_BY_BROWSERS.fullmatch(scope["path"]),
        )
        await send_response(response, send, request_id)

    async def _respond(
        self, head: Request, receive: Receive, request_id: str
    ) -> tuple[Response, str | None]:
        """The response, and the reason for the terminal."""
        if head.head_size > api_gateway.MAX_HEAD_BYTES:
            return error(431), f"{head.head_size} bytes of request line and headers"
        mapped = self._mapped(head.decoded_path)
        selected = select(mapped.api.routes, head.method, mapped.path) if mapped else None
        if mapped is None or selected is None:
            return error(404), "no such route"
        route, parameters = selected
        request = await with_body(head, receive)
        if request is None:
            return error(413), f"more than {api_gateway.MAX_BODY_BYTES} bytes"
        event = api_gateway.build_event(
            request,
            route_key=route.key,
            path_parameters=parameters,
            request_id=request_id,
            now=datetime.now(UTC),
        )
        if route.authorizer is not None:
            decision = await mapped.gate.ask(route, event)
            if isinstance(decision, Refused):
                return error(decision.status, decision.challenge), decision.reason
            event["requestContext"]["authorizer"] = dict(decision.context)
        return await self._integrate(route.function, event)

    def _mapped(self, path: str) -> _Mapped | None:
        """Select the API by the longest mapping key (http-api-mappings in the developer guide)."""
        found: _Mapped | None = None
        for api, gate in self._apis:
            prefix = f"/{api.mapping_key}" if api.mapping_key else ""
            is_longer = found is None or len(api.mapping_key) > len(found.api.mapping_key)
            if is_longer and (path + "/").startswith(f"{prefix}/"):
                found = _Mapped(api, gate, path.removeprefix(prefix) or "/")
        return found

    def _gated(self, apis: Sequence[HttpApi]) -> list[tuple[HttpApi, Gate]]:
        return [(api, Gate(self._ask, self._jwks_urls)) for api in apis]

    async def _ask(self, function: str, event: bytes) -> tuple[bytes, str | None]:
        payload, printed = await self._functions.invoke(function, event, lambda_authorizer.TIMEOUT)
        return payload, last_reason(printed)

    async def _integrate(self, function: str, event: dict[str, Any]) -> tuple[Response, str | None]:
        """A failed function is a 500, also after its own Timeout; only the gateway's is a 503.

        Observed on deployed HTTP APIs: denoland/deno_registry2#87 (500), anomalyco/sst#2232 and
        serverless/serverless#11222 (503).
        """
        try:
            payload, printed = await self._functions.invoke(
                function, json.dumps(event).encode(), self._timeout
            )
        except CannotRun as problem:
            return error(500, message=str(problem)), "nothing runs it here"
        except FunctionFailed as failure:
            return error(500), str(failure)
        except TimeoutError:
            return error(503), f"no answer in {self._timeout:g} seconds"
        except (
            asyncio.CancelledError
        ):  # uvicorn's time limit has passed; it logs exceptions that are raised
            return error(503), "the gateway is stopping"
        try:
            return parse_response(payload), last_reason(printed)
        except MalformedResponse as problem:
            return error(500), f"malformed response: {problem}"


if __name__ == "__main__":
    from local.gateway_alone import main

    main()
