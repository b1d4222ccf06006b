"""One MiniStack for all tests of the local stack; each test has its own user pool."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from local.aws import LocalAws
from tests.running_stack import running_ministack
from tests.stack.gateway_project import GatewayProject
from tests.stack.login_pages import Browser, LoginPages, serving


@pytest.fixture(scope="session")
def aws_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("ministack")


@pytest.fixture(scope="session")
def aws(aws_data: Path) -> Iterator[LocalAws]:
    with running_ministack(aws_data) as running:
        yield running


@pytest.fixture
def pages(aws: LocalAws, aws_data: Path, request: pytest.FixtureRequest) -> Iterator[LoginPages]:
    """The pages in front of a pool; ``@pytest.mark.parametrize("pages", [...], indirect=True)``
    changes the pool's properties."""
    keys = aws_data / "state/cognito-pool-keys"
    with serving(aws, keys, **getattr(request, "param", {})) as served:
        yield served


@pytest.fixture
def browser(pages: LoginPages) -> Browser:
    return Browser(pages)


@pytest.fixture
def project(tmp_path: Path) -> GatewayProject:
    """Its function answers with the event, until the test writes another."""
    made = GatewayProject(tmp_path)
    made.write("return event")
    return made
