"""Imports point one way, in the order of docs/architecture.md; the entry points alone read the
environment."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import foyer
import pytest

from tests.documents import read, section

PACKAGE = Path(foyer.__file__).parent
TREES = {
    ".".join(file.relative_to(PACKAGE).with_suffix("").parts): ast.parse(file.read_text("utf-8"))
    for file in PACKAGE.rglob("*.py")
    if file.name != "__init__.py"
}
# In the order of the architecture's table: leaves first.
MODULES = section(read("docs/architecture.md"), "Modules of the web function")
DOCUMENTED = re.findall(r"^\| `([a-z_.]+)` \|", MODULES, re.M)


def imports(module: str) -> tuple[set[str], set[str]]:
    """Our modules, and everything else, that a module imports; type checking included."""
    ours: set[str] = set()
    others: set[str] = set()
    folder = module.split(".")[:-1]
    for node in ast.walk(TREES[module]):
        if isinstance(node, ast.Import):
            others |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            others.add(node.module or "")
        elif isinstance(node, ast.ImportFrom):
            base = folder[: len(folder) + 1 - node.level]
            base += node.module.split(".") if node.module else []
            named = {".".join([*base, alias.name]) for alias in node.names}
            ours |= {".".join(base)} if ".".join(base) in TREES else named
    return ours, others


def test_the_architecture_names_the_modules_that_there_are() -> None:
    assert sorted(DOCUMENTED) == sorted(TREES)


@pytest.mark.parametrize("module", TREES)
def test_a_module_imports_only_modules_above_it_in_the_table(module: str) -> None:
    ours, others = imports(module)
    assert ours <= set(DOCUMENTED[: DOCUMENTED.index(module)])
    assert not any(name.split(".")[0] == "foyer" for name in others), "imports are relative"


def test_only_the_entry_points_read_the_environment() -> None:
    for module in TREES.keys() - {"app", "guard"}:
        nodes = ast.walk(TREES[module])
        names = {node.attr for node in nodes if isinstance(node, ast.Attribute)}
        assert not names & {"environ", "getenv"}, module
