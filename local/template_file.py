"""A template as it stands in its file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from samtranslator.yaml_helper import (  # type: ignore[import-untyped]
    intrinsics_multi_constructor,
    yaml_parse,
)

from local.places import RunError

# As SAM reads it, with libyaml, which takes an eighth of the time where PyYAML has it.
_Loader: Any = type("_Loader", (getattr(yaml, "CSafeLoader", yaml.SafeLoader),), {})
_Loader.add_multi_constructor("!", intrinsics_multi_constructor)


class TemplateError(RunError):
    """The template cannot be served."""


def read_template(path: Path) -> dict[str, Any]:
    """The template with its short tags (``!Ref x``) in the long form (``{"Ref": "x"}``)."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise TemplateError(
            f"the template {path} cannot be read ({str(error.strerror).lower()}); correct its path"
        ) from error
    try:
        parsed = _parse(text)
    except yaml.YAMLError as error:
        raise TemplateError(f"{path} is not valid YAML: {_where(error)}") from error
    if not isinstance(parsed, dict):
        raise TemplateError(f"{path} is not a template: it has no section such as Resources")
    return parsed


def _parse(text: str) -> Any:
    try:
        return yaml.load(text, _Loader)  # noqa: S506 - a SafeLoader
    except yaml.YAMLError:  # SAM's reads a little more, and its messages say more
        return yaml_parse(text)


def _where(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    if mark is None:
        return str(error)
    return f"line {mark.line + 1}, column {mark.column + 1}: {getattr(error, 'problem', error)}"
