"""Reports prominently if the tests of `sam local` did not run."""

from __future__ import annotations

import pytest

from tests.sam_cli import NO_DOCKER


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    skipped = terminalreporter.stats.get("skipped", [])
    missed = [report for report in skipped if NO_DOCKER in str(report.longrepr)]
    if missed:
        terminalreporter.section("NO DOCKER", sep="!", red=True, bold=True)
        terminalreporter.line(f"{len(missed)} tests did not run: {NO_DOCKER}.", red=True)
