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
    lines = text.splitlines()
    (start,) = [at for at, line in enumerate(lines) if re.fullmatch(rf"#+ {heading}", line)]
    level = lines[start].index(" ")
    end = next(
        (
            at
            for at in range(start + 1, len(lines))
            if re.match(rf"#{{1,{level}}} ", lines[at]) and not _is_fenced(lines, at)
        ),
        len(lines),
    )
    return "\n".join(lines[start + 1 : end])


def _is_fenced(lines: list[str], at: int) -> bool:
    return sum(line.startswith("```") for line in lines[:at]) % 2 == 1


def table(text: str) -> list[list[str]]:
    """The cells of every table row in the text, without the head."""
    rows = [line for line in text.splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]
    heads = {at - 1 for at, row in enumerate(rows) if set(row) <= set("|- :")}
    return [row for at, row in enumerate(cells) if at not in heads and at - 1 not in heads]


def in_code(text: str) -> list[str]:
    return re.findall(r"`([^`]+)`", text)


def first_column(text: str) -> list[str]:
    """The code in the first cells of the text's tables."""
    return [name for row in table(text) for name in in_code(row[0])]


@cache
def documented(heading: str) -> frozenset[str]:
    """The names that a section of docs/settings.md lists, each once."""
    names = first_column(section(read("docs/settings.md"), heading))
    assert len(names) == len(set(names)), "each once"
    return frozenset(names)


def blocks(document: str, language: str) -> list[str]:
    """The document's code in this language, indented blocks apart."""
    return re.findall(rf"^```{language}\n(.*?)^```$", read(document), re.DOTALL | re.M)


def headings(text: str) -> list[str]:
    lines = text.splitlines()
    return [
        line.lstrip("#").strip()
        for at, line in enumerate(lines)
        if re.match(r"#+ ", line) and not _is_fenced(lines, at)
    ]


def anchors(text: str) -> set[str]:
    """The headings' anchors, as GitHub generates them."""
    return {re.sub(r"[^\w\- ]", "", each.lower()).replace(" ", "-") for each in headings(text)}


def links(text: str) -> list[str]:
    """The targets of links and pictures, except other sites."""
    prose = re.sub(r"^```.*?^```$", "", text, flags=re.DOTALL | re.MULTILINE)
    found = re.findall(r"\]\(([^)\s]+)\)", prose) + re.findall(r'(?:src|srcset)="([^"]+)"', prose)
    return [link for link in found if not re.match(r"\w+:", link)]
