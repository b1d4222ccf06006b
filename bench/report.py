"""Computes medians, and ratios to hello world, from samples."""

from __future__ import annotations

import platform
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import median
from typing import Any

from bench.container import Taken
from bench.measure import Case, Samples
from bench.packages import Size
from bench.subjects import Subject

# Lambda gives the init phase a whole processor, and requests a share that depends on memory.
FULL_PROCESSOR_MB = 1769
MODELLED_MB = 512
FLOOR = "hello"


@dataclass(frozen=True)
class Row:
    """Medians of one subject and route: milliseconds of processor time, or as named.

    ``spread`` is the share of the cold start within which half of the samples differ from it.
    """

    subject: str
    route: str
    init: float
    first: float
    handler: float | None
    init_on_the_wall: float
    first_on_the_wall: float
    peak_memory: float
    spread: float
    calls: Mapping[str, Mapping[str, int]]

    @property
    def cold(self) -> float:
        """The modelled cold start at MODELLED_MB."""
        return modelled(self.init, self.first, MODELLED_MB)

    @property
    def cold_on_the_wall(self) -> float:
        return modelled(self.init_on_the_wall, self.first_on_the_wall, MODELLED_MB)


def modelled(init: float, first: float, memory: float) -> float:
    return init + first * max(FULL_PROCESSOR_MB / memory, 1.0)


def rows(
    taken: Mapping[Case, Samples], handler: Mapping[Case, list[float]], subjects: list[Subject]
) -> list[Row]:
    code_of = {subject.name: subject.code for subject in subjects}
    return [
        Row(
            subject,
            route,
            init=_cpu(samples.init),
            first=_cpu(samples.first),
            handler=median(times) if (times := handler.get((code_of[subject], route))) else None,
            init_on_the_wall=_wall(samples.init),
            first_on_the_wall=_wall(samples.first),
            peak_memory=median(samples.peak_memory),
            spread=_spread(samples),
            calls={
                "init": samples.calls_in_init,
                "first": samples.calls_in_first,
                "warm": samples.calls_in_warm,
            },
        )
        for (subject, route), samples in taken.items()
    ]


def machine(python: str, node: str | None) -> dict[str, str | None]:
    """The machine of the run; ``node`` is None if Node is missing and its peer was skipped."""
    return {
        "python": _version(python),
        "node": _version(node) if node else None,
        "system": platform.system(),
        "processor": platform.machine(),
    }


def _version(command: str) -> str:
    done = subprocess.run([command, "--version"], capture_output=True, text=True, check=True)
    return done.stdout.split()[-1].removeprefix("v")


def document(
    found: list[Row],
    subjects: list[Subject],
    sizes: Mapping[str, Size],
    ran_on: Mapping[str, str | None],
    samples: int,
) -> dict[str, Any]:
    """The complete report; times are ratios to hello world's."""
    floor = next(row for row in found if row.subject == FLOOR)
    return {
        "machine": ran_on,
        "samples": samples,
        "floor": f"{FLOOR}: every time is a multiple of its",
        "packages": {
            subject.name: {
                "title": subject.title,
                "bytecode": subject.bytecode,
                "is_peer": subject.is_peer,
                "folder": subject.package.name,
                "runtime": subject.runtime,
                "zipped_bytes": sizes[subject.name].zipped,
                "unzipped_bytes": sizes[subject.name].unzipped,
            }
            for subject in subjects
        },
        "routes": [
            {
                "subject": row.subject,
                "route": row.route,
                "init": _ratio(row.init, floor.init),
                "first": _ratio(row.first, floor.first),
                "cold_start_at_512_mb": _ratio(row.cold, floor.cold),
                "cold_start_at_512_mb_on_the_wall": _ratio(
                    row.cold_on_the_wall, floor.cold_on_the_wall
                ),
                "init_in_floors_cold_start": _ratio(row.init, floor.cold),
                "spread": round(row.spread, 4),
                "handler_milliseconds": row.handler and round(row.handler, 4),
                "peak_memory_mib": round(row.peak_memory, 1),
                "upstream_calls": row.calls,
            }
            for row in sorted(found, key=lambda row: (_order(subjects, row), row.route))
        ],
    }


def named(calls: Mapping[str, int]) -> str:
    return " ".join(f"{n} {name}" if n > 1 else name for name, n in calls.items() if n) or "none"


def _order(subjects: list[Subject], row: Row) -> int:
    return [subject.name for subject in subjects].index(row.subject)


def _ratio(value: float, floor: float) -> float:
    return round(value / floor, 3)


def _spread(samples: Samples) -> float:
    colds = [
        modelled(init.cpu, first.cpu, MODELLED_MB)
        for init, first in zip(samples.init, samples.first, strict=True)
    ]
    middle = median(colds)
    return median(abs(cold - middle) for cold in colds) / middle


def _cpu(taken: list[Taken]) -> float:
    return median(each.cpu for each in taken)


def _wall(taken: list[Taken]) -> float:
    return median(each.wall for each in taken)
