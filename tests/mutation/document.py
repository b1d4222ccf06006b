"""Writes the table of security checks in docs/security-checks.md."""

from __future__ import annotations

from tests.mutation.checks import ROOT, Check, Threat

CHECKS = ROOT / "docs/security-checks.md"

_BEGIN = "<!-- made by `python -m tests.mutation --write` from tests/mutation/checks.toml -->\n"
_END = "<!-- end of the generated part -->\n"


def write(threats: tuple[Threat, ...]) -> None:
    """Update the table in docs/security-checks.md."""
    CHECKS.write_text(with_table(CHECKS.read_text("utf-8"), threats), "utf-8")


def with_table(text: str, threats: tuple[Threat, ...]) -> str:
    """The document with the current table."""
    before, _, rest = text.partition(_BEGIN)
    _, _, after = rest.partition(_END)
    return f"{before}{_BEGIN}{_table(threats)}{_END}{after}"


def _table(threats: tuple[Threat, ...]) -> str:
    return "".join(_section(threat) for threat in threats)


def _section(threat: Threat) -> str:
    rows = "".join(_row(check) for check in threat.checks)
    return (
        f"\n## {threat.name}\n\n{threat.yardsticks}\n\n"
        f"| Check | Code | Test |\n|---|---|---|\n{rows}\n"
    )


def _row(check: Check) -> str:
    module = check.file.rpartition("/")[2]
    test_file, _, test = check.test.partition("::")
    name, _, case = test.partition("[")
    words = name.removeprefix("test_").replace("_", " ")
    only = f": `{case.removesuffix(']')}`" if case else ""
    return (
        f"| {check.defence} | [{module}](../functions/{check.file}) "
        f"| [{words}](../tests/{test_file}){only} |\n"
    )
