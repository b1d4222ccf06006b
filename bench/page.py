"""Writes the results of a run as Markdown, between two marks in a page."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bench import imports, targets
from bench.report import named


def fill(page: Path, name: str, section: str) -> None:
    """Replace the text between the two marks of that name; does nothing if there is no page."""
    if page.exists():
        begin, end = f"<!-- {name} -->", f"<!-- /{name} -->"
        before, _, rest = page.read_text("utf-8").partition(begin)
        after = rest.partition(end)[2]
        page.write_text(f"{before}{begin}\n\n{section}\n{end}{after}", "utf-8")


def speed(report: Mapping[str, Any]) -> str:
    """All results of a run, so that no figure outside the marks can become outdated."""
    parts = [_summary(report), _table(report)]
    if "share_of_importing" in report:
        parts.append(imports.sentence(report["share_of_importing"]))
    parts += _guard(report)
    if judged := targets.judged(report):
        parts.append(f"## Targets\n\n{targets.table(judged)}")
    return "\n".join(parts)


def _summary(report: Mapping[str, Any]) -> str:
    """The number of samples, and the machine."""
    ran_on = report["machine"]
    node = f"Node {ran_on['node']}" if ran_on["node"] else "no Node (its stacks were skipped)"
    return (
        f"{report['samples']} samples of each on {ran_on['system']} {ran_on['processor']}, "
        f"Python {ran_on['python']}, {node}:\n"
    )


def _table(report: Mapping[str, Any]) -> str:
    """The table of routes, then the table of packages."""
    lines = [
        "| | route | init | first | **cold start** | wall clock | handler, warm | memory | calls"
        " (init + first, warm) |",
        "|---|---|---:|---:|---:|---:|---:|---:|---|",
    ]
    for row in report["routes"]:
        package = report["packages"][row["subject"]]
        calls = row["upstream_calls"]
        cold = named(calls["init"]) + " + " + named(calls["first"])
        lines.append(
            f"| {package['title']} | {row['route']} | {row['init']:.2f} | {row['first']:.1f} | "
            f"**{row['cold_start_at_512_mb']:.2f}** | "
            f"{row['cold_start_at_512_mb_on_the_wall']:.2f} | "
            f"{_milliseconds(row['handler_milliseconds'])} | {row['peak_memory_mib']:.0f} MiB | "
            f"{cold}, {named(calls['warm'])} |"
        )
    lines += ["", "| package | zipped | unzipped |", "|---|---:|---:|"]
    lines += [
        f"| {package['title']} | {package['zipped_bytes'] / 1e6:.2f} MB | "
        f"{package['unzipped_bytes'] / 1e6:.1f} MB |"
        for package in report["packages"].values()
    ]
    return "\n".join(lines) + "\n"


def _guard(report: Mapping[str, Any]) -> list[str]:
    """What the guard adds to a request of the reader's own function."""
    for row in report["routes"]:
        if row["subject"] == "guard":
            warm = row["handler_milliseconds"]
            calls = named(row["upstream_calls"]["warm"])
            return [
                "## What the guard adds to your requests\n\n"
                f"Warm: {_milliseconds(warm)} of processor time in its handler; upstream calls: "
                f"{calls}. Cold: {row['cold_start_at_512_mb']:.2f} times hello world's cold start, "
                "before that of your own function. API Gateway's invocation of a second function "
                "comes on top; it is not measured here.\n"
            ]
    return []


def _milliseconds(value: float | None) -> str:
    return "n/a" if value is None else f"{value:.3f} ms"
