"""Foyer's template and that of an app beside it, deployed to the local AWS."""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from local.aws import LocalAws
from local.places import TEMPLATE, Places, RunError
from local.stand_ins import CREATED

if TYPE_CHECKING:
    from local.apps import Apps
    from local.stack import Stack


class Project:
    """``host`` is this machine as functions see it."""

    def __init__(
        self, places: Places, aws: LocalAws, options: argparse.Namespace, host: str
    ) -> None:
        self._places = places
        self._aws = aws
        # As a deployment has them, and the address of this copy.
        self._parameters = {"LocalUrl": places.app, **dict(options.parameter)}
        self._app: Path | None = options.app
        self._app_parameters = dict(options.app_parameter)
        self._host = host
        self._is_sam = options.sam

    def deploy(self) -> tuple[Stack, Apps]:
        """Create or update everything; raises RunError."""
        from local import apps  # noqa: PLC0415 - slow, and the local AWS can start meanwhile
        from local.cloudformation import ParameterError, StackError  # noqa: PLC0415
        from local.stack import deploy  # noqa: PLC0415

        app = None
        try:
            stack = deploy(self._aws, TEMPLATE, self._parameters)
            if self._app is not None:
                app = apps.deploy_app(self._aws, self._app, self._app_parameters)
        except ParameterError as error:
            raise RunError(str(error)) from error
        except StackError as error:
            raise RunError(
                f"{error} (to start with an empty user pool, delete {self._places.data})"
            ) from error
        # `sam local invoke` can call each of them, with the variables that it is given here.
        found = apps.assemble(
            stack.deployed,
            app,
            with_unused=self._is_sam,
            runs_triggers=not self._is_sam or app is not None,
        )
        functions = apps.with_environments(
            found.functions, self._places, self._aws, stack, self._host
        )
        return stack, replace(found, functions=functions)


def templates(options: argparse.Namespace) -> list[Path]:
    return [TEMPLATE] if options.app is None else [TEMPLATE, options.app]


def resource_types(paths: Sequence[Path]) -> set[str]:
    """Read by pattern: parsing takes longer than the start of the local AWS should wait."""
    texts = [path.read_text(encoding="utf-8") for path in paths if path.is_file()]
    found = {
        kind.replace("Serverless::SimpleTable", "DynamoDB::Table")
        for text in texts
        for kind in re.findall(r"Type: *[\"']?(AWS::\w+::\w+)", text)
    }
    return found & CREATED
