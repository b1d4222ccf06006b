"""HTTP that simulates slow calls without waiting, and measures the simulated time."""

from __future__ import annotations

from typing import Any

import requests
import urllib3

from tests.flow.conftest import Clock


class Impatient(requests.Session):
    """Lets every call take all the time it is granted on ``clock``, and little in truth.

    Only a call whose address ends in ``hurried`` is really cut short, so that an honest answer
    is never too late, however busy the machine.
    """

    def __init__(self, clock: Clock, hurried: str = "") -> None:
        super().__init__()
        self._clock = clock
        self._hurried = hurried

    def request(self, method: Any, url: Any, *args: Any, **kwargs: Any) -> requests.Response:
        granted = kwargs["timeout"].total
        if self._hurried and url.endswith(self._hurried):
            kwargs["timeout"] = urllib3.Timeout(total=0.2)
        try:
            return super().request(method, url, *args, **kwargs)
        finally:
            self._clock.advance(granted)
