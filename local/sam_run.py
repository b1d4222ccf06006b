"""The SAM CLI in the local stack, for `make start-api`.

One template is served by `sam local start-api` itself. With an app there are two: our gateway
serves them, and the SAM CLI only runs their functions.
"""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from contextlib import ExitStack

from local import sam, sam_functions
from local.aws import LocalAws
from local.http_api import Function
from local.places import Places, listen


class SamRun:
    """Raises RunError if something that the SAM CLI needs is missing."""

    def __init__(self, places: Places, *, has_app: bool) -> None:
        self._places = places
        self.login_at_bridge, self.aws_at_bridge = sam.bridge_listeners(places)
        # A new one each time, because the SAM CLI does not check who sends an event.
        self._lambda_port = _free_port() if has_app else None

    @property
    def functions(self) -> sam_functions.SamFunctions | None:
        """What our gateway calls; None if the SAM CLI serves the app's port."""
        port = self._lambda_port
        return None if port is None else sam_functions.SamFunctions(port)

    def start(
        self, aws: LocalAws, functions: Mapping[str, Function], running: ExitStack
    ) -> subprocess.Popen[bytes]:
        running.callback(self._places.function_environment.unlink, missing_ok=True)
        sam.write_environment(self._places, functions)  # for `sam local invoke` too
        if self._lambda_port is None:
            started = sam.start_api(self._places, aws)
        else:
            running.callback(self._places.function_template.unlink, missing_ok=True)
            sam_functions.write_template(self._places, functions)
            started = sam.start_lambda(self._places, aws, self._lambda_port)
        running.callback(sam.stop, started)
        return started

    async def until_ready(self) -> None:
        await sam.until_ready(self._places, self._lambda_port)


def _free_port() -> int:
    with listen("127.0.0.1", 0) as listener:
        return int(listener.getsockname()[1])
