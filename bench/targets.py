"""The targets, and whether a run met them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from bench.report import named

COLD = {"landing": 6.5, "login": 6.5, "callback": 8.0}  # multiples of hello world's
OF_BEST_PEER = 0.6
WARM_MS = {"landing": 0.06, "welcome": 0.06, "callback": 0.3}
# Milliseconds depend on the machine. On the one where they were set, the Powertools stack took
# STACK_MS. It has no welcome page, so its landing page is compared with both of our pages.
STACK = "powertools-bytecode"
STACK_MS = {
    "landing": ("landing", 0.09),
    "welcome": ("landing", 0.09),
    "callback": ("callback", 0.42),
}
WARM_CALLS = {"landing": {}, "welcome": {}, "callback": {"token": 1, "userinfo": 1}}
# The guard's share is of the usual Python authorizer's, with bytecode added to it.
GUARD_COLD, GUARD_OF_PEER = 3.5, 0.45
GUARD_WARM_MS, GUARD_WARM_OF_PEER = 0.06, 0.5
PACKAGE_BYTES = 8_000_000
MEMORY_BYTES = 100_000_000

Judged = tuple[str, str, bool]  # target, what was measured, whether it is met


def table(judged: list[Judged]) -> str:
    """The table in Markdown."""
    lines = ["| target | measured | |", "|---|---|---|"]
    for target, measured, met in judged:
        lines.append(f"| {target} | {measured} | {'met' if met else '**missed**'} |")
    return "\n".join(lines) + "\n"


def judged(document: Mapping[str, Any]) -> list[Judged]:
    """The targets whose subjects and routes were measured."""
    ours = {row["route"]: row for row in document["routes"] if row["subject"] == "foyer"}
    if not ours:
        return [*_guard(document)]
    package = document["packages"]["foyer"]["zipped_bytes"]
    memory = max(row["peak_memory_mib"] for row in ours.values())
    return [
        *_cold(document, ours),
        *_warm(document, ours),
        *_calls(ours),
        *_guard(document),
        ("package: at most 8 MB zipped", f"{package / 1e6:.2f} MB", package <= PACKAGE_BYTES),
        ("memory: at most 100 MB", f"{memory:.0f} MiB", memory * 2**20 <= MEMORY_BYTES),
    ]


def _cold(document: Mapping[str, Any], ours: Mapping[str, Any]) -> Iterator[Judged]:
    for route, most in COLD.items():
        cold = ours[route]["cold_start_at_512_mb"]
        yield f"cold start of {route}: at most {most:g}", f"{cold:.2f}", cold <= most
        shares = {
            how: cold / best
            for how, bytecode in (("as shipped", False), ("with bytecode added", True))
            if (best := _best_python_peer(document, route, bytecode=bytecode))
        }
        if shares:
            measured = ", ".join(f"{share:.2f} {how}" for how, share in shares.items())
            met = max(shares.values()) <= OF_BEST_PEER
            yield f"… at most {OF_BEST_PEER} of the best other Python stack", measured, met


def _guard(document: Mapping[str, Any]) -> Iterator[Judged]:
    rows = {row["subject"]: row for row in document["routes"] if row["route"] == "guard"}
    if "guard" not in rows:
        return
    cold, took = rows["guard"]["cold_start_at_512_mb"], rows["guard"]["handler_milliseconds"]
    yield f"cold start of the guard: at most {GUARD_COLD:g}", f"{cold:.2f}", cold <= GUARD_COLD
    peer = rows.get("authorizer-bytecode")
    if peer:
        share = cold / peer["cold_start_at_512_mb"]
        target = f"… at most {GUARD_OF_PEER} of a usual Python authorizer with bytecode added"
        yield target, f"{share:.2f}", share <= GUARD_OF_PEER
    target = f"warm guard: at most {GUARD_WARM_MS} ms in the handler"
    yield target, f"{took:.3f} ms", took <= GUARD_WARM_MS
    if peer:
        share = took / peer["handler_milliseconds"]
        yield (
            f"… at most {GUARD_WARM_OF_PEER} of that authorizer's",
            f"{share:.2f}",
            (share <= GUARD_WARM_OF_PEER),
        )
    made = rows["guard"]["upstream_calls"]["warm"]
    yield "upstream calls of a warm guard: none", named(made), not any(made.values())


def _best_python_peer(document: Mapping[str, Any], route: str, *, bytecode: bool) -> float | None:
    packages = document["packages"]
    of_peers = [
        row["cold_start_at_512_mb"]
        for row in document["routes"]
        if row["route"] == route
        and (package := packages[row["subject"]])["is_peer"]
        and package["runtime"] == "python"
        and package["bytecode"] == bytecode
    ]
    return min(of_peers, default=None)


def _warm(document: Mapping[str, Any], ours: Mapping[str, Any]) -> Iterator[Judged]:
    stack = {row["route"]: row for row in document["routes"] if row["subject"] == STACK}
    for route, most in WARM_MS.items():
        took = ours[route]["handler_milliseconds"]
        yield f"warm {route}: at most {most} ms in the handler", f"{took:.3f} ms", took <= most
        theirs, then = STACK_MS[route]
        if theirs in stack:
            share, limit = took / stack[theirs]["handler_milliseconds"], most / then
            target = f"… at most {limit:.2f} of the Powertools stack's {theirs}"
            yield target, f"{share:.2f}", share <= limit


def _calls(ours: Mapping[str, Any]) -> Iterator[Judged]:
    for route, calls in WARM_CALLS.items():
        made = ours[route]["upstream_calls"]["warm"]
        yield f"upstream calls of a warm {route}: {named(calls)}", named(made), made == calls
