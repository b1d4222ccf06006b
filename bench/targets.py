"""The targets, and whether a run met them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from bench.report import named

# Cold starts are multiples of hello world's; the best peer in Python has bytecode added to it.
COLD = {"landing": 5.5, "login": 5.5, "callback": 6.5}
OF_BEST_PEER = 0.55
GUARD_COLD, GUARD_OF_PEER = 3.5, 0.45
PACKAGE_BYTES = 8_000_000

# Subject and route of a warm call: most milliseconds in the handler (if any), and upstream calls.
WARM: Mapping[tuple[str, str], tuple[float | None, Mapping[str, int]]] = {
    ("foyer", "landing"): (None, {}),
    ("foyer", "welcome"): (None, {}),
    ("foyer", "callback"): (None, {"token": 1, "userinfo": 1}),
    ("foyer-table", "welcome"): (0.15, {"table": 1}),
    ("guard", "guard"): (0.06, {}),
    ("guard-table", "guard"): (None, {"table": 1}),
}

Judged = tuple[str, str, bool]  # target, what was measured, whether it is met


def table(judged: list[Judged]) -> str:
    """The table in Markdown."""
    lines = ["| target | measured | |", "|---|---|---|"]
    for target, measured, met in judged:
        lines.append(f"| {target} | {measured} | {'met' if met else '**missed**'} |")
    return "\n".join(lines) + "\n"


def judged(document: Mapping[str, Any]) -> list[Judged]:
    """The targets whose subjects and routes were measured."""
    rows = {(row["subject"], row["route"]): row for row in document["routes"]}
    found: list[Judged] = []
    for route, most in COLD.items():
        if row := rows.get(("foyer", route)):
            best = _best_python_peer(document, route)
            of = "the best other Python stack with bytecode"
            found += [_cold(route, row, most), *_share(row, best, OF_BEST_PEER, of)]
    if row := rows.get(("guard", "guard")):
        peer = rows.get(("authorizer-bytecode", "guard"), {}).get("cold_start_at_512_mb")
        of = "a usual Python authorizer with bytecode"
        found += [_cold("the guard", row, GUARD_COLD), *_share(row, peer, GUARD_OF_PEER, of)]
    for (subject, route), (milliseconds, calls) in WARM.items():
        if row := rows.get((subject, route)):
            where = " with a table" if subject.endswith("-table") else ""
            found += _warm(f"{route}{where}", row, milliseconds, calls)
    if package := document["packages"].get("foyer"):
        size = package["zipped_bytes"]
        found.append(
            ("package: at most 8 MB zipped", f"{size / 1e6:.2f} MB", size <= PACKAGE_BYTES)
        )
    return found


def _cold(what: str, row: Mapping[str, Any], most: float) -> Judged:
    cold = row["cold_start_at_512_mb"]
    return f"cold start of {what}: at most {most:g}", f"{cold:.2f}", cold <= most


def _share(row: Mapping[str, Any], peer: float | None, most: float, of: str) -> Iterator[Judged]:
    if peer:
        share = row["cold_start_at_512_mb"] / peer
        yield f"… at most {most} of {of}", f"{share:.2f}", share <= most


def _warm(
    what: str, row: Mapping[str, Any], milliseconds: float | None, calls: Mapping[str, int]
) -> Iterator[Judged]:
    if milliseconds is not None:
        took = row["handler_milliseconds"]
        target = f"warm {what}: at most {milliseconds} ms in the handler"
        yield target, f"{took:.3f} ms", took <= milliseconds
    made = row["upstream_calls"]["warm"]
    yield f"upstream calls of a warm {what}: {named(calls)}", named(made), made == calls


def _best_python_peer(document: Mapping[str, Any], route: str) -> float | None:
    packages = document["packages"]
    of_peers = [
        row["cold_start_at_512_mb"]
        for row in document["routes"]
        if row["route"] == route
        and (package := packages[row["subject"]])["is_peer"]
        and package["runtime"] == "python"
        and package["bytecode"]
    ]
    return min(of_peers, default=None)
