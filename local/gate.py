"""Calls a route's authorizer before its function."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from local.authorizers import Allowed, JwtAuthorizer, LambdaAuthorizer, Refused
from local.jwt_authorizer import JwtAuthorizers
from local.lambda_authorizer import Invoke, LambdaAuthorizers
from local.routes import Route


class Gate:
    """The authorizers of one API."""

    def __init__(self, invoke: Invoke, jwks_urls: Mapping[str, str]) -> None:
        self._lambda = LambdaAuthorizers(invoke)
        self._jwt = JwtAuthorizers(jwks_urls)

    async def ask(self, route: Route, event: dict[str, Any]) -> Allowed | Refused:
        """``event`` is the payload 2.0 event for the route's function."""
        authorizer = route.authorizer
        if authorizer is None:
            return Allowed({})
        if isinstance(authorizer, LambdaAuthorizer):
            return await self._lambda.ask(authorizer, event)
        if isinstance(authorizer, JwtAuthorizer):
            return await self._jwt.ask(authorizer, route.scopes, event)
        return Refused(403, f"{authorizer.name}: {authorizer.why}")
