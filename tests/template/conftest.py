"""The stack that each typical set of parameters makes."""

from __future__ import annotations

import pytest

from tests.template.parameter_sets import PARAMETER_SETS
from tests.template.rendering import Rendered, render


@pytest.fixture(params=PARAMETER_SETS)
def stack(request: pytest.FixtureRequest) -> Rendered:
    return render(PARAMETER_SETS[request.param])
