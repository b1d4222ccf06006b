"""Removes each security check in turn and shows which test fails: ``make mutants``.

``python -m tests.mutation WORD …`` tries only checks whose defence, file or test has a word;
``--write`` tries none and updates the table in docs/security-checks.md.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby
from pathlib import Path

from tests.mutation import document
from tests.mutation.checks import Check, Threat, read
from tests.mutation.copy import Verdict, run
from tests.mutation.type_checker import TypeChecker


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.mutation")
    parser.add_argument("words", nargs="*", metavar="WORD")
    parser.add_argument("--write", action="store_true", help="only update docs/security-checks.md")
    options = parser.parse_args()
    threats = read()
    if options.write:
        document.write(threats)
        return
    sys.exit(_try_all([check for check in _all(threats) if _is_meant(check, options.words)]))


def _all(threats: tuple[Threat, ...]) -> Iterator[Check]:
    for threat in threats:
        yield from threat.checks


def _is_meant(check: Check, words: list[str]) -> bool:
    text = f"{check.defence} {check.file} {check.test}".lower()
    return not words or any(word.lower() in text for word in words)


def _try_all(checks: list[Check]) -> int:
    """Print a line for each check; return how many went unnoticed."""
    tests = sorted({check.test for check in checks})
    by_file = [list(group) for _, group in groupby(tests, lambda test: test.partition("::")[0])]
    unnoticed = 0
    with (
        ThreadPoolExecutor(os.cpu_count()) as pool,
        tempfile.TemporaryDirectory(prefix="foyer-types-") as folder,
        TypeChecker(Path(folder)) as types,
    ):
        with_all = [pool.submit(run, group) for group in by_file]
        for check, tried in [(check, pool.submit(run, [check.test], check)) for check in checks]:
            complaint = types.complaint(check)
            verdict = ("broken", complaint) if complaint else tried.result()
            unnoticed += verdict[0] != "failed"
            sys.stdout.write(_told(check, verdict))
            sys.stdout.flush()
        failing = [each.result()[1] for each in with_all if each.result()[0] != "passed"]
    if failing:  # a test that already fails proves nothing
        sys.stdout.write(f"With every check in place a test fails already: {failing[0]}\n")
        return 1
    sys.stdout.write(f"{len(checks) - unnoticed} of {len(checks)} missing checks were noticed\n")
    return unnoticed


def _told(check: Check, verdict: Verdict) -> str:
    match verdict:
        case "failed", because:
            return f"noticed   {check.defence}\n          {check.test_name}: {because}\n"
        case "passed", _:
            return f"SURVIVED  {check.defence}\n          {check.file} · {check.test}\n"
        case _, because:
            return f"BROKEN    {check.defence}\n          {because}\n"


if __name__ == "__main__":
    main()
