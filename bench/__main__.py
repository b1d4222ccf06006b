"""`make bench`: builds the packages, measures them, writes table, JSON and plot."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from pathlib import Path
from typing import Any

from bench import imports, measure, plot, report
from bench.packages import Toolbox, has_bytecode, size
from bench.subjects import Subject
from bench.upstreams import Upstreams

_BEGIN, _END = "<!-- bench -->", "<!-- /bench -->"
_PEERS = {
    "flask": "Flask, flask-cognito-lib, apig-wsgi",
    "fastapi": "FastAPI, Authlib, Mangum",
    "powertools": "Powertools, requests, PyJWT, jinja2",
}
_PEERS_ROUTES = ("landing", "login", "callback")
_OUR_ROUTES = ("landing", "welcome", "login", "callback", "me", "logout")


def main() -> None:
    options = _options()
    folder = Path(options.folder).resolve()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    upstreams = Upstreams(folder)
    tools = Toolbox.find(
        uv=options.uv, sam=options.sam, folder=folder / "python", ca_file=upstreams.ca_file
    )
    _say("building packages")
    subjects = _subjects(tools, folder, options.only)
    sizes = {subject.name: size(subject.package) for subject in subjects}
    tools.runtime(folder / "runtime")
    bench = measure.Bench(
        python=tools.python, runtime=folder / "runtime", upstreams=upstreams, folder=folder
    )
    taken, handler = measure.run(bench, upstreams, subjects, samples=options.samples, progress=_say)
    foyer = next((subject for subject in subjects if subject.name == "foyer"), None)
    if foyer is not None:
        environment = bench.environment(foyer)
        importing = imports.shares(tools.python, "foyer.app", environment, foyer.package)
    upstreams.stop()
    document = report.document(
        report.rows(taken, handler),
        subjects,
        sizes,
        min(len(samples.init) for samples in taken.values()),
    )
    if foyer is not None:
        document["share_of_importing"] = importing
    _write(document, Path(options.output))


def _write(document: dict[str, Any], docs: Path) -> None:
    """The JSON file, the plot, and the table between its two marks in speed.md."""
    (docs / "pictures").mkdir(parents=True, exist_ok=True)
    (docs / "speed.json").write_text(json.dumps(document, indent=1) + "\n", "utf-8")
    (docs / "pictures/speed.svg").write_text(plot.cold_starts(document), "utf-8")
    table = report.table(document)
    page = docs / "speed.md"
    if page.exists():
        before, _, rest = page.read_text("utf-8").partition(_BEGIN)
        after = rest.partition(_END)[2]
        page.write_text(f"{before}{_BEGIN}\n\n{table}\n{_END}{after}", "utf-8")
    sys.stdout.write(table)


def _subjects(tools: Toolbox, folder: Path, only: list[str]) -> list[Subject]:
    packages = folder / "packages"
    built = tools.build_foyer(folder / "sam")
    subjects = [
        Subject("hello", "Hello world", "app.handler", packages / "hello", True, ("landing",)),
        Subject("foyer", "Foyer", "foyer.app.handler", packages / "foyer", True, _OUR_ROUTES),
        Subject("foyer-source", "Foyer without bytecode", "foyer.app.handler",
                packages / "foyer-source", False, ("landing",)),
    ]  # fmt: skip
    for name, title in _PEERS.items():
        for suffix, note, bytecode in (("", "", False), ("-bytecode", ", bytecode added", True)):
            package = packages / f"{name}{suffix}"
            subjects.append(
                Subject(f"{name}{suffix}", f"{title}{note}", "app.handler", package, bytecode,
                        _PEERS_ROUTES, is_peer=True)
            )  # fmt: skip
    if only:
        subjects = [subject for subject in subjects if subject.name in ("hello", *only)]
    for subject in subjects:
        if subject.name.startswith("foyer"):
            tools.foyer(built, subject.package, bytecode=subject.bytecode)
        else:
            name = subject.name.removesuffix("-bytecode")
            tools.peer(name, subject.package, bytecode=subject.bytecode)
    if not has_bytecode(built):
        _say("sam build found no Python to make bytecode with; the table shows what that costs")
    return subjects


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--samples", type=int, default=20, help="containers per subject and route")
    parser.add_argument("--folder", default="build/bench", help="for packages; emptied first")
    parser.add_argument("--output", default="build/speed", help="docs/ records the run for good")
    parser.add_argument(
        "--only", nargs="*", default=[], help="subjects to measure beside the floor"
    )
    parser.add_argument("--uv", default="uv")
    parser.add_argument("--sam", default="sam")
    return parser.parse_args()


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")


if __name__ == "__main__":
    main()
