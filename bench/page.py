"""Writes the results of a run as Markdown, between two marks in a page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from bench import targets
from bench.report import FULL_PROCESSOR_MB, MODELLED_MB, named


def fill(page: Path, name: str, section: str) -> None:
    """Replace the text between the two marks of that name; does nothing if there is no page."""
    if page.exists():
        begin, end = f"<!-- {name} -->", f"<!-- /{name} -->"
        before, _, rest = page.read_text("utf-8").partition(begin)
        after = rest.partition(end)[2]
        page.write_text(f"{before}{begin}\n\n{section}\n{end}{after}", "utf-8")


def record(report: Mapping[str, Any], docs: Path) -> None:
    """Update the pages that show results of a run."""
    fill(docs / "speed.md", "summary", summary(report))
    fill(docs / "speed.md", "bench", speed(report))
    fill(docs / "decisions/sessions.md", "modes", modes(report))


def summary(report: Mapping[str, Any]) -> str:
    """The figures that most readers look for."""
    of_peers = [row for row in report["routes"] if report["packages"][row["subject"]]["is_peer"]]
    stacks = [row for row in of_peers if row["route"] != "guard"]
    compiled = [row for row in stacks if report["packages"][row["subject"]]["bytecode"]]
    ours = {
        (row["subject"], row["route"]): row
        for row in report["routes"]
        if row["subject"] in ("foyer", "foyer-table", "guard", "guard-table")
    }
    if not {("foyer", "welcome"), ("guard", "guard"), ("guard-table", "guard")} <= ours.keys():
        return ""  # a run of some subjects only
    cold = _range([row for (subject, _), row in ours.items() if subject == "foyer"])
    took = {
        case: _milliseconds(row["handler_milliseconds"]).removesuffix(" ms")
        for case, row in ours.items()
    }
    return (
        f"- A cold start of Foyer takes {cold} times as long as one of a hello world function. The "
        f"other stacks take {_range(stacks)} times as long, or {_range(compiled)} times with "
        "bytecode.\n"
        f"- A warm page takes {took['foyer', 'landing']} to {took['foyer', 'welcome']} ms in the "
        "handler and calls neither Cognito nor Secrets Manager.\n"
        f"- The guard adds {took['guard', 'guard']} ms to a warm request of yours, and no call; "
        f"with sessions in a table {took['guard-table', 'guard']} ms and one read of the table.\n"
    )


def _range(rows: Sequence[Mapping[str, Any]]) -> str:
    colds = [row["cold_start_at_512_mb"] for row in rows]
    return f"{min(colds):.1f} to {max(colds):.1f}" if colds else "n/a"


def speed(report: Mapping[str, Any]) -> str:
    """All results of a run, so that no figure outside the marks can become outdated."""
    parts = [_summary(report), _table(report), _guard(report)]
    if judged := targets.judged(report):
        parts.append(f"## Targets\n\n{targets.table(judged)}")
    return "\n".join(filter(None, parts))


def modes(report: Mapping[str, Any]) -> str:
    """Sessions in a cookie beside sessions in a table."""
    rows = {(row["subject"], row["route"]): row for row in report["routes"]}
    lines = [
        f"{report['samples']} samples of each, as in [speed.md](../speed.md):",
        "",
        "| | cold start: cookie | table | warm handler: cookie | table | warm calls: cookie "
        "| table |",
        "|---|---:|---:|---:|---:|---|---|",
    ]
    for title, subject, route in (
        ("callback", "foyer", "callback"),
        ("welcome page", "foyer", "welcome"),
        ("guard", "guard", "guard"),
    ):
        both = rows.get((subject, route)), rows.get((f"{subject}-table", route))
        if None not in both:
            cells = [
                *(f"{row['cold_start_at_512_mb']:.2f}" for row in both if row),
                *(_milliseconds(row["handler_milliseconds"]) for row in both if row),
                *(named(row["upstream_calls"]["warm"]) for row in both if row),
            ]
            lines.append(f"| {title} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _summary(report: Mapping[str, Any]) -> str:
    """The number of samples, how much they vary, and the machine."""
    ran_on = report["machine"]
    node = f"Node {ran_on['node']}" if ran_on["node"] else "no Node (its stacks were skipped)"
    spreads = [row["spread"] for row in report["routes"]]
    return (
        f"{report['samples']} samples of each on {ran_on['system']} {ran_on['processor']}, "
        f"Python {ran_on['python']}, {node}. Half of the samples of a cold start are within "
        f"{median(spreads):.1%} of the figure shown, or within {max(spreads):.1%} where they vary "
        "most:\n"
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
    packages: dict[str, Mapping[str, Any]] = {}  # by folder, which functions may share
    for package in report["packages"].values():
        packages.setdefault(package["folder"], package)
    lines += [
        f"| {package['title']} | {package['zipped_bytes'] / 1e6:.2f} MB | "
        f"{package['unzipped_bytes'] / 1e6:.1f} MB |"
        for package in packages.values()
    ]
    return "\n".join(lines) + "\n"


def _guard(report: Mapping[str, Any]) -> str:
    """What the guard adds to a request of the reader's own function, beside other authorizers."""
    rows = [row for row in report["routes"] if row["route"] == "guard"]
    if not rows:
        return ""
    lines = [
        "## What the guard adds to your requests",
        "",
        "API Gateway asks the authorizer before it calls your function, so its time is added to "
        "that of each request. In a new container, its cold start is added once:",
        "",
        "| | cold start | each request, processor time | each request, calls |",
        "|---|---:|---:|---|",
    ]
    lines += [
        f"| {report['packages'][row['subject']]['title']} "
        f"| {row['cold_start_at_512_mb']:.2f} × hello world "
        f"| {_milliseconds(row['handler_milliseconds'])} "
        f"| {named(row['upstream_calls']['warm'])} |"
        for row in rows
    ]
    share = MODELLED_MB / FULL_PROCESSOR_MB
    lines += [
        "",
        f"At {MODELLED_MB} MB, Lambda gives a request {share:.0%} of a processor, so 0.05 ms can "
        f"become {0.05 / share:.2f} ms. API Gateway's invocation of a second function comes on "
        "top, and DynamoDB's own time for sessions in a table; neither is measured here.",
    ]
    return "\n".join(lines) + "\n"


def _milliseconds(value: float | None) -> str:
    return "n/a" if value is None else f"{value:.3f} ms"
