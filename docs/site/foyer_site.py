"""What the repository's Markdown needs to become a site; the files themselves stay plain Markdown.

- The README of docs/ and of its folders list the pages: their links are the site's navigation.
- A <picture> for light and dark mode follows the site's own switch.
- A diagram is replaced by its pictures, so that no page loads a script to draw it.
- Links to other files of the repository lead to `REPO_URL`, or to a copy in the site without it.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from docutils import nodes
from sphinx.addnodes import download_reference
from sphinx.application import Sphinx

INDEXES = ("docs/README", "docs/recipes/README", "docs/decisions/README")
_LINK = re.compile(r"\[([^\]]+)\]\((?!\w+:)([^)#\s]+)\.md\)")
_PICTURE = re.compile(
    r'<picture>\s*<source media="\(prefers-color-scheme: dark\)" srcset="([^"]+)">\s*'
    r'<img alt="([^"]*)" src="([^"]+)">\s*</picture>'
)
_DIAGRAM = re.compile(r"^## ([^\n]+)\n((?:(?!^## ).)*?)^```mermaid\n.*?^```$", re.DOTALL | re.M)


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_config_value("repository", "", "env")  # a changed address reads all documents again
    app.connect("source-read", rewrite)
    app.connect("doctree-read", link_to_repository, priority=400)  # before files are copied
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def rewrite(_app: Sphinx, document: str, source: list[str]) -> None:
    """Changes what Sphinx reads, not the files."""
    text = _PICTURE.sub(_both(r"\3", r"\1", r"\2"), source[0])
    text = _DIAGRAM.sub(lambda found: f"## {found[1]}\n{found[2]}{_drawn(found[1])}", text)
    if document in INDEXES:
        text += "".join(navigation(document, text))
    source[0] = text


def _both(light: str, dark: str, alt: str) -> str:
    return (
        f'<img class="only-light" alt="{alt}" src="{light}">\n\n'
        f'<img class="only-dark" alt="{alt}" src="{dark}">'
    )


def _drawn(heading: str) -> str:
    """The diagram's pictures, each a link to itself in full size."""
    name = re.sub(r"\W+", "-", heading.lower())
    return "\n\n".join(
        f"```{{image}} pictures/{name}-{scheme}.png\n:class: only-{scheme}\n"
        f":alt: 'Diagram: {heading}'\n:target: ../_images/{name}-{scheme}.png\n```"
        for scheme in ("light", "dark")
    )


def navigation(document: str, text: str) -> Iterator[str]:
    """A hidden table of contents for each section with links to documents, each document once."""
    seen = {document, "docs/README"}
    for section in re.split(r"^(?=## )", text, flags=re.M):
        entries = []
        for title, path in _LINK.findall(section):
            target = posixpath.normpath(PurePosixPath(document).parent / path)
            if target not in seen:
                seen.add(target)
                entries.append(f"{title} </{target}>")
        if entries:
            heading = re.match(r"## (.+)", section)
            caption = [f":caption: {heading[1]}"] if heading else []
            yield "\n".join(("\n", "```{toctree}", ":hidden:", *caption, "", *entries, "```", ""))


def link_to_repository(app: Sphinx, tree: nodes.document) -> None:
    if not (repository := app.config.repository):
        return
    for link in tree.findall(download_reference):
        file = (Path(app.srcdir) / link["refdoc"]).parent / link["reftarget"]
        path = posixpath.relpath(file.resolve(), app.srcdir)
        there = nodes.reference("", "", *link.children, refuri=f"{repository}/blob/main/{path}")
        link.replace_self(there)
