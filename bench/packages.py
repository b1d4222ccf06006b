"""Builds packages as `sam build` does, and the runtime's own packages."""

from __future__ import annotations

import io
import os
import platform
import shutil
import subprocess
import zipfile
from dataclasses import dataclass
from pathlib import Path

PYTHON_VERSION = "3.13"  # the functions' runtime (template.yaml)
# Packages in Lambda's Python image: the runtime client and boto3.
RUNTIME_PACKAGES = ("awslambdaric==4.2.2", "boto3==1.43.106")

_ROOT = Path(__file__).parent.parent
_PEERS = Path(__file__).parent / "peers"
_ZIP_DATE = (1980, 1, 1, 0, 0, 0)  # the date that the SAM CLI gives every file


@dataclass(frozen=True)
class Toolbox:
    """The commands that build packages."""

    uv: str
    sam: str
    python: str
    ca_file: Path
    node: str | None  # None without node and npm

    @classmethod
    def find(cls, *, uv: str, sam: str, folder: Path, ca_file: Path) -> Toolbox:
        """Raise SystemExit if the functions' version of Python is unavailable.

        Functions run in an empty virtual environment, because the machine's site-packages may
        have start-up files that do not exist in Lambda.
        """
        found = subprocess.run(
            [uv, "python", "find", "--no-project", PYTHON_VERSION],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        if found.returncode:
            raise SystemExit(f"The bench needs Python {PYTHON_VERSION}: uv python install 3.13")
        _run([found.stdout.strip(), "-m", "venv", "--without-pip", str(folder)])
        node = shutil.which("node") if shutil.which("npm") else None
        return cls(uv, sam, str(folder / "bin" / "python"), ca_file, node)

    def runtime(self, folder: Path) -> None:
        """Install the packages of Lambda's image, with bytecode as in the image."""
        self._install(folder, *RUNTIME_PACKAGES)
        trust(self.ca_file, folder)
        self.compile(folder)

    def peer(self, name: str, folder: Path, *, bytecode: bool) -> None:
        """Install a peer from its own locked requirements."""
        folder.mkdir(parents=True)
        requirements = _PEERS / name / "requirements.txt"
        if requirements.exists():
            self._install(folder, "--require-hashes", "-r", str(requirements))
        shutil.copy(_PEERS / name / "app.py", folder)
        trust(self.ca_file, folder)
        if bytecode:
            self.compile(folder)

    def node_peer(self, name: str, folder: Path) -> None:
        """Install a peer for Node from its own lock file, without running install scripts."""
        shutil.copytree(_PEERS / name, folder)
        if (folder / "package-lock.json").exists():
            _run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=folder)

    def build_foyer(self, folder: Path) -> Path:
        """Run `sam build` for the web function; return its package."""
        _run(
            [self.sam, "build", "WebFunction", "--no-cached",
             "--template", str(_ROOT / "template.yaml"), "--build-dir", str(folder)],
            cwd=_ROOT,
            # The SAM CLI writes no build.toml for a single function, so make is told.
            env={**os.environ, "SAM_CLI_TELEMETRY": "0",
                 "MAKEFLAGS": f"ARCHITECTURE={platform.machine()}",
                 "PATH": f"{Path(self.uv).resolve().parent}{os.pathsep}{os.environ['PATH']}"},
        )  # fmt: skip
        return folder / "WebFunction"

    def foyer(self, built: Path, folder: Path, *, bytecode: bool) -> None:
        """Copy the result of `sam build`, with or without bytecode."""
        shutil.copytree(built, folder)
        if not bytecode:
            for found in sorted(folder.rglob("__pycache__")):
                shutil.rmtree(found)
        trust(self.ca_file, folder)

    def compile(self, folder: Path) -> None:
        _run([self.python, "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash",
              str(folder)])  # fmt: skip

    def _install(self, folder: Path, *what: str) -> None:
        _run([self.uv, "pip", "install", "--quiet", "--python", self.python,
              "--only-binary", ":all:", "--target", str(folder), *what])  # fmt: skip


def trust(ca_file: Path, folder: Path) -> None:
    """Add one authority to every list of authorities below ``folder``.

    Replaces each list instead of writing to it, because uv links installed files to its cache,
    and so to every other environment on the machine.
    """
    for bundle in folder.rglob("cacert.pem"):
        authorities = bundle.read_bytes() + b"\n" + ca_file.read_bytes()
        bundle.unlink()
        bundle.write_bytes(authorities)
    for hashed in folder.rglob("certifi/hashed"):
        name = _run(["openssl", "x509", "-subject_hash", "-noout", "-in", str(ca_file)])
        shutil.copy(ca_file, hashed / f"{name.strip()}.0")


@dataclass(frozen=True)
class Size:
    """Bytes of a package."""

    zipped: int
    unzipped: int


def size(folder: Path) -> Size:
    """The size of a package, and its size zipped as the SAM CLI does (deflated, one date)."""
    archive = io.BytesIO()
    unzipped = 0
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        for path in sorted(found for found in folder.rglob("*") if found.is_file()):
            content = path.read_bytes()
            unzipped += len(content)
            name = zipfile.ZipInfo(str(path.relative_to(folder)), _ZIP_DATE)
            name.compress_type = zipfile.ZIP_DEFLATED
            file.writestr(name, content)
    return Size(len(archive.getvalue()), unzipped)


def has_bytecode(folder: Path) -> bool:
    return any(folder.rglob("*.pyc"))


def _run(command: list[str], cwd: Path | None = None, env: dict[str, str] | None = None) -> str:
    done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)}\n{done.stdout}{done.stderr}")
    return done.stdout
