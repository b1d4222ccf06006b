"""A fork that changes Foyer in the places that docs/upgrading.md names merges with a new version.

Foyer's side adds something in the lines next to each of these places, as versions do.
"""

from __future__ import annotations

import ast
import shutil
from pathlib import Path

from local.template_file import read_template
from tests.documents import ROOT, blocks, git
from tests.own_page import FUNCTIONS, PAGES, add_below, add_page
from tests.template import rendering

PACKAGE = "functions/web/foyer"
ROUTES = f"{PACKAGE}/routes.py"
FILES = ("template.yaml", "samconfig.toml", "pyproject.toml", "CHANGELOG.md", ROUTES)


def test_a_fork_merges_with_a_new_version_and_has_both_sides(tmp_path: Path) -> None:
    before, fork, version = (tmp_path / name for name in ("before", "fork", "version"))
    for project in (before, fork, version):
        (project / PACKAGE / "pages").mkdir(parents=True)
        for file in FILES:
            shutil.copy(ROOT / file, project / file)
    change_as_a_fork(fork)
    change_as_a_version(version)

    for file in FILES:  # fails where there is a conflict
        git("merge-file", *(str(project / file) for project in (fork, before, version)))

    resources = rendering.without_sam(read_template(fork / "template.yaml"))["Resources"]
    assert {"OrdersFunction", "Before", "After"} <= resources.keys()
    paths = resources["HttpApi"]["Properties"]["Body"]["paths"]
    assert {"/orders", "/api/orders", "/news"} <= paths.keys()
    pool = resources["UserPool"]["Properties"]
    assert [each["Name"] for each in pool["Schema"]] == ["email", "name", "company"]
    assert "our shop" in str(pool["VerificationMessageTemplate"])
    tree = ast.parse((fork / ROUTES).read_text("utf-8"))
    keys = {each.value for each in ast.walk(tree) if isinstance(each, ast.Constant)}
    assert {"GET /orders", "GET /news", "GET /healthz"} <= keys
    functions = {each.name for each in tree.body if isinstance(each, ast.FunctionDef)}
    assert {"orders", "news"} <= functions


def change_as_a_fork(project: Path) -> None:
    """In each of the places that are the reader's."""
    add_page(project)
    template = project / "template.yaml"
    orders = next(each for each in blocks("docs/guard.md", "yaml") if "OrdersFunction" in each)
    indented = "".join(f"  {line}" for line in orders.splitlines(keepends=True))
    add_below(template, FUNCTIONS, f"\n{indented}")
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
    routes = project / ROUTES
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
