"""One MiniStack and one port of the login pages for all tests of the local stack."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from local.aws import LocalAws
from tests.running_stack import running_ministack
from tests.stack.gateway_project import GatewayProject, served
from tests.stack.login_pages import Pages, Visitor


@pytest.fixture(scope="session")
def aws_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("ministack")


@pytest.fixture(scope="session")
def aws(aws_data: Path) -> Iterator[LocalAws]:
    with running_ministack(aws_data) as running:
        yield running


@pytest.fixture(scope="session")
def served_pages(aws: LocalAws, aws_data: Path) -> Iterator[Pages]:
    pages = Pages(aws, aws_data / "state/cognito-pool-keys")
    with served(pages, log_level="error", lifespan="off") as port:
        pages.origin = f"http://localhost:{port}"
        yield pages


@pytest.fixture
def pages(served_pages: Pages, request: pytest.FixtureRequest) -> Pages:
    """``@pytest.mark.parametrize("pages", [...], indirect=True)`` changes the pool's properties."""
    served_pages.begin(getattr(request, "param", {}))
    return served_pages


@pytest.fixture
def visitor(pages: Pages) -> Visitor:
    return Visitor(pages)


@pytest.fixture
def project(tmp_path: Path) -> GatewayProject:
    """Its function answers with the event, until the test writes another."""
    made = GatewayProject(tmp_path)
    made.write("return event")
    return made
