"""Imports point one way, in the order of docs/architecture.md; the entry points alone read the
environment."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import foyer
import pytest

PACKAGE = Path(foyer.__file__).parent
ROOT = Path(__file__).parents[2]


def name_of(file: Path) -> str:
    return ".".join(file.relative_to(PACKAGE).with_suffix("").parts)


FILES = {name_of(file): file for file in PACKAGE.rglob("*.py") if file.name != "__init__.py"}


def documented() -> list[str]:
    """The modules in the order of the architecture's table: leaves first."""
    text = (ROOT / "docs/architecture.md").read_text("utf-8")
    section = text.partition("## Modules of the web function")[2].partition("\n## ")[0]
    return re.findall(r"^\| `([a-z_.]+)` \|", section, re.M)


def imports(module: str) -> tuple[set[str], set[str]]:
    """Our modules, and everything else, that a module imports; type checking included."""
    ours: set[str] = set()
    others: set[str] = set()
    folder = module.split(".")[:-1]
    for node in ast.walk(ast.parse(FILES[module].read_text("utf-8"))):
        if isinstance(node, ast.Import):
            others |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            others.add(node.module or "")
        elif isinstance(node, ast.ImportFrom):
            base = folder[: len(folder) + 1 - node.level]
            base += node.module.split(".") if node.module else []
            named = {".".join([*base, alias.name]) for alias in node.names}
            ours |= {".".join(base)} if ".".join(base) in FILES else named
    return ours, others


def test_the_architecture_names_the_modules_that_there_are() -> None:
    assert sorted(documented()) == sorted(FILES)


@pytest.mark.parametrize("module", FILES)
def test_a_module_imports_only_modules_above_it_in_the_table(module: str) -> None:
    order = documented()
    ours, others = imports(module)
    assert ours <= set(order[: order.index(module)])
    assert not any(name.split(".")[0] == "foyer" for name in others), "imports are relative"


@pytest.mark.parametrize("module", [name for name in FILES if name not in {"app", "guard"}])
def test_only_the_entry_points_read_the_environment(module: str) -> None:
    tree = ast.parse(FILES[module].read_text("utf-8"))
    names = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    assert not names & {"environ", "getenv"}
