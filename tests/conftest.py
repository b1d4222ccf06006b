"""What all tests share in a process: a running stack, and AWS's models of its services."""

from __future__ import annotations

import functools
import logging
from collections import Counter
from collections.abc import Iterator

import botocore.session
import hypothesis
import pytest

from tests.running_stack import RunningStack, running_stack

# A client reads them when it is made, which takes ten times as long as the rest.
botocore.session.create_loader = functools.cache(botocore.session.create_loader)

# The machine may be slow.
hypothesis.settings.register_profile("any machine", deadline=None)
hypothesis.settings.load_profile("any machine")
# For suites that run a second time, in a copy of the project.
hypothesis.settings.register_profile("few", max_examples=5)


def pytest_runtest_teardown() -> None:
    """Forgets Powertools' loggers; pytest visits every known logger around each test."""
    known = logging.root.manager.loggerDict
    for name in [name for name, logger in known.items() if hasattr(logger, "init")]:
        del known[name]
    for handler in logging.root.handlers:
        handler.filters.clear()  # one for each logger


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Says what this machine could not test: without Docker, Node or Chromium, for example."""
    skipped = terminalreporter.stats.get("skipped", [])
    if skipped:
        terminalreporter.section("NOT TESTED", sep="!", red=True, bold=True)
    for reason, tests in Counter(str(report.longrepr[2]) for report in skipped).items():
        terminalreporter.line(f"{tests} × {reason.removeprefix('Skipped: ')}", red=True)


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    """`make run` without options, for tests that only visit it."""
    with running_stack(tmp_path_factory.mktemp("run") / "output") as started:
        yield started
