"""Simulates which share of requests meets a cold start, by rate and burst size."""

from __future__ import annotations

import heapq
import random

from bench import plot

LIFE_SECONDS = 600.0  # AWS does not document how long an idle environment is kept
_BURSTS = (1, 10, 50)
_DRAWN = (0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5)  # requests a second
_TABLED = (0.01, 0.1, 1, 10, 50)


def cold_share(
    rate: float, busy_seconds: float, cold_seconds: float, *, burst: int, requests: int = 20_000
) -> tuple[float, int]:
    """Simulate arrivals; return the share of cold starts and the most environments at once.

    Bursts of ``burst`` requests arrive at random (Poisson), ``rate`` requests a second in total.
    The most recently used environment is reused first; after LIFE_SECONDS idle, it is removed.
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


def table(busy_seconds: float, cold_seconds: float) -> str:
    """A Markdown table for requests that take that long when warm and when cold."""
    lines = ["| requests a second | burst size | cold starts | max. environments |",
             "|---:|---:|---:|---:|"]  # fmt: skip
    for burst in _BURSTS:
        for rate in _TABLED:
            share, most = cold_share(rate, busy_seconds, cold_seconds, burst=burst)
            lines.append(f"| {rate:g} | {burst} | {share:.2%} | {most} |")
    return "\n".join([*lines, ""])


def picture(busy_seconds: float, cold_seconds: float) -> str:
    curves = {
        f"bursts of {burst}": [
            (rate, cold_share(rate, busy_seconds, cold_seconds, burst=burst)[0]) for rate in _DRAWN
        ]
        for burst in _BURSTS
    }
    return plot.lines(
        "Share of requests that meet a cold start",
        "simulation; callbacks at 512 MB; environments are removed after ten idle minutes",
        curves, x_label="requests a second", percent=True,
    )  # fmt: skip
