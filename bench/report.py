"""From samples to figures: medians, ratios to the floor, a table and a JSON file."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import median
from typing import Any

from bench.container import Taken
from bench.measure import Case, Samples
from bench.packages import Size
from bench.subjects import Subject

# Lambda gives the init phase a whole processor; afterwards it is memory's share of it.
FULL_PROCESSOR_MB = 1769
MODELLED_MB = 512
FLOOR = "hello"


@dataclass(frozen=True)
class Row:
    """Medians of one subject and route: milliseconds of the child's processor time, or as named."""

    subject: str
    route: str
    init: float
    first: float
    warm: float
    handler: float
    init_on_the_wall: float
    first_on_the_wall: float
    peak_memory: float
    calls: Mapping[str, Mapping[str, int]]

    @property
    def cold(self) -> float:
        """The modelled cold start of a small function."""
        return modelled(self.init, self.first, MODELLED_MB)

    @property
    def cold_on_the_wall(self) -> float:
        return modelled(self.init_on_the_wall, self.first_on_the_wall, MODELLED_MB)


def modelled(init: float, first: float, memory: float) -> float:
    return init + first * max(FULL_PROCESSOR_MB / memory, 1.0)


def rows(taken: Mapping[Case, Samples], handler: Mapping[Case, list[float]]) -> list[Row]:
    return [
        Row(
            subject,
            route,
            init=_cpu(samples.init),
            first=_cpu(samples.first),
            warm=_cpu(samples.warm),
            handler=median(handler[subject, route]),
            init_on_the_wall=_wall(samples.init),
            first_on_the_wall=_wall(samples.first),
            peak_memory=median(samples.peak_memory),
            calls={
                "init": samples.calls_in_init,
                "first": samples.calls_in_first,
                "warm": samples.calls_in_warm,
            },
        )
        for (subject, route), samples in taken.items()
    ]


def document(
    found: list[Row], subjects: list[Subject], sizes: Mapping[str, Size], samples: int
) -> dict[str, Any]:
    """Everything, as ratios to the floor where it is a time."""
    floor = next(row for row in found if row.subject == FLOOR)
    return {
        "machine": {"python": "3.13", "system": platform.system(), "processor": platform.machine()},
        "samples": samples,
        "floor": f"{FLOOR}: every time is a multiple of its",
        "packages": {
            subject.name: {
                "title": subject.title,
                "bytecode": subject.bytecode,
                "is_peer": subject.is_peer,
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
                "warm": _ratio(row.warm, floor.warm),
                "cold_start_at_512_mb": _ratio(row.cold, floor.cold),
                "cold_start_at_512_mb_on_the_wall": _ratio(
                    row.cold_on_the_wall, floor.cold_on_the_wall
                ),
                "init_in_floors_cold_start": _ratio(row.init, floor.cold),
                "first_in_floors_cold_start": _ratio(row.first, floor.cold),
                "handler_milliseconds": round(row.handler, 4),
                "peak_memory_mib": round(row.peak_memory, 1),
                "upstream_calls": row.calls,
            }
            for row in sorted(found, key=lambda row: (_order(subjects, row), row.route))
        ],
    }


def table(report: Mapping[str, Any]) -> str:
    """The same in Markdown."""
    lines = [
        "| | route | init | first | **cold start** | on the wall | handler, warm | memory | calls"
        " (init + first, warm) |",
        "|---|---|---:|---:|---:|---:|---:|---:|---|",
    ]
    for row in report["routes"]:
        package = report["packages"][row["subject"]]
        calls = row["upstream_calls"]
        cold = _named(calls["init"]) + " + " + _named(calls["first"])
        lines.append(
            f"| {package['title']} | {row['route']} | {row['init']:.2f} | {row['first']:.1f} | "
            f"**{row['cold_start_at_512_mb']:.2f}** | "
            f"{row['cold_start_at_512_mb_on_the_wall']:.2f} | "
            f"{row['handler_milliseconds']:.3f} ms | {row['peak_memory_mib']:.0f} MiB | "
            f"{cold}, {_named(calls['warm'])} |"
        )
    lines += ["", "| package | zipped | unzipped |", "|---|---:|---:|"]
    lines += [
        f"| {package['title']} | {package['zipped_bytes'] / 1e6:.2f} MB | "
        f"{package['unzipped_bytes'] / 1e6:.1f} MB |"
        for package in report["packages"].values()
    ]
    return "\n".join(lines) + "\n"


def _named(calls: Mapping[str, int]) -> str:
    return " ".join(f"{n} {name}" if n > 1 else name for name, n in calls.items() if n) or "none"


def _order(subjects: list[Subject], row: Row) -> int:
    return [subject.name for subject in subjects].index(row.subject)


def _ratio(value: float, floor: float) -> float:
    return round(value / floor, 3)


def _cpu(taken: list[Taken]) -> float:
    return median(each.cpu for each in taken)


def _wall(taken: list[Taken]) -> float:
    return median(each.wall for each in taken)
