"""examples/vite in a real browser: through Vite's development server, and as it is built."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import NO_NODE, NO_NPM_PACKAGES
from tests.browser.people import Visitor, new_account
from tests.ports import free_port, is_free
from tests.running_stack import ROOT, RunningStack, eventually, running_stack

pytestmark = pytest.mark.browser


@pytest.fixture
def project(tmp_path: Path, chromium: Browser) -> Path:  # noqa: ARG001 - without a browser there is no need for it
    """A copy of the example with its packages, built."""
    if not (npm := shutil.which("npm")):
        pytest.skip(NO_NODE)
    project = tmp_path / "vite"
    made_by_npm = shutil.ignore_patterns("node_modules", "dist")
    shutil.copytree(ROOT / "examples/vite", project, ignore=made_by_npm)
    installed = run(project, npm, "ci", "--no-audit", "--no-fund")
    unreachable = re.search("ENOTFOUND|EAI_AGAIN|ECONN|ETIMEDOUT|FetchError", installed.stderr)
    if installed.returncode and unreachable:
        pytest.skip(NO_NPM_PACKAGES)
    for done in (installed, run(project, npm, "run", "build")):
        assert done.returncode == 0, done.stdout + done.stderr
    return project


def run(project: Path, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)  # noqa: S603 - fixed words


@contextmanager
def development_server(project: Path, stack: RunningStack, port: int) -> Iterator[None]:
    output = project / "dev.output"
    with output.open("wb") as printed:
        vite = subprocess.Popen(  # noqa: S603 - the project's own
            [project / "node_modules/.bin/vite", "--port", str(port)],
            cwd=project,
            # By address, which `make run` redirects unless a server is in front.
            env={**os.environ, "FOYER": f"http://127.0.0.1:{stack.port}"},
            stdout=printed,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        assert eventually(lambda: not is_free(port), 60), output.read_text()
        yield
    finally:
        os.killpg(vite.pid, signal.SIGTERM)
        vite.wait(timeout=30)


def shout(visitor: Visitor, text: str) -> None:
    visitor.page.get_by_label("Say something").fill(text)
    visitor.press("Shout")


def test_the_app_works_through_the_development_server_and_as_it_is_built(
    project: Path, tmp_path: Path, chromium: Browser
) -> None:
    port = free_port()
    dev = f"http://localhost:{port}"
    arguments = ["--app", str(project), "--front", dev]
    with (
        running_stack(tmp_path / "output", arguments) as stack,
        development_server(project, stack, port),
        Visitor.arriving(stack, chromium) as visitor,
    ):
        visit(visitor, dev)


def visit(visitor: Visitor, dev: str) -> None:
    account = new_account(visitor.stack, "Ada")
    visitor.open(f"{dev}/vite/?tab=1")
    visitor.sees("You are not signed in.")
    visitor.follow("Sign in")
    visitor.submit_sign_in(account)
    expect(visitor.page).to_have_url(f"{dev}/vite/?tab=1")
    visitor.sees("Hello, Ada")
    shout(visitor, "good morning")
    visitor.reads("Ada says GOOD MORNING")

    visitor.context.clear_cookies()  # the session is over: the next call leads to sign-in and back
    shout(visitor, "too late")
    visitor.sees("Sign in")
    visitor.submit_sign_in(account)
    visitor.sees("Hello, Ada")
    expect(visitor.page).to_have_url(f"{dev}/vite/?tab=1")

    built = f"http://localhost:{visitor.stack.port}"  # cookies do not depend on the port
    visitor.open(f"{built}/vite/")
    visitor.sees("Hello, Ada")
    expect(visitor.page.locator("script[src^='/vite/assets/']")).to_be_attached()
    shout(visitor, "hello")
    visitor.reads("Ada says HELLO")

    sibling = f"{built}/sibling"  # another port: the same site, so its forms bring the cookie
    refused = visitor.press_on_a_page_at(sibling, sends_to=f"{dev}/vite/api/shout")
    assert refused.request.header_value("cookie")
    assert refused.status == 403

    visitor.open(f"{dev}/vite/")
    visitor.press("Sign out")
    expect(visitor.page).to_have_url(f"{dev}/")
    visitor.open(f"{dev}/vite/")
    visitor.sees("You are not signed in.")
