"""A copy of the project with patches of examples/ applied, as their READMEs say."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).parent.parent


def project_with(copy: Path, *examples: str) -> Path:
    """Copy what `make run` needs to the folder ``copy``, and apply the examples' patches there."""
    skip = shutil.ignore_patterns("__pycache__")
    for folder in ("functions", "local", "examples"):
        shutil.copytree(ROOT / folder, copy / folder, ignore=skip)
    shutil.copy(ROOT / "template.yaml", copy)
    for example in examples:
        git = shutil.which("git")
        assert git
        patch = f"examples/{example}/{example}.patch"
        # A repository of its own, so that git doesn't take the copy for a part of another one.
        subprocess.run([git, "init", "--quiet"], cwd=copy, check=True)  # noqa: S603
        subprocess.run([git, "apply", patch], cwd=copy, check=True)  # noqa: S603
    return copy


def package(folder: Path, name: str) -> ModuleType:
    """The package in ``folder`` under another name, beside the one that the tests import."""
    spec = importlib.util.spec_from_file_location(
        name, folder / "__init__.py", submodule_search_locations=[str(folder)]
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module
