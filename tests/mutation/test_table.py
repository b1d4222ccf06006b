"""The table of security checks is valid, and the document is up to date.

That a test notices each missing check is shown by ``make mutants``, which takes minutes.
"""

from __future__ import annotations

import pytest

from tests.mutation import document
from tests.mutation.checks import ROOT, Check, read
from tests.mutation.copy import is_assertion

CHECKS = [check for threat in read() for check in threat.checks]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.defence)
def test_each_check_is_in_the_code_once_and_has_a_test(check: Check) -> None:
    source = (ROOT / "functions" / check.file).read_text("utf-8")
    compile(check.taken_out_of(source), check.file, "exec")
    file, _, _ = check.test.partition("::")
    assert f"def {check.test_name}(" in (ROOT / "tests" / file).read_text("utf-8")


def test_a_check_that_cannot_be_found_is_an_error() -> None:
    check = Check(defence="", file="x.py", code="a", without="b", test="")
    assert check.taken_out_of("a") == "b"
    for source in ("", "a a"):
        with pytest.raises(ValueError, match="not once"):
            check.taken_out_of(source)


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
    text = document.CHECKS.read_text("utf-8")
    assert document.with_table(text, read()) == text, "run: python -m tests.mutation --write"
