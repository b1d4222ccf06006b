"""What all tests share in a process: a running stack, and AWS's models of its services."""

from __future__ import annotations

import functools
from collections.abc import Iterator

import botocore.session
import pytest

from tests.running_stack import RunningStack, running_stack

# A client reads them when it is made, which takes ten times as long as the rest.
botocore.session.create_loader = functools.cache(botocore.session.create_loader)


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    """`make run` without options, for tests that only visit it."""
    with running_stack(tmp_path_factory.mktemp("run") / "output") as started:
        yield started
