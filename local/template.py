"""The part of a SAM template that the gateway serves: HTTP API routes and their functions.

Values come from the template itself: literals, and a parameter's value where the template
refers to a parameter, given or by default. Other intrinsic functions need a deployed stack, so an
environment variable that uses one is left out here and has to come from the environment.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from samtranslator.yaml_helper import yaml_parse  # type: ignore[import-untyped]

from local.places import RunError
from local.routes import Route

_METHODS = {"x-amazon-apigateway-any-method": "ANY"}


class TemplateError(RunError):
    """The template cannot be served."""


@dataclass(frozen=True)
class Function:
    """One Lambda function: ``timeout`` in seconds, ``memory`` in MB, ``code`` absolute."""

    name: str
    handler: str
    code: Path
    timeout: float
    memory: int
    log_format: str
    variables: Mapping[str, str]


@dataclass(frozen=True)
class HttpApi:
    """What is served; ``functions`` holds those that a route names, by their name."""

    routes: tuple[Route, ...]
    functions: Mapping[str, Function]


def read(path: Path, parameters: Mapping[str, str] | None = None) -> HttpApi:
    """Raises TemplateError when ``path`` is no template or nothing in it can be served.

    ``parameters`` have these values instead of their defaults.
    """
    template = _Template(path, parameters or {})
    functions: dict[str, Function] = {}
    routes: list[Route] = []
    for logical_id, properties in template.functions():
        found = list(template.routes(logical_id, properties))
        if found:
            routes += found
            functions[logical_id] = template.function(logical_id, properties)
    if not routes:
        raise TemplateError(f"{path} has no function with an HttpApi event, so no route to serve")
    return HttpApi(tuple(routes), functions)


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


class _Template:
    def __init__(self, path: Path, parameters: Mapping[str, str]) -> None:
        parsed = read_template(path)
        declared = parsed.get("Parameters") or {}
        self._parameters = {
            name: parameters.get(name, properties.get("Default"))
            for name, properties in declared.items()
        }
        self._globals = (parsed.get("Globals") or {}).get("Function") or {}
        self._resources = parsed.get("Resources") or {}
        self._folder = path.resolve().parent
        self._name = path.name

    def functions(self) -> list[tuple[str, dict[str, Any]]]:
        """Every function's properties, with the template's Globals beneath them."""
        return [
            (logical_id, self._with_globals(resource.get("Properties") or {}))
            for logical_id, resource in self._resources.items()
            if resource.get("Type") == "AWS::Serverless::Function"
        ]

    def routes(self, logical_id: str, properties: dict[str, Any]) -> list[Route]:
        events = (properties.get("Events") or {}).values()
        return [
            self._route(logical_id, event.get("Properties") or {})
            for event in events
            if event.get("Type") == "HttpApi"
        ]

    def function(self, logical_id: str, properties: dict[str, Any]) -> Function:
        code = self._folder / self._text(properties, "CodeUri", logical_id)
        handler = self._text(properties, "Handler", logical_id)
        _require_handler(logical_id, code, handler)
        variables = (properties.get("Environment") or {}).get("Variables") or {}
        return Function(
            name=logical_id,
            handler=handler,
            code=code.resolve(),
            timeout=float(self._value(properties.get("Timeout")) or 3),
            memory=int(self._value(properties.get("MemorySize")) or 128),
            log_format=self._value((properties.get("LoggingConfig") or {}).get("LogFormat"))
            or "Text",
            variables={
                name: text
                for name, value in variables.items()
                if (text := self._value(value)) is not None
            },
        )

    def _with_globals(self, properties: dict[str, Any]) -> dict[str, Any]:
        merged = self._globals | properties
        own, shared = (
            (source.get("Environment") or {}).get("Variables") or {}
            for source in (properties, self._globals)
        )
        return merged | {"Environment": {"Variables": shared | own}}

    def _route(self, logical_id: str, event: dict[str, Any]) -> Route:
        path = self._value(event.get("Path", "$default"))
        method = self._value(event.get("Method", "ANY"))
        if path is None or method is None:
            raise TemplateError(
                f"{self._name}: {logical_id} has a route whose path or method is not literal"
            )
        return Route(_METHODS.get(method.lower(), method.upper()), path, logical_id)

    def _text(self, properties: dict[str, Any], name: str, logical_id: str) -> str:
        text = self._value(properties.get(name))
        if not text:
            raise TemplateError(f"{self._name}: {logical_id} has no literal {name}")
        return text

    def _value(self, value: object) -> str | None:
        """A literal as CloudFormation would write it into a string; None for what needs a stack."""
        if isinstance(value, dict) and set(value) == {"Ref"}:
            value = self._parameters.get(value["Ref"])
        if isinstance(value, bool):
            return "true" if value else "false"
        return str(value) if isinstance(value, str | int | float) else None


def _require_handler(logical_id: str, code: Path, handler: str) -> None:
    if not code.is_dir():
        raise TemplateError(f"{logical_id} has its code in {code}, which is not a folder")
    module = code.joinpath(*handler.split(".")[:-1])
    if not module.with_suffix(".py").is_file() and not (module / "__init__.py").is_file():
        raise TemplateError(f"{logical_id} has the handler {handler}, which is not in {code}")
