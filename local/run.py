"""Runs Foyer locally: the app, Cognito with managed login, an inbox and a users page.

    python -m local.run          # what `make run` calls
    python -m local.run --sam    # what `make start-api` calls: the app under `sam local start-api`

Uses three ports: 3000 for the app, the next one for managed login, and the one after for AWS.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Collection, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from local import detached, ministack
from local.aws import LocalAws
from local.docker_bridge import HOST as HOST_SEEN_FROM_DOCKER
from local.local_part import CREATED
from local.ministack import MiniStack, MiniStackError
from local.places import TEMPLATE, Places, RunError, listen, listen_on_loopback_too
from local.progress import Progress
from local.run_options import read_options

if TYPE_CHECKING:
    from types import FrameType

    from local.apps import Apps
    from local.stack import Stack


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
    except (RunError, MiniStackError) as error:
        print(f"Foyer stopped: {error}.", file=sys.stderr)  # noqa: T201
        return 1
    except KeyboardInterrupt:
        pass
    return 0


# Python drops an exception that a signal handler raises inside a finaliser or a callback of the
# garbage collector. This event still records that Ctrl-C was pressed during start-up.
_asked_to_stop = threading.Event()


def _stop(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - as signal calls it
    if not _asked_to_stop.is_set():  # a second Ctrl-C must not interrupt the clean-up
        _asked_to_stop.set()
        raise KeyboardInterrupt


def _run(places: Places, options: argparse.Namespace, running: ExitStack) -> None:
    """Start everything in order, print the banner, and serve; ``running`` ends everything."""
    progress = running.enter_context(Progress(sys.stdout))
    progress.step("Starting the local AWS")
    app_listeners = listen_on_loopback_too(places.host, places.port)
    login_listeners = listen_on_loopback_too(places.host, places.login_port)
    for listener in app_listeners + login_listeners:
        running.enter_context(listener)
    # After the local AWS has ended; before the ports are taken, the file is another stack's.
    running.callback(places.running.unlink, missing_ok=True)
    hosts = places.hosts
    if options.sam:
        from local import sam  # noqa: PLC0415 - slow to import, and `make run` does not need it

        login_at_bridge, aws_at_bridge = sam.bridge_listeners(places)
        login_listeners += login_at_bridge
        hosts += (HOST_SEEN_FROM_DOCKER,)
    local = _start_aws(places, hosts, _templates(options), running)
    # While the local AWS starts, which takes as long.
    from local import seed, serving  # noqa: PLC0415
    from local.apps import jwks_urls  # noqa: PLC0415
    from local.managed_login.triggers import Triggers  # noqa: PLC0415

    project = _Project(
        places, local.aws, options, HOST_SEEN_FROM_DOCKER if options.sam else "127.0.0.1"
    )
    ministack.wait_until_ready(local)
    progress.step("Creating the user pool from template.yaml")
    stack, apps = project.deploy()
    seed.apply(local.aws, stack.user_pool_id, seed.read(options.users))
    children = {f"the local AWS (its log is {local.log})": local.process}
    app = None
    served, forwards = [], []
    background = []
    if options.sam:
        progress.step("Starting the SAM CLI")
        progress.end()  # the SAM CLI prints its own output
        forwards = [(listener, places.aws_port) for listener in aws_at_bridge]
        for listener in app_listeners:
            listener.close()  # the SAM CLI takes the port itself
        children["the SAM CLI"] = _start_sam(places, local.aws, apps, running)
    else:
        app = serving.App(places, apps, jwks_urls(stack, local.aws), options.log_format)
        running.callback(app.close)
        served.append(app.served(app_listeners))
        background.append(app.follow(_templates(options), lambda: project.deploy()[1]))
    triggers = Triggers() if app is None else app.triggers
    served.append(
        serving.login(places, stack, local.aws, login_listeners, hosts=hosts, triggers=triggers)
    )

    if _asked_to_stop.is_set():
        raise KeyboardInterrupt

    async def ready() -> None:
        if options.sam:
            await sam.until_it_answers(places)
        progress.end()
        detached.write(places, _facts(places, stack, apps))
        _print_banner(places, stack, apps, progress.seconds)

    ended = asyncio.run(
        serving.serve(
            served, forwards=forwards, children=children, ready=ready, background=background
        )
    )
    if ended is not None:
        raise RunError(f"{ended} ended unexpectedly")


def _resource_types(templates: Sequence[Path]) -> set[str]:
    """By their looks: reading the templates takes longer than starting the local AWS may wait."""
    texts = [path.read_text(encoding="utf-8") for path in templates if path.is_file()]
    found = {
        kind.replace("Serverless::SimpleTable", "DynamoDB::Table")
        for text in texts
        for kind in re.findall(r"Type: *[\"']?(AWS::\w+::\w+)", text)
    }
    return found & CREATED


def _start_aws(
    places: Places, hosts: Collection[str], templates: Sequence[Path], running: ExitStack
) -> MiniStack:
    listen("127.0.0.1", places.aws_port).close()  # fails with a clear message if the port is in use
    local = ministack.start(
        LocalAws.new(places.aws_port),
        data=places.data,
        hosts=hosts,
        services=ministack.services_for(_resource_types(templates)),
    )
    running.callback(local.stop)
    return local


def _templates(options: argparse.Namespace) -> list[Path]:
    return [TEMPLATE] if options.app is None else [TEMPLATE, options.app]


def _start_sam(
    places: Places, aws: LocalAws, apps: Apps, running: ExitStack
) -> subprocess.Popen[bytes]:
    from local import sam  # noqa: PLC0415

    running.callback(places.function_environment.unlink, missing_ok=True)
    sam.write_environment(places, apps.functions)
    started = sam.start_api(places, aws)
    running.callback(sam.stop, started)
    return started


class _Project:
    """Foyer's template and the app's, deployed again whenever one of them changes."""

    def __init__(
        self, places: Places, aws: LocalAws, options: argparse.Namespace, host: str
    ) -> None:
        self._places = places
        self._aws = aws
        self._parameters = _parameters(places, dict(options.parameter))
        self._app: Path | None = options.app
        self._app_parameters = dict(options.app_parameter)
        self._host = host  # this machine as functions see it
        self._is_sam = options.sam

    def deploy(self) -> tuple[Stack, Apps]:
        """Raises RunError."""
        from local import apps  # noqa: PLC0415
        from local.cloudformation import StackError  # noqa: PLC0415
        from local.stack import deploy  # noqa: PLC0415

        app = None
        try:
            stack = deploy(self._aws, TEMPLATE, self._parameters)
            if self._app is not None:
                app = apps.deploy_app(self._aws, self._app, self._app_parameters)
        except StackError as error:
            raise RunError(
                f"{error} (to start with an empty user pool, delete {self._places.data})"
            ) from error
        # `sam local invoke` can call each of them, with the variables that it is given here.
        found = apps.assemble(stack.deployed, app, with_unused=self._is_sam)
        functions = apps.with_environments(
            found.functions, self._places, self._aws, stack, self._host
        )
        return stack, replace(found, functions=functions)


def _parameters(places: Places, given: Mapping[str, str]) -> dict[str, str]:
    """As a deployment has them, and the address of this copy."""
    return {"LocalUrl": places.app, **given}


def _facts(places: Places, stack: Stack, apps: Apps) -> dict[str, Any]:
    """Where things are, for programs."""
    from local.stack import DEMO_USER  # noqa: PLC0415

    return {
        "app": places.app,
        "apps": {
            api.mapping_key: f"{places.app}/{api.mapping_key}"
            for api in apps.apis
            if api.mapping_key
        },
        "login": places.login,
        "inbox": f"{places.login}/inbox.json",
        "users": f"{places.login}/users.json",
        "aws": f"http://127.0.0.1:{places.aws_port}",
        "aws_configuration": str(places.aws_configuration),
        "user_pool_id": stack.user_pool_id,
        "client_id": stack.client_id,
        "demo_user": {"username": DEMO_USER, "password": stack.demo_password},
        "not_run": list(apps.left_out),
        "data": str(places.data),
    }


def _print_banner(places: Places, stack: Stack, apps: Apps, seconds: float) -> None:
    from local.stack import DEMO_USER  # noqa: PLC0415

    password = f"password {stack.demo_password}" if stack.demo_password else "password was changed"
    paths = [
        f"  Your app       {places.app}/{api.mapping_key}\n" for api in apps.apis if api.mapping_key
    ]
    left_out = f"  Not run here   {', '.join(apps.left_out)}\n" if apps.left_out else ""
    bold, dim, plain = ("\033[1m", "\033[2m", "\033[0m") if sys.stdout.isatty() else ("", "", "")
    print(  # noqa: T201
        f"""
  {bold}Foyer runs{plain} {dim}after {seconds:.1f} s{plain}

  {bold}App{plain}            {places.app}
  Managed login  {places.login}  {dim}(local version of Cognito's pages){plain}
  Inbox          {places.login}/inbox
  Users          {places.login}/users
  Demo user      {DEMO_USER}, {password}
{"".join(paths)}{left_out}
  {dim}Data in {places.data}. Ctrl-C stops everything.{plain}
""",
        flush=True,
    )


if __name__ == "__main__":
    sys.exit(main())
