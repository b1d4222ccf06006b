"""The web function's package, by the makefile that `sam build` runs: complete, small, compiled."""

from __future__ import annotations

import os
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


@pytest.fixture(scope="module")
def uv() -> Path:
    return Path(shutil.which("uv") or ROOT / ".tools/bin/uv")


def build(uv: Path, folder: Path, *, architecture: str = "x86_64", **environ: str) -> str:
    """What it prints."""
    done = subprocess.run(  # noqa: S603 - our own makefile
        ["make", "build-WebFunction", f"ARCHITECTURE={architecture}"],  # noqa: S607 - as the SAM CLI finds it
        cwd=WEB,
        env={
            **os.environ,
            "PATH": f"{uv.resolve().parent}:{os.environ['PATH']}",
            "ARTIFACTS_DIR": str(folder),
            "UV_HTTP_RETRIES": "1",  # without a network, more tries only take longer
            **environ,
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.fixture(scope="module")
def printed_and_package(uv: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    folder = tmp_path_factory.mktemp("package")
    return build(uv, folder), folder


def test_the_package_is_within_its_budget(printed_and_package: tuple[str, Path]) -> None:
    assert size(printed_and_package[1]).zipped <= MEGABYTES * 1e6


def test_the_package_has_every_module_page_and_language(
    printed_and_package: tuple[str, Path],
) -> None:
    def files(folder: Path) -> set[Path]:
        return {
            file.relative_to(folder)
            for file in folder.rglob("*")
            if file.is_file() and "__pycache__" not in file.parts
        }

    packed = files(printed_and_package[1] / "foyer")
    assert packed == files(WEB / "foyer")
    assert Path("languages/zh-TW.json") in packed


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


def test_without_the_functions_python_the_build_says_so_and_goes_on(
    uv: Path, tmp_path: Path
) -> None:
    printed = build(uv, tmp_path, UV_PYTHON_DOWNLOADS="never", PATH=f"{uv.parent}:/usr/bin:/bin")
    if list(tmp_path.rglob("*.pyc")):
        pytest.skip("the system's own Python is the functions'")
    assert "WARNING: the package has NO BYTECODE" in printed
    assert (tmp_path / "foyer/app.py").is_file()


def test_the_package_holds_what_runs_and_nothing_else(
    printed_and_package: tuple[str, Path],
) -> None:
    _, package = printed_and_package
    top = {path.name for path in package.iterdir()}
    assert {"foyer", "requests", "cryptography", "aws_lambda_powertools"} <= top
    assert not top & {"boto3", "botocore", "cffi", "pycparser", "build", "bin", "Makefile", "tests"}


def test_authorities_are_there_one_by_one(printed_and_package: tuple[str, Path]) -> None:
    _, package = printed_and_package
    roots = (package / "certifi/cacert.pem").read_text("utf-8").count("BEGIN CERTIFICATE")
    assert len(list((package / "certifi/hashed").iterdir())) == roots


def test_another_processor_type_gets_its_own_modules(uv: Path, tmp_path: Path) -> None:
    build(uv, tmp_path, architecture="arm64", UV_PYTHON_DOWNLOADS="never")
    modules = [path.name for path in tmp_path.rglob("*.cpython-*.so")]
    assert modules
    assert all("aarch64" in name for name in modules)


def test_foyer_can_be_a_nested_application_in_a_folder_of_another_project(
    uv: Path, tmp_path: Path
) -> None:
    """For the processor that the outer template asks for."""
    ignored = shutil.ignore_patterns(".*", "__pycache__", "tests", "docs", "bench")
    shutil.copytree(ROOT, tmp_path / "vendor/foyer", ignore=ignored)
    (tmp_path / "template.yaml").write_text(
        "Transform: AWS::Serverless-2016-10-31\n"
        "Resources:\n"
        "  SignIn:\n"
        "    Type: AWS::Serverless::Application\n"
        "    Properties:\n"
        "      Location: vendor/foyer/template.yaml\n"
        "      Parameters: { Architecture: arm64 }\n"
    )
    built = subprocess.run(  # noqa: S603 - our own command
        [ROOT / ".venv-sam/bin/sam", "build", "--beta-features"],
        cwd=tmp_path,
        env={
            **os.environ,
            "PATH": f"{uv.resolve().parent}:{os.environ['PATH']}",
            "UV_PYTHON_DOWNLOADS": "never",  # bytecode is of no interest here
            "SAM_CLI_TELEMETRY": "0",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stderr
    package = tmp_path / ".aws-sam/build/SignIn/WebFunction"
    assert (package / "foyer/app.py").is_file()
    modules = [path.name for path in package.rglob("*.cpython-*.so")]
    assert modules
    assert all("aarch64" in name for name in modules)
