"""What a template says, once it is read: an HTTP API, its routes and its functions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from local.authorizers import LambdaAuthorizer
from local.routes import Route


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
    architecture: str = "x86_64"


@dataclass(frozen=True)
class HttpApi:
    """One API; ``functions`` contains those that a route or an authorizer uses, by name.

    Its paths are below ``mapping_key`` of the domain, or at the root if it is empty.
    """

    routes: tuple[Route, ...]
    functions: Mapping[str, Function] = field(default_factory=dict)
    mapping_key: str = ""

    @property
    def needs(self) -> set[str]:
        """Names of the functions that routes and their authorizers call."""
        return {route.function for route in self.routes} | {
            function_name(route.authorizer.function)
            for route in self.routes
            if isinstance(route.authorizer, LambdaAuthorizer)
        }


def function_name(name_or_arn: str) -> str:
    """The function's name, from a name or an ARN (its seventh part), without an alias."""
    return name_or_arn.split(":")[6] if name_or_arn.startswith("arn:") else name_or_arn
