"""README's "A page of your own", carried out in a copy of the project."""

from __future__ import annotations

import re
from pathlib import Path

from tests.documents import read, section

PAGES = "# Your own pages: add their {} below this line.\n"
FUNCTIONS = "# Your own functions: add them below this line.\n"


def add_page(project: Path) -> None:
    """The four steps."""
    steps = section(read("README.md"), "A page of your own")
    page, function, route, event = re.findall(r"^```\w+\n(.*?)^```$", steps, re.DOTALL | re.M)
    package = project / "functions/web/foyer"
    (package / "pages/orders.html").write_text(page, "utf-8")
    add_below(package / "routes.py", PAGES.format("functions"), f"\n\n{function}\n")
    add_below(package / "routes.py", PAGES.format("routes"), route)
    add_below(project / "template.yaml", PAGES.format("events"), event)


def add_below(file: Path, mark: str, text: str) -> None:
    """Put ``text`` below the one place in the file that has this comment."""
    head, found, tail = file.read_text("utf-8").partition(mark)
    assert found, mark
    assert mark not in tail
    file.write_text(f"{head}{found}{text}{tail}", "utf-8")
