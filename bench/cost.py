"""The cost of a million sign-ins at each memory size, and the share of cold starts.

    python -m bench.cost docs/sweep.json

Reads the results of `make sweep`, which runs this too, and updates cost.md next to it, with two
pictures. Prices: https://aws.amazon.com/lambda/pricing/, us-east-1, x86. Durations are billed in
milliseconds, rounded up, including init.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from bench import bursts, page, plot
from bench.report import FULL_PROCESSOR_MB, MODELLED_MB

PRICE_GB_SECOND = 0.0000166667
PRICE_REQUEST = 0.20 / 1e6
SIGN_IN = ("landing", "login", "callback", "welcome")  # the requests of one visitor
COLD = 0.01  # share of requests that start a new environment


@dataclass(frozen=True)
class Sweep:
    """The measurements, in milliseconds."""

    latency: float
    hello_cold: float
    samples: int
    init: float  # of all containers: init is not throttled at any memory size
    rows: Mapping[tuple[int, str], Mapping[str, float]]

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> Sweep:
        return cls(
            document["latency_ms"],
            document["hello_cold_ms"],
            document["samples"],
            median(row["init_ms"] for row in document["rows"]),
            {(row["memory"], row["route"]): row for row in document["rows"]},
        )

    @property
    def memory_sizes(self) -> list[int]:
        return sorted({memory for memory, _ in self.rows})

    def cold(self, memory: int, route: str) -> float:
        return self.init + self.rows[memory, route]["first_ms"]

    def modelled_first(self, memory: int, route: str) -> float:
        """Waiting time with a whole processor, plus processor time scaled by memory."""
        whole, here = self.rows[self.memory_sizes[-1], route], self.rows[memory, route]
        waiting = whole["first_ms"] - whole["first_processor_ms"]
        return waiting + here["first_processor_ms"] * max(FULL_PROCESSOR_MB / memory, 1.0)

    def dollars_for_a_million(self, memory: int, cold: float) -> float:
        """Four requests per sign-in; the share ``cold`` of them starts a new environment."""
        billed = sum(
            cold * math.ceil(self.cold(memory, route))
            + (1 - cold) * math.ceil(self.rows[memory, route]["warm_ms"])
            for route in SIGN_IN
        )
        gb_seconds = billed / 1000 * memory / 1024
        return 1e6 * (len(SIGN_IN) * PRICE_REQUEST + gb_seconds * PRICE_GB_SECOND)


def record(source: Path) -> None:
    """Update cost.md next to ``source``, and its pictures."""
    sweep = Sweep.read(json.loads(source.read_text("utf-8")))
    for name, section in sections(sweep).items():
        page.fill(source.with_name("cost.md"), name, section)
        sys.stdout.write(f"{section}\n")
    warm, cold = _callback_seconds(sweep)
    pictures = source.with_name("pictures")
    pictures.mkdir(exist_ok=True)
    (pictures / "memory.svg").write_text(_picture(sweep), "utf-8")
    (pictures / "cold-share.svg").write_text(bursts.picture(warm, cold), "utf-8")


def sections(sweep: Sweep) -> dict[str, str]:
    """The text between the marks of cost.md, by their names."""
    return {"cost": _table(sweep), "bursts": bursts.table(*_callback_seconds(sweep))}


def _callback_seconds(sweep: Sweep) -> tuple[float, float]:
    """Seconds of a warm and a cold callback at the default memory size."""
    warm = sweep.rows[MODELLED_MB, "callback"]["warm_ms"]
    return warm / 1000, sweep.cold(MODELLED_MB, "callback") / 1000


def _table(sweep: Sweep) -> str:
    lines = [
        f"{sweep.samples} samples of each, on a machine where hello world's cold start takes "
        f"{sweep.hello_cold:.0f} ms. Init takes {sweep.init:.0f} ms at any size. "
        f"Each handshake and each answer from AWS is delayed by {sweep.latency:g} ms.",
        "",
        "| memory | 1 million sign-ins, 1 % cold | cold landing | cold callback | its "
        "request only | according to the model | warm callback |",
        "|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for memory in sweep.memory_sizes:
        callback = sweep.rows[memory, "callback"]
        lines.append(
            f"| {memory} MB | ${sweep.dollars_for_a_million(memory, COLD):.2f} "
            f"| {sweep.cold(memory, 'landing'):.0f} ms | {sweep.cold(memory, 'callback'):.0f} ms "
            f"| {callback['first_ms']:.0f} ms | {sweep.modelled_first(memory, 'callback'):.0f} ms "
            f"| {callback['warm_ms']:.0f} ms |"
        )
    return "\n".join([*lines, "", _verdict(sweep), ""])


def _verdict(sweep: Sweep) -> str:
    sizes = sweep.memory_sizes
    cheapest = min(sizes, key=lambda memory: sweep.dollars_for_a_million(memory, COLD))
    fastest = min(sizes, key=lambda memory: sweep.cold(memory, "callback"))
    longer = [
        f"{memory} MB {sweep.cold(memory, 'callback') / sweep.cold(fastest, 'callback') - 1:.1%}"
        for memory in sizes
        if memory != fastest
    ]
    return (
        f"**Cheapest: {cheapest} MB. Fastest cold callback: {fastest} MB.** "
        f"The others are slower: {', '.join(longer)}."
    )


def _picture(sweep: Sweep) -> str:
    sizes = sweep.memory_sizes
    return plot.lines(
        "First request after a cold start, by memory size",
        f"callback, milliseconds; AWS answers after {sweep.latency:g} ms; without init",
        {
            "measured": [(size, sweep.rows[size, "callback"]["first_ms"]) for size in sizes],
            "modelled": [(size, sweep.modelled_first(size, "callback")) for size in sizes],
        },
        x_label="MB of memory",
        percent=False,
    )


if __name__ == "__main__":
    record(Path(sys.argv[1]))
