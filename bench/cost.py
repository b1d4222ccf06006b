"""What a million sign-ins cost at each memory size, and how many requests meet a cold start.

    python -m bench.cost docs/speed.json

Computed from the bench's figures. Two numbers turn ratios into time: FLOOR_MS, what hello world's
cold start takes on Lambda, and WAIT_MS, what a sign-in waits for Cognito; both are to be replaced
by those of one's own account. Prices: https://aws.amazon.com/lambda/pricing/, us-east-1, x86.
"""

from __future__ import annotations

import heapq
import json
import random
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bench import plot
from bench.report import FULL_PROCESSOR_MB

FLOOR_MS = 100.0
WAIT_MS = {"landing": 0.0, "login": 0.0, "callback": 120.0}
PRICE_GB_SECOND = 0.0000166667
PRICE_REQUEST = 0.20 / 1e6
SIGN_IN = ("landing", "login", "callback", "landing")  # what one visitor asks for; last: welcome
MEMORY_MB = (128, 256, 512, 768, 1024, 1769)
LIFE_SECONDS = 600.0  # an idle environment is kept for some minutes; AWS promises nothing


def milliseconds(row: Mapping[str, Any], memory: float) -> tuple[float, float, float]:
    """Init, first and warm request on Lambda; init always has a whole processor."""
    slowdown = max(FULL_PROCESSOR_MB / memory, 1.0)
    init = row["init_in_floors_cold_start"] * FLOOR_MS
    first = row["first_in_floors_cold_start"] * FLOOR_MS * slowdown
    wait = WAIT_MS[row["route"]]
    return init, first + wait, row["handler_milliseconds"] * slowdown + wait


def dollars_for_a_million(
    rows: Mapping[str, Mapping[str, Any]], memory: float, cold: float
) -> float:
    """Sign-ins of four requests each, of which the share ``cold`` meets a new environment."""
    billed = 0.0
    for route in SIGN_IN:
        init, first, warm = milliseconds(rows[route], memory)
        billed += cold * (init + first) + (1 - cold) * warm
    return 1e6 * (len(SIGN_IN) * PRICE_REQUEST + billed / 1000 * memory / 1024 * PRICE_GB_SECOND)


def cold_share(
    rate: float, busy_seconds: float, cold_seconds: float, *, burst: int, requests: int = 20_000
) -> tuple[float, int]:
    """Simulate arrivals; return the share of cold starts and the most environments at once.

    Bursts of ``burst`` requests come at random (Poisson), ``rate`` requests a second in all. The
    environment that was used last is used first, and one that idles for LIFE_SECONDS goes.
    """
    chance = random.Random(1)  # noqa: S311 - the same simulation every time
    idle: list[float] = []  # since when, oldest first
    busy: list[float] = []  # until when
    now, cold, most = 0.0, 0, 0
    for _ in range(requests // burst):
        now += chance.expovariate(rate / burst)
        while busy and busy[0] <= now:
            idle.append(heapq.heappop(busy))
        idle = [since for since in idle if now - since < LIFE_SECONDS]
        for _ in range(burst):
            warm = bool(idle)
            if warm:
                idle.pop()
            cold += not warm
            heapq.heappush(busy, now + (busy_seconds if warm else cold_seconds))
        most = max(most, len(busy))
    return cold / (requests // burst * burst), most


def main() -> None:
    report = json.loads(Path(sys.argv[1]).read_text("utf-8"))
    rows = {row["route"]: row for row in report["routes"] if row["subject"] == "foyer"}
    print("| memory | 1 million sign-ins, 1 % cold | cold callback | warm callback |")
    print("|---:|---:|---:|---:|")
    for memory in MEMORY_MB:
        init, first, warm = milliseconds(rows["callback"], memory)
        dollars = dollars_for_a_million(rows, memory, 0.01)
        print(f"| {memory} MB | ${dollars:.2f} | {init + first:.0f} ms | {warm:.0f} ms |")
    init, first, warm = milliseconds(rows["callback"], 512)
    cold_seconds, busy_seconds = (init + first) / 1000, warm / 1000
    print("\n| requests a second | in bursts of | cold starts | environments at most |")
    print("|---:|---:|---:|---:|")
    curves: dict[str, list[tuple[float, float]]] = {}
    for burst in (1, 10, 50):
        curve = []
        for rate in (0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 1, 10, 50):
            share, most = cold_share(rate, busy_seconds, cold_seconds, burst=burst)
            curve.append((rate, share))
            if rate in (0.01, 0.1, 1, 10, 50):
                print(f"| {rate} | {burst} | {share:.2%} | {most} |")
        curves[f"bursts of {burst}"] = [point for point in curve if point[0] <= 0.5]
    picture = plot.lines(
        "Share of requests that meet a cold start",
        "simulated arrivals, callbacks at 512 MB, environments kept for ten idle minutes",
        curves, x_label="requests a second", percent=True,
    )  # fmt: skip
    (Path(sys.argv[1]).with_name("pictures") / "cold-share.svg").write_text(picture, "utf-8")


if __name__ == "__main__":
    main()
