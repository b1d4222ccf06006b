"""Imports point one way: leaves know nobody, and only the entry point reads the environment."""

from __future__ import annotations

import ast
from pathlib import Path

import foyer
import pytest

PACKAGE = Path(foyer.__file__).parent

# What each module may import of ours. A module that is not here fails the test: say where it
# stands before it grows.
ALLOWED = {
    "__init__": "",
    "errors": "",
    "cookies": "",
    "counters": "",
    "language": "errors http_api",
    "pages": "language",
    "return_to": "",
    "strict_json": "",
    "settings": "errors",
    "sealing": "errors",
    "secret_store": "errors sealing",
    "http_api": "errors",
    "upstream": "errors",
    "signing_keys": "errors",
    "cognito": "errors strict_json upstream",
    "id_token": "errors signing_keys strict_json",
    "attempt": "cookies errors sealing",
    "session": "cookies errors sealing",
    "problems": "errors http_api pages",
    "sign_in": "attempt cognito errors id_token secret_store session",
    "visitors": "cognito counters errors id_token secret_store session",
    "notice": "cookies",
    "user_api": "errors strict_json upstream",
    "parts": (
        "attempt cognito cookies counters http_api language pages secret_store session sign_in "
        "user_api visitors"
    ),
    "forms": "errors http_api",
    "login": "attempt errors http_api language parts return_to sign_in",
    "logout": "errors forms http_api notice parts problems",
    "form_pages": "forms http_api pages",
    "account_pages": "form_pages http_api user_api",
    "account_access": (
        "account_pages errors forms http_api parts problems session user_api visitors"
    ),
    "authenticator": "account_access errors forms http_api notice parts",
    "account": ("account_access authenticator errors forms http_api logout notice parts"),
    "routes": "forms http_api language login logout notice parts problems",
    "assembly": (
        "account attempt cognito cookies counters errors http_api id_token language pages parts "
        "routes secret_store session settings sign_in user_api visitors"
    ),
    "secrets_manager": "errors settings strict_json upstream",
    "app": "assembly errors secrets_manager",
}
MODULES = sorted(file.stem for file in PACKAGE.glob("*.py"))


def imports(tree: ast.Module) -> tuple[set[str], set[str]]:
    """Modules of ours, and everything else, that a module imports; type checking included."""
    ours: set[str] = set()
    others: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            others |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            others.add(node.module or "")
        elif isinstance(node, ast.ImportFrom):
            ours |= {node.module} if node.module else {alias.name for alias in node.names}
    return ours, others


def parsed(module: str) -> ast.Module:
    return ast.parse((PACKAGE / f"{module}.py").read_text("utf-8"))


def test_the_table_names_the_modules_that_there_are() -> None:
    assert set(MODULES) == set(ALLOWED)


@pytest.mark.parametrize("module", MODULES)
def test_a_module_imports_only_what_stands_below_it(module: str) -> None:
    ours, others = imports(parsed(module))
    assert ours <= set(ALLOWED[module].split())
    assert not any(name.split(".")[0] == "foyer" for name in others), "one way to name a module"


def test_the_table_has_no_circle() -> None:
    below = {module: set(names.split()) for module, names in ALLOWED.items()}
    while below:
        free = {module for module, names in below.items() if not names & set(below)}
        assert free, f"a circle among {sorted(below)}"
        for module in free:
            del below[module]


@pytest.mark.parametrize("module", [name for name in MODULES if name != "app"])
def test_only_the_entry_point_reads_the_environment(module: str) -> None:
    names = {node.attr for node in ast.walk(parsed(module)) if isinstance(node, ast.Attribute)}
    assert not names & {"environ", "getenv"}


@pytest.mark.parametrize("module", MODULES)
def test_what_would_slow_down_every_cold_start_is_not_imported(module: str) -> None:
    _, others = imports(parsed(module))
    costly = ("jinja2", "jwt", "boto3", "aws_lambda_powertools.event_handler")
    assert not [name for name in others if name.startswith(costly)]
