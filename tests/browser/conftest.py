"""The local stack with a real Chromium in front of it, for as long as this package's tests run.

Not for the whole session: Playwright keeps an event loop running, under which no other test
could start its own.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.browser.people import Directory, Visitor
from tests.running_stack import RunningStack, running_stack

_NO_BROWSER = "no Chromium or Chrome found; `apt-get install chromium` or the like gets one"
_ARGUMENTS = [
    "--disable-background-networking",
    "--disable-component-update",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
]


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        own = playwright.chromium.executable_path
        names = ("chromium", "chromium-browser", "google-chrome")
        found = next(filter(None, map(shutil.which, names)), own if Path(own).exists() else None)
        if found is None:
            pytest.skip(_NO_BROWSER)
        # Chromium's sandbox does not work for root, whom build machines often run as.
        root = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = playwright.chromium.launch(executable_path=found, args=_ARGUMENTS + root)
        yield browser
        browser.close()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    skipped = terminalreporter.stats.get("skipped", [])
    missed = [report for report in skipped if _NO_BROWSER in str(report.longrepr)]
    if missed:
        terminalreporter.section("NO BROWSER", sep="!", red=True, bold=True)
        terminalreporter.line(f"{len(missed)} browser tests did not run: {_NO_BROWSER}.", red=True)


@pytest.fixture(scope="package")
def stack(tmp_path_factory: pytest.TempPathFactory, chromium: Browser) -> Iterator[RunningStack]:  # noqa: ARG001 - without a browser there is no need for a stack
    """As `make run` starts it."""
    with running_stack(tmp_path_factory.mktemp("run") / "output") as running:
        yield running


@pytest.fixture(scope="package")
def stack_with_mfa(
    tmp_path_factory: pytest.TempPathFactory,
    chromium: Browser,  # noqa: ARG001 - see above
) -> Iterator[RunningStack]:
    """As `make run ARGS="--parameter Mfa=on"` starts it."""
    output = tmp_path_factory.mktemp("run") / "output"
    with running_stack(output, ["--parameter", "Mfa=on"]) as running:
        yield running


@pytest.fixture
def directory(stack: RunningStack) -> Directory:
    return Directory(stack)


@pytest.fixture
def visitor(stack: RunningStack, chromium: Browser) -> Iterator[Visitor]:
    """Somebody with a browser of their own; whatever its console complains of fails the test."""
    with Visitor.arriving(stack, chromium) as arrived:
        yield arrived
