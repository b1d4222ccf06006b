"""The functions' packages, as `sam build` makes them: complete, small, compiled."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from importlib.util import MAGIC_NUMBER
from pathlib import Path

import pytest

from bench.packages import size

pytestmark = pytest.mark.sam

ROOT = Path(__file__).parents[2]
WEB = ROOT / "functions/web"
UNCHECKED_HASH = 1  # PEP 552: a hash that is not checked
MEGABYTES = 8.0
MAGIC_OF_3_13 = 3571
_OUTER_TEMPLATE = """
Transform: AWS::Serverless-2016-10-31
Resources:
  SignIn:
    Type: AWS::Serverless::Application
    Properties:
      Location: vendor/foyer/template.yaml
      Parameters: { Architecture: arm64 }
"""


def build(command: list[str | Path], folder: Path, **environ: str) -> str:
    """What it prints."""
    uv = Path(shutil.which("uv") or ROOT / ".tools/bin/uv").resolve().parent
    with_uv = f"{uv}:{environ.pop('PATH', os.environ['PATH'])}"
    # Without a network, more tries only take longer.
    own = {"PATH": with_uv, "UV_HTTP_RETRIES": "1", "SAM_CLI_TELEMETRY": "0"}
    done = subprocess.run(  # noqa: S603 - our own makefile
        command,
        cwd=folder,
        env={**os.environ, **own, **environ},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.fixture(scope="module")
def printed_and_package(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """The web function's; Foyer is a nested application in a folder of another project."""
    project = tmp_path_factory.mktemp("project")
    ignored = shutil.ignore_patterns(".*", "__pycache__", "tests", "docs", "bench")
    vendored = shutil.copytree(ROOT, project / "vendor/foyer", ignore=ignored) / "template.yaml"
    text = vendored.read_text("utf-8")  # the other functions are built in the same way
    vendored.write_text(
        re.sub(r"BuildMethod: (makefile|python-uv)$", "SkipBuild: true", text, flags=re.M)
    )
    (project / "template.yaml").write_text(_OUTER_TEMPLATE)
    printed = build([ROOT / ".venv-sam/bin/sam", "build", "--beta-features"], project)
    return printed, project / ".aws-sam/build/SignIn/WebFunction"


@pytest.fixture
def package(printed_and_package: tuple[str, Path]) -> Path:
    return printed_and_package[1]


def test_the_package_is_within_its_budget(package: Path) -> None:
    assert size(package).zipped <= MEGABYTES * 1e6


def test_the_package_has_every_module_page_and_language_and_nothing_that_does_not_run(
    package: Path,
) -> None:
    def files(folder: Path) -> set[Path]:
        found = (file.relative_to(folder) for file in folder.rglob("*") if file.is_file())
        return {file for file in found if "__pycache__" not in file.parts}

    packed = files(package / "foyer")
    assert packed == files(WEB / "foyer")
    assert Path("languages/zh-TW.json") in packed
    top = {path.name for path in package.iterdir()}
    assert {"foyer", "requests", "cryptography", "aws_lambda_powertools"} <= top
    assert not top & {"boto3", "botocore", "cffi", "pycparser", "build", "bin", "Makefile", "tests"}


def test_its_modules_are_for_the_processor_that_the_outer_template_asks_for(package: Path) -> None:
    modules = [path.name for path in package.rglob("*.cpython-*.so")]
    assert modules
    assert all("aarch64" in name for name in modules)


def test_authorities_are_there_one_by_one(package: Path) -> None:
    roots = (package / "certifi/cacert.pem").read_text("utf-8").count("BEGIN CERTIFICATE")
    assert len(list((package / "certifi/hashed").iterdir())) == roots


def test_bytecode_survives_sams_zip_or_the_build_warns(
    printed_and_package: tuple[str, Path],
) -> None:
    printed, package = printed_and_package
    compiled = list(package.rglob("*.pyc"))
    assert bool(compiled) != ("NO BYTECODE" in printed)
    for file in compiled:
        head = file.read_bytes()[:8]
        assert int.from_bytes(head[4:8], "little") == UNCHECKED_HASH
        assert int.from_bytes(head[:2], "little") == MAGIC_OF_3_13
        assert head[2:4] == MAGIC_NUMBER[2:4]


def test_without_the_functions_python_the_build_says_so_and_goes_on(tmp_path: Path) -> None:
    make: list[str | Path] = ["make", "build-WebFunction", "ARCHITECTURE=x86_64"]
    without = {"PATH": "/usr/bin:/bin", "UV_PYTHON_DOWNLOADS": "never"}
    printed = build(make, WEB, ARTIFACTS_DIR=str(tmp_path), **without)
    if list(tmp_path.rglob("*.pyc")):
        pytest.skip("the system's own Python is the functions'")
    assert "WARNING: the package has NO BYTECODE" in printed
    assert (tmp_path / "foyer/app.py").is_file()
