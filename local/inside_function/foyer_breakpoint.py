"""What ``breakpoint()`` does in a function: pdb, behind a socket that `make attach` opens.

It is a Unix socket in a folder of the project, so no web page can reach it. While it exists, no
timeout counts. This file is imported by functions, in their own environments.
"""

from __future__ import annotations

import os
import pdb
import socket
import sys
from pathlib import Path
from typing import Any


class AttachedPdb(pdb.Pdb):
    """Waits for somebody to attach, and hangs up when the function goes on."""

    def __init__(self, place: Path, where: str) -> None:
        self._place = place
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(str(place))
            server.listen(1)
            print(f"Paused at {where}: `make attach` opens the debugger", flush=True)  # noqa: T201
            connection, _ = server.accept()
        # Two files: what is read ahead would be lost when one of both directions writes.
        self._typed, self._shown = connection.makefile("r"), connection.makefile("w")
        connection.close()
        super().__init__(stdin=self._typed, stdout=self._shown, nosigint=True, readrc=False)

    def do_continue(self, arg: str) -> bool | None:
        """Go on; with no breakpoint left, that is the end of the session."""
        if not self.get_all_breaks():
            self._hang_up()
        return super().do_continue(arg)

    do_c = do_cont = do_continue

    def do_quit(self, arg: str) -> bool | None:
        """End the function with an error."""
        self._hang_up()
        return super().do_quit(arg)

    do_q = do_exit = do_EOF = do_quit  # noqa: N815 - as pdb names it

    def _hang_up(self) -> None:
        self._place.unlink(missing_ok=True)
        self._typed.close()
        self._shown.close()
        self.stdout = sys.stdout


def stop(*_: Any, **__: Any) -> None:
    """For PYTHONBREAKPOINT."""
    frame = sys._getframe(1)
    place = Path(os.environ["FOYER_BREAKPOINTS"], str(os.getpid()))
    where = f"{frame.f_code.co_filename}:{frame.f_lineno}"
    AttachedPdb(place, where).set_trace(frame)
