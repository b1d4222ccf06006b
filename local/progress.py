"""A progress line in the terminal, with the current step and the elapsed time."""

from __future__ import annotations

import threading
import time
from types import TracebackType
from typing import Self, TextIO

_TICK = 0.1  # seconds


class Progress:
    """On a terminal, the line is updated in place; elsewhere, each step has its own line."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._live = stream.isatty()
        self._started = time.monotonic()
        self._step = ""
        self._ended = threading.Event()
        self._ticking = threading.Thread(target=self._tick, daemon=True)

    def __enter__(self) -> Self:
        if self._live:
            self._ticking.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.end()

    def end(self) -> None:
        """Remove the line and stop."""
        if self._live and not self._ended.is_set():
            self._ended.set()
            self._ticking.join()
            self._write("\r\033[K")

    @property
    def seconds(self) -> float:
        """Seconds since the first step."""
        return time.monotonic() - self._started

    def step(self, text: str) -> None:
        self._step = text
        if not self._live:
            self._write(f"  {text} …\n")

    def _tick(self) -> None:
        while not self._ended.wait(_TICK):
            self._write(f"\r\033[K  {self._step} …  {self.seconds:.1f} s")

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()
