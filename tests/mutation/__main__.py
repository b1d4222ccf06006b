"""Takes each security check out in turn and shows which test notices: ``make mutants``.

``python -m tests.mutation WORD …`` tries only checks whose defence, file or test has a word;
``--write`` tries none and updates the table in docs/security-checks.md.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool

from tests.mutation import document
from tests.mutation.checks import Check, Threat, read
from tests.mutation.copy import Verdict, run_with_all, run_without

# Each test runs in a process of its own, forked from one that has these imported: that is
# what takes the time, and none of it is what checks are taken out of.
_IMPORTED_ONCE = ["boto3", "cryptography", "hypothesis", "moto", "pytest", "requests"]


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
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(_IMPORTED_ONCE)
    unnoticed = 0
    with ProcessPoolExecutor(os.cpu_count(), context, max_tasks_per_child=1) as pool:
        all_in_place = pool.submit(run_with_all, sorted({check.test for check in checks}))
        for check, tried in [(check, pool.submit(run_without, check)) for check in checks]:
            was_noticed, line = _told(check, tried)
            unnoticed += not was_noticed
            sys.stdout.write(line)
            sys.stdout.flush()
        code, because = all_in_place.result()
    if code != 0:  # a test that fails anyway notices nothing
        sys.stdout.write(f"With every check in place a test fails already: {because}\n")
        return 1
    sys.stdout.write(f"{len(checks) - unnoticed} of {len(checks)} missing checks were noticed\n")
    return unnoticed


def _told(check: Check, tried: Future[Verdict]) -> tuple[bool, str]:
    try:
        code, because = tried.result()
    except (ValueError, BrokenProcessPool) as error:
        return False, f"BROKEN    {check.defence}\n          {error}\n"
    match code:
        case 0:
            return False, f"SURVIVED  {check.defence}\n          {check.file} · {check.test}\n"
        case 1:
            return True, f"noticed   {check.defence}\n          {check.test_name}: {because}\n"
        case _:
            return False, f"BROKEN    {check.defence}\n{because}\n"


if __name__ == "__main__":
    main()
