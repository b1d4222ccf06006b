"""One local AWS and one build for all deployments."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from samtranslator.yaml_helper import yaml_parse  # type: ignore[import-untyped]

from local.aws import LocalAws
from tests.deploy.project import FIRST, Project, Stack
from tests.running_stack import running_ministack


@pytest.fixture(scope="session")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAws]:
    with running_ministack(tmp_path_factory.mktemp("ministack"), runs_code=True) as started:
        yield started


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory, aws: LocalAws) -> Project:
    return Project.copied_to(tmp_path_factory.mktemp("project"), aws)


@pytest.fixture(scope="session")
def deployed(project: Project) -> Stack:
    """Built and deployed by `make deploy`; its packaged template serves the other stacks."""
    printed = project.make_deploy(
        *(f"{name}={value}" for name, value in FIRST.items()), answers="y\n"
    )
    assert printed.count("[y/N]") == 1, "the change set is the only question"
    return Stack("foyer", project.aws)


@pytest.fixture(scope="session")
def packaged(deployed: Stack) -> str:
    """The template as `make deploy` uploaded it, with the code's places in it."""
    return json.dumps(yaml_parse(deployed.template()))


@pytest.fixture(scope="session")
def unfilled(packaged: str) -> str:
    """The same without ClientCredentials, for what it has no part in: it takes seconds."""
    template = json.loads(packaged)
    del template["Resources"]["ClientCredentials"]
    return json.dumps(template)
