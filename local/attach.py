"""`make attach`: connects the terminal to a ``breakpoint()`` in a function of the local stack."""

from __future__ import annotations

import socket
import sys
import threading
import time

from local.places import BREAKPOINTS


def main() -> int:
    waiting = sorted(BREAKPOINTS.glob("*"), key=lambda place: place.stat().st_mtime)
    for place in waiting:
        with socket.socket(socket.AF_UNIX) as connection:
            try:
                connection.connect(str(place))
            except OSError:  # the function has ended
                place.unlink(missing_ok=True)
                continue
            _talk(connection)
            return 0
    print(  # noqa: T201
        "No function is paused at a breakpoint(). Put one into a function, and call its route.",
        file=sys.stderr,
    )
    return 1


def _talk(connection: socket.socket) -> None:
    def show() -> None:
        while received := connection.recv(4096):
            sys.stdout.write(received.decode("utf-8", "replace"))
            sys.stdout.flush()

    shown = threading.Thread(target=show, daemon=True)
    shown.start()
    threading.Thread(target=_type, args=(connection,), daemon=True).start()
    while shown.is_alive():
        time.sleep(0.05)


def _type(connection: socket.socket) -> None:
    try:
        for line in sys.stdin:
            connection.sendall(line.encode())
    except OSError:
        return  # the function continues


if __name__ == "__main__":
    sys.exit(main())
