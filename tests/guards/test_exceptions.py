"""Each exception from a lint rule has a reason."""

from __future__ import annotations

import re
import tokenize
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SHIPPED = sorted((ROOT / "functions").glob("*/*/*.py"))


def comments(file: Path) -> list[str]:
    with file.open("rb") as source:
        tokens = tokenize.tokenize(source.readline)
        return [token.string for token in tokens if token.type == tokenize.COMMENT]


@pytest.mark.parametrize("file", SHIPPED, ids=lambda file: file.stem)
def test_a_rule_that_is_switched_off_in_the_functions_has_a_reason(file: Path) -> None:
    for comment in comments(file):
        if re.search(r"\bnoqa\b", comment):
            assert re.fullmatch(r"# noqa: [A-Z]+[0-9]+ - \S.*", comment), comment
