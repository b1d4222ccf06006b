"""The part of a SAM template that the gateway serves: HTTP APIs, routes, authorizers, functions.

Values come from the template itself (literals, and parameters at their default or as given) and,
where a local stack has resolved them, from CloudFormation. An environment variable whose value is
not known is left out here and has to come from the environment.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from samtranslator.yaml_helper import yaml_parse  # type: ignore[import-untyped]

from local.auth_section import AuthSection
from local.authorizers import LambdaAuthorizer
from local.places import RunError
from local.routes import Route
from local.values import Values

_METHODS = {"x-amazon-apigateway-any-method": "ANY"}
_IMPLICIT_API = "ServerlessHttpApi"  # SAM's name for the API of events that name none


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
    runtime: str = "python3.13"


@dataclass(frozen=True)
class HttpApi:
    """What is served; ``functions`` holds those that a route or an authorizer names, by name.

    Requests come below ``mapping_key`` of the domain, or for an empty one at its root.
    """

    routes: tuple[Route, ...]
    functions: Mapping[str, Function]
    mapping_key: str = ""


def read(
    path: Path,
    parameters: Mapping[str, str] | None = None,
    resolved: Mapping[str, str] | None = None,
) -> HttpApi:
    """Raises TemplateError when ``path`` is no template or nothing in it can be served.

    ``parameters`` have these values instead of their defaults; ``resolved`` holds what
    CloudFormation has made of expressions (local.values).
    """
    template = _Template(path, parameters or {}, resolved or {})
    routes = tuple(route for name in template.functions for route in template.routes(name))
    if not routes:
        raise TemplateError(f"{path} has no function with an HttpApi event, so no route to serve")
    names = {route.function for route in routes} | {
        function_name(route.authorizer.function)
        for route in routes
        if isinstance(route.authorizer, LambdaAuthorizer)
    }
    functions = {name: template.function(name) for name in template.functions if name in names}
    return HttpApi(routes, functions, template.mapping_key())


def function_name(name_or_arn: str) -> str:
    """The function's name: of itself, or the seventh part of an ARN, before any alias."""
    return name_or_arn.split(":")[6] if name_or_arn.startswith("arn:") else name_or_arn


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
    def __init__(
        self, path: Path, parameters: Mapping[str, str], resolved: Mapping[str, str]
    ) -> None:
        parsed = read_template(path)
        declared = parsed.get("Parameters") or {}
        self._values = Values(
            {
                name: parameters.get(name, properties.get("Default"))
                for name, properties in declared.items()
            },
            resolved,
        )
        self._globals = parsed.get("Globals") or {}
        self._resources = parsed.get("Resources") or {}
        self._folder = path.resolve().parent
        self._name = path.name
        self.functions = {
            name: self._with_globals(resource.get("Properties") or {})
            for name, resource in self._existing("AWS::Serverless::Function")
        }
        self._auth = dict(self._auth_sections())

    def routes(self, function: str) -> list[Route]:
        events = (self.functions[function].get("Events") or {}).values()
        return [
            self._route(function, event.get("Properties") or {})
            for event in events
            if event.get("Type") == "HttpApi"
        ]

    def mapping_key(self) -> str:
        for _, resource in self._existing("AWS::ApiGatewayV2::ApiMapping"):
            properties = resource.get("Properties") or {}
            if _name(properties.get("ApiId")) in self._auth:
                return self._values.text(properties.get("ApiMappingKey")) or ""
        return ""

    def function(self, logical_id: str) -> Function:
        properties = self.functions[logical_id]
        code = self._folder / self._text(properties, "CodeUri", logical_id)
        handler = self._text(properties, "Handler", logical_id)
        runtime = self._values.text(properties.get("Runtime")) or Function.runtime
        _require_handler(logical_id, code, handler, runtime)
        variables = (properties.get("Environment") or {}).get("Variables") or {}
        logging = properties.get("LoggingConfig") or {}
        return Function(
            name=logical_id,
            handler=handler,
            code=code.resolve(),
            timeout=float(self._values.text(properties.get("Timeout")) or 3),
            memory=int(self._values.text(properties.get("MemorySize")) or 128),
            log_format=self._values.text(logging.get("LogFormat")) or "Text",
            variables={
                name: text
                for name, value in variables.items()
                if (text := self._values.text(value)) is not None
            },
            runtime=runtime,
        )

    def _existing(self, kind: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """Resources of a type, without those whose condition is known to be false."""
        for name, resource in self._resources.items():
            condition = resource.get("Condition")
            exists = condition is None or self._values.is_true(
                condition_value(condition), default=True
            )
            if resource.get("Type") == kind and exists:
                yield name, resource

    def _auth_sections(self) -> Iterator[tuple[str, AuthSection]]:
        shared = (self._globals.get("HttpApi") or {}).get("Auth") or {}
        yield _IMPLICIT_API, AuthSection(_IMPLICIT_API, shared, self._values)
        for name, resource in self._existing("AWS::Serverless::HttpApi"):
            own = (resource.get("Properties") or {}).get("Auth") or {}
            authorizers = (shared.get("Authorizers") or {}) | (own.get("Authorizers") or {})
            yield (
                name,
                AuthSection(name, {**shared, **own, "Authorizers": authorizers}, self._values),
            )

    def _with_globals(self, properties: dict[str, Any]) -> dict[str, Any]:
        shared = self._globals.get("Function") or {}
        merged = shared | properties
        own, common = (
            (source.get("Environment") or {}).get("Variables") or {}
            for source in (properties, shared)
        )
        return merged | {"Environment": {"Variables": common | own}}

    def _route(self, logical_id: str, event: dict[str, Any]) -> Route:
        path = self._values.text(event.get("Path", "$default"))
        method = self._values.text(event.get("Method", "ANY"))
        if path is None or method is None:
            raise TemplateError(
                f"{self._name}: {logical_id} has a route whose path or method is not literal"
            )
        api = _name(event.get("ApiId")) or _IMPLICIT_API
        auth = self._auth.get(api) or self._auth[_IMPLICIT_API]
        authorizer, scopes = auth.of_event(event.get("Auth") or {})
        method = _METHODS.get(method.lower(), method.upper())
        return Route(method, path, logical_id, authorizer, scopes)

    def _text(self, properties: dict[str, Any], name: str, logical_id: str) -> str:
        text = self._values.text(properties.get(name))
        if not text:
            raise TemplateError(f"{self._name}: {logical_id} has no literal {name}")
        return text


def condition_value(name: str) -> dict[str, Any]:
    """An expression that is "true" where the condition holds."""
    return {"Fn::If": [name, "true", "false"]}


def _name(reference: object) -> str:
    return str(reference.get("Ref", "")) if isinstance(reference, dict) else ""


def _require_handler(logical_id: str, code: Path, handler: str, runtime: str) -> None:
    if not code.is_dir():
        raise TemplateError(f"{logical_id} has its code in {code}, which is not a folder")
    if not runtime.startswith("python"):
        return
    module = code.joinpath(*handler.split(".")[:-1])
    if not module.with_suffix(".py").is_file() and not (module / "__init__.py").is_file():
        raise TemplateError(f"{logical_id} has the handler {handler}, which is not in {code}")
