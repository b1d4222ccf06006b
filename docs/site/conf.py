"""Configuration of the documentation site, which `make docs` builds with Sphinx.

The source folder is the whole repository: README.md, CHANGELOG.md and the examples are pages too,
and links between documents work here as they do in the repository.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

repository = os.environ.get("REPO_URL", "").rstrip("/")
pictures = Path(__file__).parents[2] / os.environ.get("GALLERY", "build/gallery")
gallery = str(pictures) if (pictures / "index.html").exists() else ""

project = "Foyer"
copyright = "2026 The Foyer authors"  # noqa: A001 - the name that Sphinx reads
html_title = "Foyer"

extensions = ["myst_parser", "sphinx_copybutton", "foyer_site"]
root_doc = "docs/README"
include_patterns = ["*.md", "docs/**.md", "events/*.md", "examples/*/README.md"]
exclude_patterns = [".*", "build", "**/node_modules", "functions", "tests", "local", "bench"]

myst_heading_anchors = 4  # `page.md#heading`, as on GitHub; a link to no heading is an error
myst_enable_extensions = ["html_image"]  # <img> in Markdown becomes a picture of the site
nitpicky = True

html_theme = "furo"
html_static_path = ["static"]
templates_path = ["templates"]
html_css_files = ["foyer.css"]
html_favicon = "static/door.svg"
html_additional_pages = {"index": "index.html"}
html_copy_source = False
html_show_sphinx = False
html_use_index = False
pygments_style = "a11y-high-contrast-light"
pygments_dark_style = "github-dark"
copybutton_prompt_text = "$ "

html_theme_options = {
    "top_of_page_buttons": ["edit"] if repository else [],
    "navigation_with_keys": True,
    # The accent of Foyer's own pages, with 4.5:1 on both backgrounds.
    "light_css_variables": {
        "color-brand-primary": "#3d5a80",
        "color-brand-content": "#3d5a80",
        "color-brand-visited": "#3d5a80",
        "color-background-secondary": "#f6f5f2",
    },
    "dark_css_variables": {
        "color-brand-primary": "#a5bddb",
        "color-brand-content": "#a5bddb",
        "color-brand-visited": "#a5bddb",
        "color-background-primary": "#15171b",
        "color-background-secondary": "#1a1d22",
    },
}
if repository:
    html_theme_options["source_edit_link"] = f"{repository}/edit/main/{{filename}}"
