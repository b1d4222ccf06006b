"""`make sweep`: measures cold and warm requests at several memory sizes, throttled as in Lambda.

Init has a whole processor. Then a Linux control group limits the function to the share of its
memory size: a quota in every period. Creating control groups usually requires root. Lambda's
period is not documented; 20 ms has been reported.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

from bench import command, cost
from bench.container import Container, Taken
from bench.measure import ROUNDS_PER_VISITOR, Bench
from bench.packages import Toolbox
from bench.report import FULL_PROCESSOR_MB, machine
from bench.subjects import Subject, catalogue, check

MEMORY_MB = (128, 256, 512, 1024, 1769)
ROUTES = ("landing", "login", "callback", "welcome")
WARM_REQUESTS = 3
_PERIOD_US = 20_000
_UNIFIED = Path("/sys/fs/cgroup/cgroup.controllers")
_GROUPS = (Path("/sys/fs/cgroup"), Path("/sys/fs/cgroup/cpu"))

Case = tuple[int, str]  # memory, route


def main() -> None:
    options = _options()
    folder, upstreams, tools = command.begin(options)
    hello, foyer = _subjects(tools, folder)
    tools.runtime(folder / "runtime")
    bench = Bench(
        python=tools.python, runtime=folder / "runtime", upstreams=upstreams, folder=folder
    )
    taken: defaultdict[Case, list[list[Taken]]] = defaultdict(list)
    floor: list[float] = []
    with share_of_processor() as throttle:
        for number in range(options.samples):
            sys.stderr.write(f"round {number + 1} of {options.samples}\n")
            if number % ROUNDS_PER_VISITOR == 0:
                events, nonce = bench.prepare(foyer), upstreams.nonce
            with bench.container(hello) as container:
                floor.append(container.init.wall + container.invoke(events["landing"])[1].wall)
            for memory, route in random.sample(_cases(), len(_cases())):
                upstreams.grant(nonce)
                with bench.container(foyer) as container:
                    throttle(container.pid, memory)
                    sample = [container.init, *_requests(container, foyer, route, events[route])]
                    taken[memory, route].append(sample)
    upstreams.stop()
    document = {
        "machine": machine(tools.python, None),
        "samples": options.samples,
        "latency_ms": options.latency,
        "period_ms": _PERIOD_US / 1000,
        "hello_cold_ms": round(median(floor), 2),
        "rows": [_row(memory, route, taken[memory, route]) for memory, route in _cases()],
    }
    written = Path(options.output) / "sweep.json"
    written.parent.mkdir(parents=True, exist_ok=True)
    written.write_text(json.dumps(document, indent=1) + "\n", "utf-8")
    cost.record(written)


def _cases() -> list[Case]:
    return [(memory, route) for memory in MEMORY_MB for route in ROUTES]


def _requests(
    container: Container, subject: Subject, route: str, event: dict[str, Any]
) -> Iterator[Taken]:
    """The first request and some more, at random times within the group's period."""
    for _ in range(1 + WARM_REQUESTS):
        time.sleep(random.uniform(2, 4) * _PERIOD_US / 1e6)  # noqa: S311 - not for security
        reply, taken = container.invoke(event)
        check(subject, route, reply)
        yield taken


def _row(memory: int, route: str, samples: list[list[Taken]]) -> dict[str, Any]:
    """Medians in milliseconds: wall-clock and processor time."""
    inits, firsts = [each[0] for each in samples], [each[1] for each in samples]
    warm = [taken for each in samples for taken in each[2:]]
    row: dict[str, Any] = {"memory": memory, "route": route}
    for name, found in (("init", inits), ("first", firsts), ("warm", warm)):
        row[f"{name}_ms"] = round(median(taken.wall for taken in found), 2)
        row[f"{name}_processor_ms"] = round(median(taken.cpu for taken in found), 2)
    return row


@contextmanager
def share_of_processor() -> Iterator[Callable[[int, int], None]]:
    """Yield ``throttle(pid, memory)``; raises SystemExit if control groups are unavailable."""
    group = _GROUPS[not _UNIFIED.exists()] / f"foyer-bench-{os.getpid()}"
    try:
        group.mkdir()
    except OSError as error:
        raise SystemExit(
            f"Cannot create a control group to throttle the processor: {error}"
        ) from None

    def throttle(pid: int, memory: int) -> None:
        quota = int(_PERIOD_US * min(memory / FULL_PROCESSOR_MB, 1))
        if _UNIFIED.exists():
            (group / "cpu.max").write_text(f"{quota} {_PERIOD_US}")
        else:
            (group / "cpu.cfs_period_us").write_text(str(_PERIOD_US))
            (group / "cpu.cfs_quota_us").write_text(str(quota))
        (group / "cgroup.procs").write_text(str(pid))

    try:
        yield throttle
    finally:
        group.rmdir()


def _subjects(tools: Toolbox, folder: Path) -> tuple[Subject, Subject]:
    """Hello world and Foyer, with their packages built."""
    hello, foyer = catalogue(folder / "packages")[:2]
    tools.peer(hello.code, hello.package, bytecode=True)
    tools.foyer(tools.build_foyer(folder / "sam"), foyer.package, bytecode=True)
    return hello, foyer


def _options() -> argparse.Namespace:
    return command.parser(
        "python -m bench.sweep", __doc__,
        folder="build/sweep", samples_of="containers per memory and route", latency=15.0,
    ).parse_args()  # fmt: skip


if __name__ == "__main__":
    main()
