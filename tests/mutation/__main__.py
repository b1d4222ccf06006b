"""Removes each security check in turn and shows which test fails: ``make mutants``.

``python -m tests.mutation WORD …`` tries only checks whose defence, file or test has a word;
``--write`` tries none and updates the table in docs/security-checks.md.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from contextlib import closing
from itertools import groupby
from pathlib import Path

from tests.mutation import mutants
from tests.mutation.checks import DOCUMENT, Check, document_with_table, read


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.mutation")
    parser.add_argument("words", nargs="*", metavar="WORD")
    parser.add_argument("--write", action="store_true", help="only update docs/security-checks.md")
    options = parser.parse_args()
    if options.write:
        DOCUMENT.write_text(document_with_table(), "utf-8")
        return
    checks = [check for threat in read() for check in threat.checks]
    sys.exit(_try_all([check for check in checks if _is_meant(check, options.words)]))


def _is_meant(check: Check, words: list[str]) -> bool:
    text = f"{check.defence} {check.file} {check.test}".lower()
    return not words or any(word.lower() in text for word in words)


def _try_all(checks: list[Check]) -> int:
    """Print a line for each check; return how many went unnoticed."""
    tests = sorted({check.test for check in checks})
    by_file = [list(group) for _, group in groupby(tests, lambda test: test.partition("::")[0])]
    unnoticed = 0
    with (
        mutants.processes() as pool,
        tempfile.TemporaryDirectory(prefix="foyer-types-") as folder,
        closing(mutants.TypeChecker(Path(folder))) as types,
    ):
        with_all = [pool.apply_async(mutants.run, (group,)) for group in by_file]
        tried = [pool.apply_async(mutants.run, ([check.test], check)) for check in checks]
        for check, result in zip(checks, tried, strict=True):
            complaint = types.complaint(check)
            kind, because = ("broken", complaint) if complaint else mutants.verdict(result)
            unnoticed += kind != "failed"
            sys.stdout.write(_told(check, kind, because))
            sys.stdout.flush()
        verdicts = [mutants.verdict(each) for each in with_all]
    if failing := [because for kind, because in verdicts if kind != "passed"]:
        # A test that already fails proves nothing.
        sys.stdout.write(f"With every check in place a test fails already: {failing[0]}\n")
        return 1
    sys.stdout.write(f"{len(checks) - unnoticed} of {len(checks)} missing checks were noticed\n")
    return unnoticed


def _told(check: Check, kind: str, because: str) -> str:
    if kind == "failed":
        return f"noticed   {check.defence}\n          {check.test_name}: {because}\n"
    if kind == "passed":
        return f"SURVIVED  {check.defence}\n          {check.file} · {check.test}\n"
    return f"BROKEN    {check.defence}\n          {because}\n"


if __name__ == "__main__":
    main()
