"""A fork that changes Foyer in the places that docs/upgrading.md names merges with a new version.

Foyer's side adds something in the lines next to each of these places, as versions do.
"""

from __future__ import annotations

import ast
import shutil
from pathlib import Path

import pytest
from samtranslator.yaml_helper import yaml_parse  # type: ignore[import-untyped]

from tests.documents import ROOT, blocks, git
from tests.own_page import FUNCTIONS, PAGES, add_below, add_page
from tests.template import rendering

FILES = ("template.yaml", "samconfig.toml", "pyproject.toml", "CHANGELOG.md")


@pytest.fixture(scope="module")
def merged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The new version, merged into the fork; fails if git finds a conflict."""
    project = tmp_path_factory.mktemp("fork")
    for file in FILES:
        shutil.copy(ROOT / file, project)
    package = "functions/web/foyer"
    skip = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / package, project / package, ignore=skip)
    git("init", "--quiet", "--initial-branch", "main", cwd=project)
    who = {"user.name": "Somebody", "user.email": "somebody@example.com", "commit.gpgsign": "false"}
    for name, value in who.items():
        git("config", name, value, cwd=project)
    commit(project, "This version")
    git("switch", "--quiet", "--create", "fork", cwd=project)
    change_as_a_fork(project)
    commit(project, "Our app")
    git("switch", "--quiet", "main", cwd=project)
    change_as_a_version(project)
    commit(project, "The next version")
    git("switch", "--quiet", "fork", cwd=project)
    git("merge", "--quiet", "--no-edit", "main", cwd=project)
    return project


def commit(project: Path, subject: str) -> None:
    git("add", "--all", cwd=project)
    git("commit", "--quiet", "--message", subject, cwd=project)


def change_as_a_fork(project: Path) -> None:
    """In each of the places that are the reader's."""
    add_page(project)
    template = project / "template.yaml"
    orders = next(each for each in blocks("docs/guard.md", "yaml") if "OrdersFunction" in each)
    indented = "".join(f"  {line}" for line in orders.splitlines(keepends=True))
    add_below(template, FUNCTIONS, f"\n{indented}")
    (project / "functions/orders").mkdir()
    (project / "functions/orders/app.py").write_text("def handler(event, context): ...\n")
    replace(template, "verification code is {####}.", "code for our shop is {####}.")
    add_below(
        template,
        "        # - { Name: company, AttributeDataType: String, Mutable: true, "
        'StringAttributeConstraints: { MaxLength: "100" } }\n',
        "        - { Name: company, AttributeDataType: String, Mutable: true }\n",
    )
    replace(project / "samconfig.toml", '"MemorySize=1024"', '"MemorySize=512", "Mfa=on"')


def change_as_a_version(project: Path) -> None:
    """Beside these places: before the comments, and after what follows them."""
    template = project / "template.yaml"
    routes = project / "functions/web/foyer/routes.py"
    event = "{ Type: HttpApi, Properties: { ApiId: !Ref HttpApi, Method: GET, Path: /news } }"
    add_above(template, f"        {PAGES.format('events')}", f"        News: {event}\n")
    topic = "Type: AWS::SNS::Topic\n\n"
    replace(template, "  # -- Your app -", f"  Before:\n    {topic}  # -- Your app -")
    replace(template, "\n  UserPool:\n", f"\n  After:\n    {topic}  UserPool:\n")
    parameter = '  News:\n    Type: String\n    Default: ""\n\n'
    add_above(template, "# Rejects combinations", parameter)
    news = "def news() -> None:\n    pass\n\n\n"
    add_above(routes, PAGES.format("functions"), news)
    add_above(routes, f"    {PAGES.format('routes')}", '    "GET /news": Route(health),\n')
    replace(project / "samconfig.toml", "cached = true", "cached = false")
    replace(project / "pyproject.toml", 'version = "', 'version = "9.')
    replace(project / "CHANGELOG.md", "\n## [", "\n## 9.0.0\n\nNews.\n\n## [")


def add_above(file: Path, mark: str, text: str) -> None:
    replace(file, mark, f"{text}{mark}")


def replace(file: Path, old: str, new: str) -> None:
    """The first of them."""
    text = file.read_text("utf-8")
    assert old in text, old
    file.write_text(text.replace(old, new, 1), "utf-8")


def test_the_merged_template_has_both_sides_and_is_accepted(merged: Path) -> None:
    text = (merged / "template.yaml").read_text("utf-8")
    resources = rendering.without_sam(yaml_parse(text))["Resources"]
    assert {"OrdersFunction", "Before", "After"} <= resources.keys()
    paths = resources["HttpApi"]["Properties"]["Body"]["paths"]
    assert {"/orders", "/api/orders", "/news"} <= paths.keys()
    pool = resources["UserPool"]["Properties"]
    assert [each["Name"] for each in pool["Schema"]] == ["email", "name", "company"]
    assert "our shop" in str(pool["VerificationMessageTemplate"])


def test_the_merged_routes_have_both_sides(merged: Path) -> None:
    tree = ast.parse((merged / "functions/web/foyer/routes.py").read_text("utf-8"))
    keys = {each.value for each in ast.walk(tree) if isinstance(each, ast.Constant)}
    assert {"GET /orders", "GET /news", "GET /healthz"} <= keys
    functions = {each.name for each in tree.body if isinstance(each, ast.FunctionDef)}
    assert {"orders", "news"} <= functions
