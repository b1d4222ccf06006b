"""The project's files, and what its Markdown says, to compare it with the code."""

from __future__ import annotations

import re
import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent.parent


def read(path: str) -> str:
    return (ROOT / path).read_text("utf-8")


def git(*arguments: str, cwd: Path = ROOT) -> str:
    """What Git prints."""
    done = subprocess.run(["git", *arguments], cwd=cwd, capture_output=True, text=True, check=False)  # noqa: S603, S607 - our own arguments
    assert done.returncode == 0, (arguments, done.stdout, done.stderr)
    return done.stdout


def project_files() -> list[Path]:
    """The files that Git tracks, or would track, relative to the project."""
    listed = git("ls-files", "-z", "--cached", "--others", "--exclude-standard")
    return [Path(name) for name in listed.split("\0") if name]


def in_source(package: Path, pattern: str) -> set[str]:
    """What the pattern's group matches in the package's modules."""
    sources = (file.read_text("utf-8") for file in package.rglob("*.py"))
    return {found for source in sources for found in re.findall(pattern, source)}


def section(text: str, heading: str) -> str:
    """The text below the heading, up to the next heading of the same or a higher level."""
    (head,) = re.finditer(rf"^(#+) {heading}\n", text, re.M)
    rest = text[head.end() :]
    # Code may have comments that look like headings.
    prose = re.sub(r"^```.*?^```$", lambda code: " " * len(code[0]), rest, flags=re.S | re.M)
    end = re.search(rf"^#{{1,{len(head[1])}}} ", prose, re.M)
    return rest[: end.start()] if end else rest


def table(text: str) -> list[list[str]]:
    """The cells of every table row in the text, without the head."""
    body = re.sub(r"^\|.*\n\|[ :|-]+\|$", "", text, flags=re.M)
    rows = [line.strip("|").split("|") for line in body.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in row] for row in rows]


@cache
def documented(heading: str) -> frozenset[str]:
    """The names that a section of docs/settings.md lists, each once."""
    rows = table(section(read("docs/settings.md"), heading))
    names = [name for row in rows for name in re.findall(r"`([^`]+)`", row[0])]
    assert len(names) == len(set(names)), "each once"
    return frozenset(names)


def blocks(document: str, language: str) -> list[str]:
    """The document's code in this language, indented blocks apart."""
    return re.findall(rf"^```{language}\n(.*?)^```$", read(document), re.DOTALL | re.M)
