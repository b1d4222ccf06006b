"""Reads the parts of a SAM template that the gateway serves: APIs, routes, authorizers, functions.

Values come from the template (literals, and parameters with their default or given value) and, if a
local stack has resolved them, from CloudFormation. Environment variables with unknown values are
omitted and must come from the environment.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from local.auth_section import AuthSection
from local.http_api import Function, HttpApi, function_name
from local.routes import Route
from local.template_file import TemplateError, read_template
from local.values import Values
from local.wanted import condition_value

_METHODS = {"x-amazon-apigateway-any-method": "ANY"}
_IMPLICIT_API = "ServerlessHttpApi"  # SAM's name for the default API


def read(
    path: Path,
    parameters: Mapping[str, str] | None = None,
    resolved: Mapping[str, str] | None = None,
) -> HttpApi:
    """Read a single template; raises TemplateError if it has nothing to serve.

    ``parameters`` override the defaults; ``resolved`` contains expressions that CloudFormation
    has resolved (local.values).
    """
    template = Template(path, read_template(path), parameters or {}, resolved or {})
    api = template.api()
    functions = {name: template.function(name) for name in template.functions if name in api.needs}
    return replace(api, functions=functions)


class Template:
    """A template with its values; ``parsed`` is what ``read_template`` returned."""

    def __init__(
        self,
        path: Path,
        parsed: Mapping[str, Any],
        parameters: Mapping[str, str],
        resolved: Mapping[str, str],
    ) -> None:
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
        self._path = path
        self.functions = {
            name: self._with_globals(resource.get("Properties") or {})
            for name, resource in self._existing("AWS::Serverless::Function")
        }
        self._auth = dict(self._auth_sections())

    def api(self) -> HttpApi:
        """The API without its functions; raises TemplateError if there is no route."""
        routes = tuple(
            self._route(name, event.get("Properties") or {})
            for name, event in self._events()
            if event.get("Type") == "HttpApi"
        )
        if not routes:
            raise TemplateError(
                f"{self._path} has no route to serve; add an event of type HttpApi to a function"
            )
        return HttpApi(routes, mapping_key=self._mapping_key())

    def triggers(self) -> dict[str, str]:
        """The user pool's triggers, with the name of each function."""
        config: dict[str, Any] = {}
        for _, pool in self._existing("AWS::Cognito::UserPool"):
            config |= (pool.get("Properties") or {}).get("LambdaConfig") or {}
        found: dict[str, str] = {}
        config.pop("KMSKeyID", None)
        for trigger, value in config.items():
            # V2 and V3 of PreTokenGeneration, and the senders, are objects.
            arn = value.get("LambdaArn", value) if isinstance(value, dict) else value
            version = value.get("LambdaVersion") if isinstance(value, dict) else None
            text = self._values.text(arn)
            if text:
                found[f"{trigger}:{version}" if version else trigger] = function_name(text)
        return found

    def other_events(self) -> list[str]:
        """Functions with events that do not occur locally, as ``Name (Schedule)``."""
        kinds = {(name, event.get("Type")) for name, event in self._events() if "Type" in event}
        return sorted(f"{name} ({kind})" for name, kind in kinds if kind != "HttpApi")

    def unknown_variables(self) -> list[str]:
        """Variables without a value, in functions with a route, as ``Name's VARIABLE``."""
        names = {name for name, event in self._events() if event.get("Type") == "HttpApi"}
        return [
            f"{name}'s {variable}"
            for name in self.functions
            if name in names
            for variable, value in self._variables(name).items()
            if not self._values.is_known(value)
        ]

    def _variables(self, name: str) -> dict[str, Any]:
        return (self.functions[name].get("Environment") or {}).get("Variables") or {}

    def _events(self) -> Iterator[tuple[str, dict[str, Any]]]:
        for name, properties in self.functions.items():
            for event in (properties.get("Events") or {}).values():
                yield name, event

    def _mapping_key(self) -> str:
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
                for name, value in self._variables(logical_id).items()
                if (text := self._values.text(value)) is not None
            },
            runtime=runtime,
            architecture=next(
                iter(self._values.texts(properties.get("Architectures"))), Function.architecture
            ),
        )

    def _existing(self, kind: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """Resources of a type, except those whose condition is known to be false."""
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
                f"{self._path.name}: {logical_id} has a route whose path or method is not literal; "
                "write them as plain text"
            )
        api = _name(event.get("ApiId")) or _IMPLICIT_API
        auth = self._auth.get(api) or self._auth[_IMPLICIT_API]
        authorizer, scopes = auth.of_event(event.get("Auth") or {})
        method = _METHODS.get(method.lower(), method.upper())
        return Route(method, path, logical_id, authorizer, scopes)

    def _text(self, properties: dict[str, Any], name: str, logical_id: str) -> str:
        text = self._values.text(properties.get(name))
        if not text:
            raise TemplateError(
                f"{self._path.name}: {logical_id} has no literal {name}; write it as plain text"
            )
        return text


def _name(reference: object) -> str:
    return str(reference.get("Ref", "")) if isinstance(reference, dict) else ""


def _require_handler(logical_id: str, code: Path, handler: str, runtime: str) -> None:
    if not code.is_dir():
        raise TemplateError(
            f"{logical_id} has its code in {code}, which is not a folder; correct CodeUri"
        )
    if not runtime.startswith("python"):
        return
    module = code.joinpath(*handler.split(".")[:-1])
    if not module.with_suffix(".py").is_file() and not (module / "__init__.py").is_file():
        raise TemplateError(
            f"{logical_id} has the handler {handler}, which is not in {code}; correct Handler"
        )
