"""The local stack and a real Chromium, while this package's tests run.

Not for the whole session, because Playwright keeps an event loop running, and other tests need
their own.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.browser.people import NO_BROWSER, NoBrowser, Visitor, launch
from tests.running_stack import RunningStack

NO_NODE = "node is not installed; `apt-get install nodejs` or the like gets it"
NO_NPM_PACKAGES = "npm cannot install packages; it needs a package index"


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        try:
            browser = launch(playwright)
        except NoBrowser as error:
            pytest.skip(str(error))
        yield browser
        browser.close()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    skipped = terminalreporter.stats.get("skipped", [])
    for title, reason in (
        ("NO BROWSER", NO_BROWSER),
        ("NO NODE", NO_NODE),
        ("NO NPM PACKAGES", NO_NPM_PACKAGES),
    ):
        missed = [report for report in skipped if reason in str(report.longrepr)]
        if missed:
            terminalreporter.section(title, sep="!", red=True, bold=True)
            terminalreporter.line(f"{len(missed)} tests did not run: {reason}.", red=True)


@pytest.fixture(scope="package")
def stack(chromium: Browser, running: RunningStack) -> RunningStack:  # noqa: ARG001 - without a browser there is no need for a stack
    return running


@pytest.fixture
def visitor(stack: RunningStack, chromium: Browser) -> Iterator[Visitor]:
    """A visitor with a separate browser; messages in its console fail the test."""
    with Visitor.arriving(stack, chromium) as arrived:
        yield arrived
