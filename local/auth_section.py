"""Reads ``Auth`` of a SAM ``HttpApi``: its authorizers, and which one each event uses.

docs.aws.amazon.com/serverless-application-model/latest/developerguide/
sam-property-httpapi-httpapiauth.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from local.authorizers import (
    Authorizer,
    JwtAuthorizer,
    LambdaAuthorizer,
    UnsupportedAuthorizer,
)
from local.places import RunError
from local.values import Values

_IAM = UnsupportedAuthorizer("AWS_IAM", "IAM signatures are not checked locally")


class AuthError(RunError):
    """The Auth section is invalid; the message says where."""


class AuthSection:
    """The authorizers of one API."""

    def __init__(self, api: str, section: Mapping[str, Any], values: Values) -> None:
        self._api = api
        self._values = values
        self._declared = section.get("Authorizers") or {}
        self._default = section.get("DefaultAuthorizer", "NONE")

    def of_event(self, auth: Mapping[str, Any]) -> tuple[Authorizer | None, tuple[str, ...]]:
        """The authorizer of an event (None for a public route), and the required scopes."""
        name = self._values.text(auth.get("Authorizer", self._default))
        if name is None:
            return UnsupportedAuthorizer("the authorizer", "which one it is, is not known here"), ()
        if name == "NONE":
            return None, ()
        if name == "AWS_IAM":
            return _IAM, ()
        declared = self._declared.get(name)
        if not isinstance(declared, dict):
            raise AuthError(
                f"{self._api} has no authorizer {name} in Auth.Authorizers; "
                "add it there, or correct its name at the event"
            )
        scopes = auth.get("AuthorizationScopes", declared.get("AuthorizationScopes")) or []
        return self._authorizer(name, declared), tuple(self._values.texts(scopes))

    def _authorizer(self, name: str, declared: Mapping[str, Any]) -> Authorizer:
        if "JwtConfiguration" in declared:
            return self._jwt(name, declared)
        function = _function(declared.get("FunctionArn"), self._values)
        if function is None:
            return UnsupportedAuthorizer(name, "its FunctionArn is not known here")
        identity = declared.get("Identity") or {}
        return LambdaAuthorizer(
            name=name,
            function=function,
            payload_version=self._values.text(declared.get("AuthorizerPayloadFormatVersion"))
            or "1.0",
            simple_responses=self._values.is_true(declared.get("EnableSimpleResponses")),
            identity_sources=self._identity_sources(identity),
            ttl=int(self._values.text(identity.get("ReauthorizeEvery")) or 0),
        )

    def _identity_sources(self, identity: Mapping[str, Any]) -> tuple[str, ...]:
        prefixes = {
            "Headers": "$request.header.",
            "QueryStrings": "$request.querystring.",
            "Context": "$context.",
            "StageVariables": "$stageVariables.",
        }
        return tuple(
            f"{prefix}{source}"
            for part, prefix in prefixes.items()
            for source in self._values.texts(identity.get(part) or [])
        )

    def _jwt(self, name: str, declared: Mapping[str, Any]) -> Authorizer:
        # SAM passes the configuration on unchanged, in either spelling.
        given = {key.lower(): value for key, value in declared["JwtConfiguration"].items()}
        issuer = self._values.text(given.get("issuer"))
        if issuer is None:
            return UnsupportedAuthorizer(name, "its issuer is not known here")
        return JwtAuthorizer(
            name=name,
            issuer=issuer,
            audience=tuple(self._values.texts(given.get("audience") or [])),
            identity_source=self._values.text(declared.get("IdentitySource"))
            or "$request.header.Authorization",
        )


def _function(value: object, values: Values) -> str | None:
    """A name or an ARN; if no stack has resolved it, the name in ``!GetAtt Name.Arn``."""
    known = values.text(value)
    if known is not None or not isinstance(value, dict):
        return known
    attribute = value.get("Fn::GetAtt") or value.get("Ref")
    if isinstance(attribute, list):
        attribute = attribute[0]
    return attribute.partition(".")[0] if isinstance(attribute, str) else None
