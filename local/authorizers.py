"""The authorizers of an HTTP API, and their results.

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
    """``function`` is a name or an ARN; ``ttl`` is in seconds, 0 turns the cache off.

    ``identity_sources`` have API Gateway's form: ``$request.header.Authorization``.
    """

    name: str
    function: str
    payload_version: str
    simple_responses: bool
    identity_sources: tuple[str, ...]
    ttl: int


@dataclass(frozen=True)
class JwtAuthorizer:
    """A token must be issued by ``issuer`` for one of ``audience``."""

    name: str
    issuer: str
    audience: tuple[str, ...]
    identity_source: str


@dataclass(frozen=True)
class UnsupportedAuthorizer:
    """Not supported locally; its routes reject every request. ``why`` is for the terminal."""

    name: str
    why: str


Authorizer = LambdaAuthorizer | JwtAuthorizer | UnsupportedAuthorizer


@dataclass(frozen=True)
class Allowed:
    """The value of ``requestContext.authorizer``."""

    context: Mapping[str, Any]


@dataclass(frozen=True)
class Refused:
    """API Gateway's own response; ``reason`` is for the terminal, ``challenge`` for the client."""

    status: int
    reason: str
    challenge: str = ""


def identity_values(sources: tuple[str, ...], event: Mapping[str, Any]) -> list[str] | None:
    """The value of each source in a payload 2.0 event; None if one is missing or empty."""
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
            if name.lower() == "cookie":  # payload 2.0 has cookies in a separate field
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
