"""A Lambda authorizer is called, and its response is used, as by API Gateway."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from local import api_gateway
from local.authorizers import Allowed, LambdaAuthorizer, Refused
from local.lambda_authorizer import LambdaAuthorizers
from local.runtime_api import FunctionRaised

SIMPLE = LambdaAuthorizer("Guard", "GuardFunction", "2.0", True, (), 0)
POLICY = replace(SIMPLE, simple_responses=False)
ARN = "arn:aws:execute-api:us-east-1:123456789012:local/$default/GET/orders/7"
YES = {"isAuthorized": True, "context": {"sub": "1", "groups": ["a"], "claims": {"n": 1}}}


class Asked:
    """Authorizers in front of a function that gives these answers, one a call."""

    def __init__(self, *answers: object) -> None:
        self.answers = list(answers)
        self.events: list[dict[str, Any]] = []
        self.now = 1000.0
        self._authorizers = LambdaAuthorizers(self._invoke, lambda: self.now)

    async def _invoke(self, function: str, event: bytes) -> tuple[bytes, None]:
        assert function == "GuardFunction"
        self.events.append(json.loads(event))
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer if isinstance(answer, bytes) else json.dumps(answer).encode(), None

    def ask(self, authorizer: LambdaAuthorizer, **request: Any) -> Allowed | Refused:
        return asyncio.run(self._authorizers.ask(authorizer, request_event(**request)))


def request_event(
    path: str = "/orders/7",
    headers: Sequence[tuple[str, str]] = (),
    query: str = "",
    route_key: str = "GET /orders/{id}",
) -> dict[str, Any]:
    request = api_gateway.Request(
        "GET",
        path.encode(),
        query.encode(),
        [(name.encode(), value.encode()) for name, value in headers],
        "192.0.2.1",
        body=b"a body",
    )
    return api_gateway.build_event(
        request,
        route_key=route_key,
        path_parameters={"id": "7"},
        request_id="id",
        now=datetime(2026, 1, 1, tzinfo=UTC),
    )


def status(decision: Allowed | Refused) -> int:
    return decision.status if isinstance(decision, Refused) else 200


def test_the_event_is_the_requests_without_its_body() -> None:
    asked = Asked(YES)
    headers = [("Cookie", "a=1; b=2"), ("X-Own", "yes")]
    decision = asked.ask(SIMPLE, headers=headers, query="q=1")
    (event,) = asked.events
    assert (event["version"], event["type"], event["routeArn"]) == ("2.0", "REQUEST", ARN)
    assert event["identitySource"] == []
    assert event["cookies"] == ["a=1", "b=2"]
    assert event["headers"]["x-own"] == "yes"
    assert event["queryStringParameters"] == {"q": "1"}
    assert event["pathParameters"] == {"id": "7"}
    assert event["requestContext"]["http"]["method"] == "GET"
    assert not {"body", "isBase64Encoded"} & event.keys()
    assert decision == Allowed({"lambda": YES["context"]}), "which reaches the function as it is"


def test_the_older_event_is_like_a_rest_apis() -> None:
    authorizer = replace(
        POLICY,
        payload_version="1.0",
        identity_sources=("$request.header.a", "$request.querystring.q"),
    )
    asked = Asked(policy("Allow", ARN))
    asked.ask(authorizer, headers=[("A", "one"), ("Cookie", "c=1")], query="q=two")
    (event,) = asked.events
    assert (event["version"], event["methodArn"], event["resource"]) == ("1.0", ARN, "/orders/{id}")
    assert (event["path"], event["httpMethod"]) == ("/orders/7", "GET")
    assert event["identitySource"] == event["authorizationToken"] == "one,two"
    assert event["headers"]["cookie"] == "c=1"
    assert event["requestContext"]["identity"]["sourceIp"] == "192.0.2.1"


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ({"isAuthorized": True}, 200),
        ({"isAuthorized": False, "context": {"sub": "1"}}, 403),
        ({"isAuthorized": "true"}, 500),
        ({"context": {}}, 500),
        ({"isAuthorized": True, "context": ["a"]}, 500),
        ([True], 500),
        (b"not JSON", 500),
        (FunctionRaised("KeyError"), 500),
        (KeyError("GuardFunction"), 500),
    ],
)
def test_a_simple_answer_other_than_true_or_false_is_an_error(
    answer: object, expected: int
) -> None:
    assert status(Asked(answer).ask(SIMPLE)) == expected


def policy(effect: str, resource: object, action: object = "execute-api:Invoke") -> dict[str, Any]:
    return {
        "principalId": "user",
        "policyDocument": {
            "Statement": [{"Effect": effect, "Action": action, "Resource": resource}]
        },
    }


def statements(*of: dict[str, Any]) -> dict[str, Any]:
    found = [statement for one in of for statement in one["policyDocument"]["Statement"]]
    return {"principalId": "user", "policyDocument": {"Statement": found}}


CONDITION = {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"IpAddress": {}}}


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (policy("Allow", ARN), 200),
        (policy("Allow", "*", ["execute-api:*"]), 200),
        (policy("Allow", [ARN.replace("GET", "POST"), ARN.replace("orders/7", "orders/?")]), 200),
        (policy("Allow", ARN.replace("/7", "/*")), 200),
        (policy("Deny", ARN), 403),
        (policy("Allow", ARN + "/more"), 403),
        (policy("Allow", ARN, "s3:GetObject"), 403),
        (statements(policy("Allow", "*"), policy("Deny", ARN)), 403),
        (policy("allow", ARN), 500),
        (policy("Allow", 7), 500),
        (statements({"policyDocument": {"Statement": [{"Effect": "Allow", "Action": "*"}]}}), 500),
        (statements({"policyDocument": {"Statement": [CONDITION]}}), 500),
        ({"principalId": "user"}, 500),
        ({"policyDocument": policy("Allow", "*")["policyDocument"]}, 500),
        ({"isAuthorized": True}, 500),
    ],
)
def test_a_policy_allows_what_it_names_and_does_not_deny(answer: object, expected: int) -> None:
    assert status(Asked(answer).ask(POLICY)) == expected


@pytest.mark.parametrize(
    ("source", "headers", "query"),
    [
        ("$request.header.Authorization", [("authorization", "")], ""),
        ("$request.querystring.Key", [], "key=1"),
        ("$stageVariables.key", [], ""),
    ],
)
def test_without_an_identity_source_nobody_is_asked(
    source: str, headers: list[tuple[str, str]], query: str
) -> None:
    asked = Asked(YES)  # which nobody asks for
    decision = asked.ask(replace(SIMPLE, identity_sources=(source,)), headers=headers, query=query)
    assert (status(decision), asked.events) == (401, [])


def test_identity_sources_are_shown_in_their_order() -> None:
    sources = ("$request.querystring.key", "$request.header.X-Key", "$context.routeKey")
    asked = Asked(YES)
    asked.ask(
        replace(SIMPLE, identity_sources=sources), headers=[("x-key", "two")], query="key=one"
    )
    assert asked.events[0]["identitySource"] == ["one", "two", "GET /orders/{id}"]


CACHED = replace(SIMPLE, identity_sources=("$request.header.key",), ttl=60)


def test_an_answer_is_kept_for_its_time_by_identity_and_not_by_route() -> None:
    asked = Asked(YES, {"isAuthorized": False}, YES)
    key = [("key", "a")]
    assert status(asked.ask(CACHED, headers=key)) == 200
    assert status(asked.ask(CACHED, path="/other", headers=key, route_key="GET /other")) == 200
    assert status(asked.ask(CACHED, headers=[("key", "b")])) == 403
    assert status(asked.ask(CACHED, headers=[("key", "b")])) == 403
    assert len(asked.events) == 2
    asked.now += 61
    asked.ask(CACHED, headers=key)
    assert len(asked.events) == 3


def test_with_the_route_key_as_identity_each_route_is_asked_for() -> None:
    authorizer = replace(CACHED, identity_sources=("$request.header.key", "$context.routeKey"))
    asked, key = Asked(YES, {"isAuthorized": False}), [("key", "a")]
    assert status(asked.ask(authorizer, headers=key)) == 200
    assert status(asked.ask(authorizer, path="/other", headers=key, route_key="GET /other")) == 403


def test_a_kept_policy_is_evaluated_for_each_request() -> None:
    asked, key = Asked(policy("Allow", ARN)), [("key", "a")]
    authorizer = replace(CACHED, simple_responses=False)
    assert status(asked.ask(authorizer, headers=key)) == 200
    assert status(asked.ask(authorizer, path="/orders/8", headers=key)) == 403
    assert len(asked.events) == 1


@pytest.mark.parametrize(
    ("authorizer", "first", "expected"),
    [
        (replace(CACHED, ttl=0), {"isAuthorized": False}, 403),
        (replace(CACHED, identity_sources=()), {"isAuthorized": False}, 403),
        (CACHED, FunctionRaised("KeyError"), 500),
    ],
)
def test_an_error_or_an_answer_without_a_ttl_or_identity_source_is_not_kept(
    authorizer: LambdaAuthorizer, first: object, expected: int
) -> None:
    asked, key = Asked(first, YES), [("key", "a")]
    assert [status(asked.ask(authorizer, headers=key)) for _ in range(2)] == [expected, 200]
