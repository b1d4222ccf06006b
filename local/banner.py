"""Where things are: for people in the terminal, and for programs as JSON."""

from __future__ import annotations

import sys
from typing import Any

from local.apps import Apps
from local.places import Places
from local.stack import DEMO_USER, Stack


def facts(places: Places, stack: Stack, apps: Apps) -> dict[str, Any]:
    """For programs."""
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


def show(places: Places, stack: Stack, apps: Apps, seconds: float) -> None:
    """For people; ``seconds`` is how long the start took."""
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
