"""Calls a Lambda authorizer like API Gateway: event, response, policy, cache.

docs.aws.amazon.com/apigateway/latest/developerguide/http-api-lambda-authorizer.html
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from local.authorizers import MOST_TTL, Allowed, LambdaAuthorizer, Refused, identity_values
from local.runtime_api import FunctionFailed

TIMEOUT = 10  # seconds; http-api-quotas, cannot be raised
REGION = "us-east-1"
_INVOKE = "execute-api:Invoke"

# Runs a function by name or ARN. Returns its result, and the reason that it logged, if any. Raises
# FunctionFailed, KeyError where there is no such function, and TimeoutError after TIMEOUT.
Invoke = Callable[[str, bytes], Awaitable[tuple[bytes, str | None]]]


class NoAnswer(Exception):
    """The function's result is not a valid authorizer response: 500."""


@dataclass(frozen=True)
class _Kept:
    answer: Mapping[str, Any]
    reason: str | None
    until: float


class LambdaAuthorizers:
    """The Lambda authorizers of one API, with their cached results."""

    def __init__(self, invoke: Invoke, now: Callable[[], float] = time.monotonic) -> None:
        self._invoke = invoke
        self._now = now
        self._kept: dict[tuple[str, ...], _Kept] = {}

    async def ask(self, authorizer: LambdaAuthorizer, event: dict[str, Any]) -> Allowed | Refused:
        """``event`` is the payload 2.0 event for the route's function."""
        values = identity_values(authorizer.identity_sources, event)
        if values is None:
            sources = ", ".join(authorizer.identity_sources)
            return Refused(401, f"{authorizer.name} needs {sources}, and it was not called")
        try:
            answer, reason = await self._answer(authorizer, values, event)
            allows = _allows(authorizer, answer, route_arn(event))
        except (FunctionFailed, NoAnswer) as problem:
            return Refused(500, f"{authorizer.name}: {problem}")
        if not allows:
            return Refused(403, ": ".join(filter(None, (f"{authorizer.name} refused", reason))))
        return Allowed({"lambda": answer.get("context") or {}})

    async def _answer(
        self, authorizer: LambdaAuthorizer, values: list[str], event: dict[str, Any]
    ) -> tuple[Mapping[str, Any], str | None]:
        key = (authorizer.name, *values)
        kept = self._kept.get(key)
        if kept is not None and self._now() < kept.until:
            return kept.answer, kept.reason
        made = json.dumps(_event(authorizer, values, event)).encode()
        try:
            payload, reason = await self._invoke(authorizer.function, made)
        except TimeoutError as error:
            raise NoAnswer(f"no answer in {TIMEOUT} seconds") from error
        except KeyError as error:
            raise NoAnswer(f"there is no function {error}") from error
        answer = _parse(authorizer, payload)
        if authorizer.identity_sources and authorizer.ttl > 0:
            until = self._now() + min(authorizer.ttl, MOST_TTL)
            self._kept[key] = _Kept(answer, reason, until)
        return answer, reason


def route_arn(event: Mapping[str, Any]) -> str:
    """The ARN for authorizers, with the request's method and path, not the route's."""
    context = event["requestContext"]
    api = f"arn:aws:execute-api:{REGION}:{context['accountId']}:{context['apiId']}"
    return f"{api}/{context['stage']}/{context['http']['method']}{context['http']['path']}"


def _event(
    authorizer: LambdaAuthorizer, values: list[str], event: Mapping[str, Any]
) -> dict[str, Any]:
    if authorizer.payload_version == "1.0":
        return _event_1_0(values, event)
    kept = {name: event[name] for name in event if name not in ("body", "isBase64Encoded")}
    return {
        **kept,
        "type": "REQUEST",
        "routeArn": route_arn(event),
        "identitySource": values,
    }


def _event_1_0(values: list[str], event: Mapping[str, Any]) -> dict[str, Any]:
    context = event["requestContext"]
    method, path = context["http"]["method"], context["http"]["path"]
    resource = event["routeKey"].partition(" ")[2] or event["routeKey"]
    cookies = {"cookie": "; ".join(event["cookies"])} if "cookies" in event else {}
    return {
        "version": "1.0",
        "type": "REQUEST",
        "methodArn": route_arn(event),
        "identitySource": ",".join(values),
        "authorizationToken": ",".join(values),
        "resource": resource,
        "path": path,
        "httpMethod": method,
        "headers": {**event["headers"], **cookies},
        "queryStringParameters": event.get("queryStringParameters", {}),
        "pathParameters": event.get("pathParameters", {}),
        "stageVariables": {},
        "requestContext": {
            "accountId": context["accountId"],
            "apiId": context["apiId"],
            "domainName": context["domainName"],
            "domainPrefix": context["domainPrefix"],
            "httpMethod": method,
            "identity": {
                "sourceIp": context["http"]["sourceIp"],
                "userAgent": context["http"]["userAgent"],
            },
            "path": path,
            "protocol": context["http"]["protocol"],
            "requestId": context["requestId"],
            "requestTime": context["time"],
            "requestTimeEpoch": context["timeEpoch"],
            "resourceId": event["routeKey"],
            "resourcePath": resource,
            "stage": context["stage"],
        },
    }


def _parse(authorizer: LambdaAuthorizer, payload: bytes) -> Mapping[str, Any]:
    try:
        answer = json.loads(payload)
    except ValueError as problem:
        raise NoAnswer("the answer is not JSON") from problem
    if not isinstance(answer, dict):
        raise NoAnswer("the answer is not an object")
    if not isinstance(answer.get("context") or {}, dict):
        raise NoAnswer("context is not an object")
    if authorizer.simple_responses:
        if not isinstance(answer.get("isAuthorized"), bool):
            raise NoAnswer("isAuthorized is not true or false")
    elif not isinstance(answer.get("principalId"), str):
        raise NoAnswer("principalId is not a string (EnableSimpleResponses is off)")
    elif not isinstance(answer.get("policyDocument"), dict):
        raise NoAnswer("policyDocument is not an object")
    return answer


def _allows(authorizer: LambdaAuthorizer, answer: Mapping[str, Any], arn: str) -> bool:
    if authorizer.simple_responses:
        return bool(answer["isAuthorized"])
    effects = [
        statement["Effect"]
        for statement in _statements(answer["policyDocument"])
        if _matches(statement["Action"], _INVOKE, ignore_case=True)
        and _matches(statement["Resource"], arn)
    ]
    return "Allow" in effects and "Deny" not in effects


def _statements(policy: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    statements = policy.get("Statement")
    statements = statements if isinstance(statements, list) else [statements]
    for statement in statements:
        if not isinstance(statement, dict) or statement.get("Effect") not in ("Allow", "Deny"):
            raise NoAnswer("a statement has no Effect that is Allow or Deny")
        if not {"Action", "Resource"} <= statement.keys():
            raise NoAnswer("a statement has no Action or no Resource")
        if "Condition" in statement:
            raise NoAnswer("conditions of a policy are not evaluated locally")
    return statements


def _matches(patterns: object, text: str, *, ignore_case: bool = False) -> bool:
    """Match IAM's wildcards: ``*`` for any characters, ``?`` for one."""
    flags = re.DOTALL | (re.IGNORECASE if ignore_case else 0)
    for pattern in patterns if isinstance(patterns, list) else [patterns]:
        if not isinstance(pattern, str):
            raise NoAnswer("an Action or a Resource is not a string")
        expression = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
        if re.fullmatch(expression, text, flags):
            return True
    return False
