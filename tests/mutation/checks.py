"""The table of security checks (checks.toml), the code without each check, and the document."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

from tests.documents import ROOT

DOCUMENT = ROOT / "docs/security-checks.md"
_BEGIN = "<!-- made by `python -m tests.mutation --write` from tests/mutation/checks.toml -->\n"
_END = "<!-- end of the generated part -->\n"


@dataclass(frozen=True)
class Check:
    """One check; ``file`` is relative to functions/, ``test`` to tests/."""

    defence: str
    file: str
    code: str
    without: str
    test: str

    @property
    def path(self) -> Path:
        return (ROOT / "functions" / self.file).resolve()

    @property
    def test_name(self) -> str:
        """The function's name, without cases in brackets."""
        return self.test.partition("::")[2].partition("[")[0]

    def source_without(self) -> str:
        """The module without this check; raises ValueError unless it occurs exactly once."""
        source = self.path.read_text("utf-8")
        if (times := source.count(self.code)) != 1:
            raise ValueError(f"{self.file} holds this {times} times, not once: {self.code}")
        return source.replace(self.code, self.without)


@dataclass(frozen=True)
class Threat:
    """A threat and the checks against it."""

    name: str
    yardsticks: str
    checks: tuple[Check, ...]


def read() -> tuple[Threat, ...]:
    """The threats in the table's order."""
    table = tomllib.loads(Path(__file__).with_name("checks.toml").read_text("utf-8"))
    return tuple(
        Threat(each["name"], each["yardsticks"], tuple(Check(**check) for check in each["check"]))
        for each in table["threat"]
    )


def document_with_table() -> str:
    """docs/security-checks.md with the current table."""
    before, _, rest = DOCUMENT.read_text("utf-8").partition(_BEGIN)
    _, _, after = rest.partition(_END)
    table = "".join(
        f"\n## {threat.name}\n\n{threat.yardsticks}\n\n| Check | Code | Test |\n|---|---|---|\n"
        f"{''.join(map(_row, threat.checks))}\n"
        for threat in read()
    )
    return f"{before}{_BEGIN}{table}{_END}{after}"


def _row(check: Check) -> str:
    file, _, test = check.test.partition("::")
    case = test.partition("[")[2].removesuffix("]")
    words = check.test_name.removeprefix("test_").replace("_", " ")
    return (
        f"| {check.defence} | [{check.path.name}](../functions/{check.file}) "
        f"| [{words}](../tests/{file}){f': `{case}`' if case else ''} |\n"
    )
