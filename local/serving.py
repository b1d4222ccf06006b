"""Runs the local stack's servers in one process, until Ctrl-C or until a child process ends."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvicorn
from starlette.types import ASGIApp

from local import managed_login
from local.apps import Apps
from local.aws import LocalAws
from local.console import Console, LogFormat
from local.docker_bridge import forward
from local.functions import FunctionRunner, Functions
from local.gateway import HTTP_OPTIONS, Gateway
from local.lambda_runtime import isolated
from local.managed_login.triggers import TriggerFailed, Triggers
from local.own_hosts import OwnHosts
from local.places import Places, RunError
from local.runtime_api import FunctionFailed
from local.stack import Stack

# Ctrl-C, kill, and closing the terminal's window.
STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

TRIGGER_TIMEOUT = 5  # seconds; Cognito's own limit, not to be raised there
_LOOK_EVERY = 0.2  # seconds
_LOOK_FOR_TEMPLATES_EVERY = 0.5


@dataclass(frozen=True)
class Served:
    """An ASGI application and the sockets it listens on."""

    app: ASGIApp
    listeners: Sequence[socket.socket]


class App:
    """The functions behind the gateway; their log also goes to a file."""

    def __init__(
        self,
        places: Places,
        apps: Apps,
        jwks_urls: Mapping[str, str],
        log_format: LogFormat,
        runner: FunctionRunner | None = None,
    ) -> None:
        """``runner`` runs the functions; without one, child processes do."""
        self._log = (places.data / "app.log").open("a", encoding="utf-8")
        self._places = places
        self._console = Console(sys.stdout, log_format=log_format, log=self._log)
        self._triggers = dict(apps.triggers)
        self.gateway = Gateway(
            apps.apis, runner or self._functions(apps), console=self._console, jwks_urls=jwks_urls
        )

    def close(self) -> None:
        """After the gateway has stopped."""
        self._log.close()

    def served(self, listeners: Sequence[socket.socket]) -> Served:
        # A server in front may ask for us by address; it would pass a redirect to itself on again.
        origin = None if self._places.front else self._places.app
        return Served(OwnHosts(self.gateway, self._places.hosts, origin=origin), listeners)

    @property
    def triggers(self) -> Triggers:
        return Triggers(self._triggers, self._call)

    def _call(self, function: str, event: dict[str, Any]) -> Any:
        """Run a trigger from another thread; raises TriggerFailed."""
        payload = json.dumps(event).encode()
        running = asyncio.run_coroutine_threadsafe(
            self.gateway.functions.invoke(function, payload, TRIGGER_TIMEOUT), self.gateway.loop
        )
        try:
            return json.loads(running.result()[0])
        except FunctionFailed as failure:
            raise TriggerFailed(failure.said or str(failure)) from failure
        except (KeyError, TimeoutError, ValueError) as error:
            raise TriggerFailed(f"{type(error).__name__}: {error}") from error

    async def follow(self, templates: Sequence[Path], deploy: Callable[[], Apps]) -> None:
        """Deploy again and serve the result whenever one of these files changes."""
        seen = [_changed(path) for path in templates]
        while True:
            await asyncio.sleep(_LOOK_FOR_TEMPLATES_EVERY)
            now = [_changed(path) for path in templates]
            if now == seen:
                continue
            seen = now
            self._console.notice("a template changed, creating its resources again")
            try:
                apps = await asyncio.to_thread(deploy)
            except RunError as error:
                self._console.notice(f"{error}; what ran before still does", level="ERROR")
                continue
            await self.gateway.replace(apps.apis, self._functions(apps))
            self._triggers.clear()
            self._triggers.update(apps.triggers)
            self._console.notice("the changed template is served")

    def _functions(self, apps: Apps) -> Functions:
        return Functions(apps.functions, lambda _: isolated({}), self._console)


def _changed(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except FileNotFoundError:
        return 0  # an editor is just replacing it


def login(
    places: Places,
    stack: Stack,
    aws: LocalAws,
    listeners: Sequence[socket.socket],
    *,
    hosts: tuple[str, ...],
    triggers: Triggers,
) -> Served:
    """The local managed login, with the inbox and the users page."""
    settings = managed_login.ManagedLogin(
        aws=aws,
        user_pool_id=stack.user_pool_id,
        pages_client_id=stack.pages_client_id,
        public_url=places.login,
        app_url=places.app,
        brand_name=stack.parameters["BrandName"],
        brand_color=stack.parameters["BrandColor"],
        brand_logo=stack.parameters["BrandLogo"],
        token_keys=places.data / "state" / "cognito-pool-keys",
        hosts=hosts,
        triggers=triggers,
    )
    return Served(managed_login.create_app(settings), listeners)


async def serve(
    served: Sequence[Served],
    *,
    forwards: Sequence[tuple[socket.socket, int]],
    children: Mapping[str, subprocess.Popen[bytes]],
    ready: Callable[[], Coroutine[None, None, None]],
    background: Sequence[Coroutine[None, None, None]] = (),
) -> str | None:
    """Serve until Ctrl-C or SIGTERM (returns None), or until a child ends (returns its key).

    ``ready`` and ``background`` run once the servers listen, and no longer than they do.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in STOPPING:
        loop.add_signal_handler(number, stop.set)
    for listener, port in forwards:
        await forward(listener, port)
    servers = [_Server(uvicorn.Config(one.app, lifespan="on", **HTTP_OPTIONS)) for one in served]
    tasks = [
        asyncio.create_task(server.serve(sockets=list(one.listeners)))
        for server, one in zip(servers, served, strict=True)
    ]
    while not all(
        server.started or task.done() for server, task in zip(servers, tasks, strict=True)
    ):
        await asyncio.sleep(0.01)
    beside = [asyncio.create_task(one) for one in (ready(), *background)]
    ended = await _until_over(stop, children)
    for task in beside:
        task.cancel()
    for server in servers:
        server.should_exit = True
    await asyncio.gather(*tasks)
    return ended


class _Server(uvicorn.Server):
    """One of several servers, so it does not handle signals."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def _until_over(
    stop: asyncio.Event, children: Mapping[str, subprocess.Popen[bytes]]
) -> str | None:
    while not stop.is_set():
        for name, child in children.items():
            if child.poll() is not None:
                return name
        try:
            async with asyncio.timeout(_LOOK_EVERY):
                await stop.wait()
        except TimeoutError:
            pass
    return None
