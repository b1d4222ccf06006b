"""The clocks that a function reads, and how it waits."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True)
class Clocks:
    """Times are in seconds. Deadlines are on the monotonic clock, which nobody sets."""

    monotonic: Callable[[], float] = time.monotonic
    now: Callable[[], float] = time.time  # since the epoch
    pause: Callable[[float], None] = time.sleep

    def microseconds(self) -> int:
        """Now, in whole microseconds since the epoch."""
        return int(self.now() * 1_000_000)


SYSTEM = Clocks()
