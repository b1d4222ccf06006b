"""Plain `sam build` makes packages that Lambda can run, whatever Python the machine has."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.deploy.project import Project

pytestmark = pytest.mark.sam


@pytest.fixture(scope="module")
def built(project: Project) -> Path:
    return project.folder / ".aws-sam/build"


def test_each_function_ships_its_own_package_and_what_it_imports(built: Path) -> None:
    assert (built / "WebFunction/foyer/app.py").is_file()
    assert (built / "WebFunction/foyer/pages/layout.html").is_file()
    assert (built / "WebFunction/cryptography").is_dir()
    assert (built / "RotationFunction/foyer_rotation/app.py").is_file()
    # Its own boto3: the runtime's may be older than the calls for client secrets.
    assert (built / "RotationFunction/boto3").is_dir()


def test_extension_modules_are_for_lambdas_python(built: Path) -> None:
    modules = [path.name for path in (built / "WebFunction").rglob("*.so")]
    assert modules
    for name in modules:
        assert "cpython-313-x86_64-linux" in name or ".abi3." in name


def test_nothing_local_and_no_test_ships(built: Path) -> None:
    for function in ("WebFunction", "RotationFunction"):
        assert not {"local", "tests", "ministack", "moto"} & {
            path.name for path in (built / function).iterdir()
        }
