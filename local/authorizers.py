"""The authorizers of an HTTP API, and what each says of a request.

docs.aws.amazon.com/apigateway/latest/developerguide/http-api-lambda-authorizer.html and
http-api-jwt-authorizer.html in the same guide.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

MOST_TTL = 3600  # seconds; API Gateway's own limit


@dataclass(frozen=True)
class LambdaAuthorizer:
    """``function`` is a name or an ARN; ``ttl`` in seconds, 0 keeps no result.

    ``identity_sources`` are written as API Gateway has them: ``$request.header.Authorization``.
    """

    name: str
    function: str
    payload_version: str
    simple_responses: bool
    identity_sources: tuple[str, ...]
    ttl: int


@dataclass(frozen=True)
class JwtAuthorizer:
    """A token must come from ``issuer`` for one of ``audience``."""

    name: str
    issuer: str
    audience: tuple[str, ...]
    identity_source: str


@dataclass(frozen=True)
class UnsupportedAuthorizer:
    """One that cannot be asked here; its routes refuse everybody. ``why`` is for the terminal."""

    name: str
    why: str


Authorizer = LambdaAuthorizer | JwtAuthorizer | UnsupportedAuthorizer


@dataclass(frozen=True)
class Allowed:
    """What the function finds in ``requestContext.authorizer``."""

    context: Mapping[str, Any]


@dataclass(frozen=True)
class Refused:
    """API Gateway's own answer; ``reason`` is for the terminal, ``challenge`` for the client."""

    status: int
    reason: str
    challenge: str = ""


def identity_values(sources: tuple[str, ...], event: Mapping[str, Any]) -> list[str] | None:
    """The value at each source, from a payload-2.0 event; None when one is missing or empty."""
    values = [_identity_value(source, event) for source in sources]
    found = [value for value in values if value]
    return found if len(found) == len(sources) else None


def _identity_value(source: str, event: Mapping[str, Any]) -> str:
    where, _, name = source.removeprefix("$").partition(".")
    if where == "context":
        return _context_variable(name, event)
    if where == "request":
        where, _, name = name.partition(".")
        if where == "header":
            if name.lower() == "cookie":  # payload 2.0 keeps cookies apart
                return "; ".join(event.get("cookies", []))
            return str(event["headers"].get(name.lower(), ""))
        if where == "querystring":
            return str(event.get("queryStringParameters", {}).get(name, ""))
    return ""  # a stage variable: the local stage has none


def _context_variable(name: str, event: Mapping[str, Any]) -> str:
    context = event["requestContext"]
    known = {
        "httpMethod": context["http"]["method"],
        "path": context["http"]["path"],
        "protocol": context["http"]["protocol"],
        "identity.sourceIp": context["http"]["sourceIp"],
        "identity.userAgent": context["http"]["userAgent"],
    }
    return str(known.get(name) or context.get(name) or "")
