"""What a run says, in Markdown, and its place in a page between two marks."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bench import imports, targets
from bench.report import named


def fill(page: Path, name: str, section: str) -> None:
    """Put ``section`` between the two marks of that name; a page that isn't there stays so."""
    if page.exists():
        begin, end = f"<!-- {name} -->", f"<!-- /{name} -->"
        before, _, rest = page.read_text("utf-8").partition(begin)
        after = rest.partition(end)[2]
        page.write_text(f"{before}{begin}\n\n{section}\n{end}{after}", "utf-8")


def speed(report: Mapping[str, Any]) -> str:
    """All that a run says about speed, so that nothing outside the marks grows old."""
    parts = [_summary(report), _table(report)]
    if "share_of_importing" in report:
        parts.append(imports.sentence(report["share_of_importing"]))
    if judged := targets.judged(report):
        parts.append(f"## The targets\n\n{targets.table(judged)}")
    return "\n".join(parts)


def _summary(report: Mapping[str, Any]) -> str:
    """What was run where."""
    ran_on = report["machine"]
    node = f"Node {ran_on['node']}" if ran_on["node"] else "no Node, so cognito-at-edge is left out"
    return (
        f"{report['samples']} samples of each, on {ran_on['system']} {ran_on['processor']} with "
        f"Python {ran_on['python']} and {node}:\n"
    )


def _table(report: Mapping[str, Any]) -> str:
    """Routes, then packages."""
    lines = [
        "| | route | init | first | **cold start** | on the wall | handler, warm | memory | calls"
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


def _milliseconds(value: float | None) -> str:
    return "n/a" if value is None else f"{value:.3f} ms"
