"""Runs Foyer locally: the app, Cognito with managed login, an inbox and a users page.

    python -m local.run          # what `make run` calls
    python -m local.run --sam    # what `make start-api` calls: the app under `sam local start-api`

Uses three ports: 3000 for the app, the next one for managed login, and the one after for AWS.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import socket
import sys
import threading
from collections.abc import Collection, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from local import detached, ministack
from local.aws import LocalAws
from local.docker_bridge import HOST as HOST_SEEN_FROM_DOCKER
from local.ministack import MiniStack, MiniStackError
from local.places import Places, RunError, listen, listen_on_loopback_too
from local.progress import Progress
from local.project import Project, resource_types, templates
from local.run_options import read_options

if TYPE_CHECKING:
    from types import FrameType

    from local.sam_run import SamRun


def main(arguments: Sequence[str] | None = None) -> int:
    options = read_options(arguments)
    if options.detach:
        given = sys.argv[1:] if arguments is None else arguments
        rest = [argument for argument in given if argument != "--detach"]
        return detached.detach(rest, Places(options.host, options.port))
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _stop)
    try:
        with ExitStack() as running:
            _run(Places(options.host, options.port, options.front), options, running)
    except KeyboardInterrupt:
        pass
    except Exception as error:
        if _asked_to_stop.is_set():
            return 0
        if not isinstance(error, RunError | MiniStackError):
            raise
        print(f"Foyer stopped: {error}.", file=sys.stderr)  # noqa: T201
        return 1
    return 0


# Python drops an exception that a signal handler raises inside a finaliser or a callback of the
# garbage collector, and 3.11 turns one inside __set_name__ into a RuntimeError. This event still
# records that Ctrl-C was pressed during start-up.
_asked_to_stop = threading.Event()


def _stop(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - as signal calls it
    if not _asked_to_stop.is_set():  # a second Ctrl-C must not interrupt the clean-up
        _asked_to_stop.set()
        raise KeyboardInterrupt


def _run(places: Places, options: argparse.Namespace, running: ExitStack) -> None:
    """Start everything in order, print the banner, and serve; ``running`` ends everything."""
    progress = running.enter_context(Progress(sys.stdout))
    progress.step("Starting the local AWS")
    doors = _open(places, options, running)
    docker = doors.docker
    local = _start_aws(places, doors.hosts, templates(options), running)
    # While the local AWS starts, which takes as long.
    from local import banner, seed, serving  # noqa: PLC0415
    from local.apps import jwks_urls  # noqa: PLC0415
    from local.managed_login.triggers import Triggers  # noqa: PLC0415

    own_host = HOST_SEEN_FROM_DOCKER if options.sam else "127.0.0.1"
    project = Project(places, local.aws, options, own_host)
    ministack.wait_until_ready(local)
    progress.step("Creating the user pool from template.yaml")
    stack, apps = project.deploy()
    seed.apply(local.aws, stack.user_pool_id, seed.read(options.users))
    children = {f"the local AWS ended unexpectedly; {local.log} says why": local.process}
    functions = None
    if docker is not None:
        progress.step("Starting the SAM CLI")
        progress.end()  # the SAM CLI prints its own output
        functions = docker.functions
        for listener in doors.app if functions is None else ():
            listener.close()  # the SAM CLI takes the port itself
        children["the SAM CLI ended unexpectedly; its output above says why"] = docker.start(
            local.aws, apps.functions, running
        )
    served, background, triggers = [], [], Triggers()
    if docker is None or functions is not None:
        keys = jwks_urls(stack, local.aws)
        app = serving.App(places, apps, keys, options.log_format, functions)
        running.callback(app.close)
        served.append(app.served(doors.app))
        triggers = app.triggers
        if docker is None:
            background.append(app.follow(templates(options), lambda: project.deploy()[1]))
    served.append(
        serving.login(places, stack, local.aws, doors.login, hosts=doors.hosts, triggers=triggers)
    )

    if _asked_to_stop.is_set():
        raise KeyboardInterrupt

    async def ready() -> None:
        if docker is not None:
            await docker.until_ready()
        progress.end()
        detached.write(places, banner.facts(places, stack, apps))
        banner.show(places, stack, apps, progress.seconds)

    at_bridge = docker.aws_at_bridge if docker else []
    forwards = [(listener, places.aws_port) for listener in at_bridge]
    ended = asyncio.run(
        serving.serve(
            served, forwards=forwards, children=children, ready=ready, background=background
        )
    )
    if ended is not None:
        raise RunError(ended)


@dataclass(frozen=True)
class _Doors:
    """Listening sockets of the app and of managed login, and the names that they answer to."""

    app: list[socket.socket]
    login: list[socket.socket]
    hosts: tuple[str, ...]
    docker: SamRun | None


def _open(places: Places, options: argparse.Namespace, running: ExitStack) -> _Doors:
    app = listen_on_loopback_too(places.host, places.port)
    login = listen_on_loopback_too(places.host, places.login_port)
    for listener in app + login:
        running.enter_context(listener)
    # After the local AWS has ended; before the ports are taken, the file is another stack's.
    running.callback(detached.forget, places)
    if not options.sam:
        return _Doors(app, login, places.hosts, None)
    from local.sam_run import SamRun  # noqa: PLC0415 - slow, and `make run` does not need it

    docker = SamRun(places, has_app=options.app is not None)
    hosts = (*places.hosts, HOST_SEEN_FROM_DOCKER)
    return _Doors(app, login + docker.login_at_bridge, hosts, docker)


def _start_aws(
    places: Places, hosts: Collection[str], paths: Sequence[Path], running: ExitStack
) -> MiniStack:
    listen("127.0.0.1", places.aws_port).close()  # fails with a clear message if the port is in use
    local = ministack.start(
        LocalAws.new(places.aws_port),
        data=places.data,
        hosts=hosts,
        services=ministack.services_for(resource_types(paths)),
    )
    running.callback(local.stop)
    return local


if __name__ == "__main__":
    status = main()
    # Not sys.exit: if Ctrl-C arrives while Python runs exec(), for example to create a dataclass,
    # `python -m` remembers it and ends by SIGINT, although main has handled it.
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)
