"""The table of threats, defences and tests in docs/security.md."""

from __future__ import annotations

from tests.mutation.checks import ROOT, Check, Threat

SECURITY = ROOT / "docs/security.md"

_BEGIN = "<!-- written by `python -m tests.mutation --write`, from tests/mutation/checks.toml -->\n"
_END = "<!-- end of what is written -->\n"


def write(threats: tuple[Threat, ...]) -> None:
    """Bring the table in docs/security.md up to date."""
    SECURITY.write_text(with_table(SECURITY.read_text("utf-8"), threats), "utf-8")


def with_table(text: str, threats: tuple[Threat, ...]) -> str:
    """The document with the table as it is now."""
    before, _, rest = text.partition(_BEGIN)
    _, _, after = rest.partition(_END)
    return f"{before}{_BEGIN}{_table(threats)}{_END}{after}"


def _table(threats: tuple[Threat, ...]) -> str:
    return "".join(_section(threat) for threat in threats)


def _section(threat: Threat) -> str:
    rows = "".join(_row(check) for check in threat.checks)
    return (
        f"\n### {threat.name}\n\n{threat.yardsticks}\n\n"
        f"| Defence | Where | Noticed by |\n|---|---|---|\n{rows}\n"
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
