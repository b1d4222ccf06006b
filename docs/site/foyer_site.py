"""What the repository's Markdown needs to become a site; the files themselves stay plain Markdown.

- The README of docs/ and of its folders list the pages: their links are the site's navigation.
- A <picture> for light and dark mode follows the site's own switch.
- A diagram is replaced by its pictures, so that no page loads a script to draw it.
- The gallery's page shows its pictures if `make gallery` has taken them.
- Headings of the sidebar, code that scrolls and empty cells get what screen readers need.
- Links to other files of the repository lead to `REPO_URL`, or to a copy in the site without it.
"""

from __future__ import annotations

import posixpath
import re
import shutil
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from docutils import nodes
from sphinx.addnodes import download_reference
from sphinx.application import Sphinx

GALLERY = "docs/gallery"
_SHOWN = ("landing", "sign-up", "sign-in", "welcome", "account", "account-two-steps")
INDEXES = ("docs/README", "docs/recipes/README", "docs/decisions/README")
_LINK = re.compile(r"\[([^\]]+)\]\((?!\w+:)([^)#\s]+)\.md\)")
_PICTURE = re.compile(
    r'<picture>\s*<source media="\(prefers-color-scheme: dark\)" srcset="([^"]+)">\s*'
    r'<img alt="([^"]*)" src="([^"]+)">\s*</picture>'
)
_DIAGRAM = re.compile(r"^## ([^\n]+)\n((?:(?!^## ).)*?)^```mermaid\n.*?^```$", re.DOTALL | re.M)


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_config_value("repository", "", "env")  # a changed address reads all documents again
    app.add_config_value("gallery", "", "env")  # the folder with the pictures; empty without them
    app.connect("source-read", rewrite)
    app.connect("doctree-read", link_to_repository, priority=400)  # before files are copied
    app.connect("html-page-context", make_accessible, priority=900)  # after the theme's own
    app.connect("build-finished", copy_gallery)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def rewrite(app: Sphinx, document: str, source: list[str]) -> None:
    """Changes what Sphinx reads, not the files."""
    text = _PICTURE.sub(_both(r"\3", r"\1", r"\2"), source[0])
    text = _DIAGRAM.sub(lambda found: f"## {found[1]}\n{found[2]}{_drawn(found[1])}", text)
    if document == GALLERY and app.config.gallery:
        title, _, rest = text.partition("\n")
        text = f"{title}\n\n{_strip(Path(app.config.gallery))}\n\n{rest}"
    if document in INDEXES:
        text += "".join(navigation(document, text))
    source[0] = text


def _both(light: str, dark: str, alt: str) -> str:
    return (
        f'<img class="only-light" alt="{alt}" src="{light}">\n\n'
        f'<img class="only-dark" alt="{alt}" src="{dark}">'
    )


def _strip(gallery: Path) -> str:
    """Some pages on a phone, in the scheme that the site has, and a link to all of them."""
    shown = "".join(
        f'<a href="../gallery/{name}.phone.{scheme}.png" class="only-{scheme}">'
        f'<img alt="{name}" src="../gallery/{name}.phone.{scheme}.png" loading="lazy"></a>'
        for name in _SHOWN
        for scheme in ("light", "dark")
        if (gallery / f"{name}.phone.{scheme}.png").exists()
    )
    every = '<p><a href="../gallery/index.html">All pictures</a></p>'
    return f'<div class="gallery">{shown}</div>\n\n{every}'


_ACCESSIBLE = {
    '<p class="caption" role="heading">': '<p class="caption" role="heading" aria-level="2">',
    "<pre>": '<pre tabindex="0">',  # so that the keyboard can scroll it
    '<th class="head"><p></p></th>': "<td></td>",
}


# The link of a picture that is hidden is hidden too.
_LINKED_PICTURE = re.compile(
    r'(?<=<a class=")([^"]*image-reference)(?="[^>]*>\s*<img [^>]*class="(only-\w+)")'
)


def make_accessible(
    _app: Sphinx, _page: str, _template: str, context: dict[str, Any], _tree: nodes.document | None
) -> None:
    for part in ("body", "furo_navigation_tree"):
        for plain, accessible in _ACCESSIBLE.items():
            context[part] = context.get(part, "").replace(plain, accessible)
    context["body"] = _LINKED_PICTURE.sub(r"\1 \2", context["body"])


def copy_gallery(app: Sphinx, failure: Exception | None) -> None:
    if app.config.gallery and failure is None:
        shutil.copytree(app.config.gallery, Path(app.outdir) / "gallery", dirs_exist_ok=True)


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
