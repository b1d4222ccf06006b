"""A template as it stands in its file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from samtranslator.yaml_helper import yaml_parse  # type: ignore[import-untyped]

from local.places import RunError


class TemplateError(RunError):
    """The template cannot be served."""


def read_template(path: Path) -> dict[str, Any]:
    """The template with its short tags (``!Ref x``) in the long form (``{"Ref": "x"}``)."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise TemplateError(
            f"the template {path} cannot be read ({str(error.strerror).lower()})"
        ) from error
    try:
        parsed = yaml_parse(text)
    except yaml.YAMLError as error:
        raise TemplateError(f"{path} is not valid YAML: {error}") from error
    if not isinstance(parsed, dict):
        raise TemplateError(f"{path} is not a template: its top level is not a mapping")
    return parsed
