"""README's example page, added to a copy of the project as README describes."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

from local import template
from tests.documents import ROOT, git, project_files
from tests.flow.browser import Browser
from tests.flow.conftest import Stack
from tests.own_page import add_page

PACKAGE = "foyer_of_readme"

# Properties are tried with few examples: their code is the same here.
OPTIONS = ["-q", "-p", "no:cacheprovider", "--hypothesis-profile=few"]
SUITES = ["tests/unit", "tests/flow", "tests/template"]
# This test and another one that adds the page, and those of the other function.
LEFT_OUT = [
    "tests/flow/test_readme_example.py",
    "tests/template/test_upgrading_a_fork.py",
    "tests/unit/rotation",
]


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The project with the four steps done."""
    folder = tmp_path_factory.mktemp("project")
    for name in project_files():
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    git("init", "--quiet", cwd=folder)  # some tests ask Git which files there are
    (folder / ".venv-sam").symlink_to(ROOT / ".venv-sam")
    add_page(folder)
    # Under another name, because other tests have imported the package.
    (folder / PACKAGE).symlink_to(folder / "functions/web/foyer")
    sys.path.insert(0, str(folder))
    yield folder
    sys.path.remove(str(folder))


@pytest.fixture
def browser(stack: Stack, copy: Path, monkeypatch: pytest.MonkeyPatch) -> Browser:
    assert copy.exists()
    build = import_module(f"{PACKAGE}.app").build
    monkeypatch.setattr("tests.flow.conftest.build", build)
    return stack.browser()


def test_a_visitor_signs_in_and_sees_the_page(stack: Stack, browser: Browser) -> None:
    stack.cognito.user.name = "Ada <b>Lovelace"
    answer = browser.get("/orders")
    assert (answer.status, answer.location) == (302, "/login?return_to=/orders")
    assert stack.sign_in(browser, answer.location).location == "/orders"
    answer = browser.get("/orders")
    assert answer.status == 200
    assert "Nothing yet, <bdi>Ada &lt;b&gt;Lovelace</bdi>." in answer.body
    assert "<title>Orders · Foyer</title>" in answer.body


def test_the_api_has_the_route(copy: Path) -> None:
    api = template.read(copy / "template.yaml")
    (route,) = [route for route in api.routes if route.key == "GET /orders"]
    assert route.function == "WebFunction"


def test_what_holds_without_it_holds_with_it(copy: Path) -> None:
    (copy / PACKAGE).unlink()
    ignored = [f"--ignore={each}" for each in LEFT_OUT]
    done = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-m", "pytest", *OPTIONS, *SUITES, *ignored],
        cwd=copy,
        env={"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
