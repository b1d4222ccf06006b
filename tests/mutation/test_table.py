"""The table of security checks is valid, and the document is up to date.

That a test notices each missing check is shown by ``make mutants``, which takes minutes.
"""

from __future__ import annotations

import pytest

from tests.documents import ROOT, read
from tests.mutation import checks
from tests.mutation.checks import Check
from tests.mutation.mutants import is_assertion

CHECKS = [check for threat in checks.read() for check in threat.checks]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.defence)
def test_each_check_is_in_the_code_once_and_has_a_test(check: Check) -> None:
    compile(check.source_without(), check.file, "exec")
    assert f"def {check.test_name}(" in read(f"tests/{check.test.partition('::')[0]}")


def test_a_crash_is_no_notice() -> None:
    assert is_assertion(AssertionError())
    assert is_assertion(ExceptionGroup("", [AssertionError()]))
    for crash in (NameError(), TypeError(), ExceptionGroup("", [AssertionError(), KeyError()])):
        assert not is_assertion(crash)


def test_every_module_that_decides_something_has_a_check() -> None:
    """All modules, except those that hold names, write metrics and pages, or build objects."""
    others = {"account/forms.py", "account/pages.py", "app.py", "aws/secrets_manager.py",
              "clocks.py", "cognito/pool.py", "color.py", "counters.py", "errors.py",
              "route.py", "services.py", "sessions/device.py", "settings.py",
              "sessions/keeper.py", "stack_trace.py"}  # fmt: skip
    package = ROOT / "functions/web/foyer"
    modules = {str(path.relative_to(package)) for path in package.rglob("*.py")}
    checked = {check.file.removeprefix("web/foyer/") for check in CHECKS}
    assert {module for module in modules - checked if "__init__" not in module} == others


def test_the_document_shows_the_current_table() -> None:
    written = checks.DOCUMENT.read_text("utf-8")
    assert checks.document_with_table() == written, "run: python -m tests.mutation --write"
