"""`make bench`: builds the packages, measures them, and writes the table, JSON and plot."""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

from bench import command, measure, page, plot, report
from bench.packages import Toolbox, has_bytecode, size
from bench.subjects import Subject, catalogue

_FEWEST = 2  # minimum number of rounds to save


def main() -> None:
    options = _options()
    folder, upstreams, tools = command.begin(options)
    _say("building packages")
    subjects = _subjects(tools, folder, options.only)
    sizes = {subject.name: size(subject.package) for subject in subjects}
    tools.runtime(folder / "runtime")
    bench = measure.Bench(
        python=tools.python, node=tools.node, runtime=folder / "runtime", upstreams=upstreams,
        folder=folder,
    )  # fmt: skip
    ran_on = report.machine(tools.python, tools.node)
    begun = time.monotonic()
    rounds = measure.run(bench, upstreams, subjects, rounds=options.samples)
    for number, (taken, handler) in enumerate(rounds, 1):
        _say(f"round {number} of {options.samples}, {time.monotonic() - begun:.0f} s")
        # Each round is saved, so that an interrupted run keeps its results.
        if number >= min(_FEWEST, options.samples):
            rows = report.rows(taken, handler, subjects)
            document = report.document(rows, subjects, sizes, ran_on, number)
            _write(document, Path(options.output))
    upstreams.stop()
    sys.stdout.write(page.speed(document))


def _write(document: dict[str, Any], docs: Path) -> None:
    """Write the JSON file, the plot, and the text between the two marks in speed.md."""
    (docs / "pictures").mkdir(parents=True, exist_ok=True)
    (docs / "speed.json").write_text(json.dumps(document, indent=1) + "\n", "utf-8")
    (docs / "pictures/speed.svg").write_text(plot.cold_starts(document), "utf-8")
    page.record(document, docs)


def _subjects(tools: Toolbox, folder: Path, only: list[str]) -> list[Subject]:
    """The requested subjects that are available, with their packages built."""
    built = tools.build_foyer(folder / "sam")
    subjects = [
        subject
        for subject in catalogue(folder / "packages")
        if not only or subject.name in ("hello", *only)
    ]
    if tools.node is None:
        _say("SKIPPED: the stacks in Node, because node with npm is not installed")
        subjects = [subject for subject in subjects if subject.runtime != "node"]
    for subject in {each.package: each for each in reversed(subjects)}.values():
        if subject.code.startswith("foyer"):
            tools.foyer(built, subject.package, bytecode=subject.bytecode)
        elif subject.runtime == "node":
            tools.node_peer(subject.code, subject.package)
        else:
            tools.peer(subject.code, subject.package, bytecode=subject.bytecode)
    if not has_bytecode(built):
        _say("sam build found no Python to compile bytecode with; the table shows the effect")
    return subjects


def _options() -> argparse.Namespace:
    parser = command.parser(
        "python -m bench", __doc__,
        folder="build/bench", samples_of="containers per subject and route", latency=0.0,
    )  # fmt: skip
    parser.add_argument(
        "--only", nargs="*", default=[], help="subjects to measure in addition to hello world"
    )
    return parser.parse_args()


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")


if __name__ == "__main__":
    main()
