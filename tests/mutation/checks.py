"""The table of security checks (checks.toml), and the code without each check."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
TABLE = Path(__file__).with_name("checks.toml")


@dataclass(frozen=True)
class Check:
    """One check; ``file`` is relative to functions/, ``test`` to tests/."""

    defence: str
    file: str
    code: str
    without: str
    test: str

    @property
    def test_name(self) -> str:
        """The function's name, without cases in brackets."""
        return self.test.partition("::")[2].partition("[")[0]

    def taken_out_of(self, source: str) -> str:
        """The source without this check; raises ValueError unless it occurs exactly once."""
        times = source.count(self.code)
        if times != 1:
            raise ValueError(f"{self.file} holds this {times} times, not once: {self.code}")
        return source.replace(self.code, self.without)


@dataclass(frozen=True)
class Threat:
    """A threat and the checks against it."""

    name: str
    yardsticks: str
    checks: tuple[Check, ...]


def read(table: Path = TABLE) -> tuple[Threat, ...]:
    """The threats in the table's order."""
    return tuple(
        Threat(
            name=threat["name"],
            yardsticks=threat["yardsticks"],
            checks=tuple(Check(**check) for check in threat["check"]),
        )
        for threat in tomllib.loads(table.read_text("utf-8"))["threat"]
    )
