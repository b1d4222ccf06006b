"""Authorizers are asked, and their decisions are used, as by API Gateway."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
import requests

from local import api_gateway
from local.authorizers import Allowed, JwtAuthorizer, LambdaAuthorizer, Refused
from local.jwt_authorizer import JwtAuthorizers
from local.lambda_authorizer import LambdaAuthorizers
from local.runtime_api import FunctionRaised
from tests.fake_tokens import ID_TOKEN_DEFECTS, Defect, Draft, SigningKey

Headers = Sequence[tuple[str, str]]


def request_event(
    path: str = "/orders/7", headers: Headers = (), route_key: str = "GET /orders/{id}"
) -> dict[str, Any]:
    sent = [(name.encode(), value.encode()) for name, value in headers]
    request = api_gateway.Request("GET", path.encode(), b"q=1", sent, "192.0.2.1", body=b"a body")
    parameters, now = {"id": "7"}, datetime(2026, 1, 1, tzinfo=UTC)
    return api_gateway.build_event(
        request, route_key=route_key, path_parameters=parameters, request_id="id", now=now
    )


# -- Lambda authorizers ---------------------------------------------------------------------------

SIMPLE = LambdaAuthorizer("Guard", "GuardFunction", "2.0", True, (), 0)
POLICY = replace(SIMPLE, simple_responses=False)
CACHED = replace(SIMPLE, identity_sources=("$request.header.key",), ttl=60)
ARN = "arn:aws:execute-api:us-east-1:123456789012:local/$default/GET/orders/7"
YES = {"isAuthorized": True, "context": {"sub": "1", "groups": ["a"], "claims": {"n": 1}}}
NO = {"isAuthorized": False, "context": {"sub": "1"}}
KEY_A, KEY_B = [("key", "a")], [("key", "b")]


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

    def status(self, authorizer: LambdaAuthorizer, **request: Any) -> int:
        decision = self.ask(authorizer, **request)
        return decision.status if isinstance(decision, Refused) else 200


def test_the_function_is_told_of_the_request_without_its_body() -> None:
    sources = ("$request.querystring.q", "$request.header.X-Key", "$context.routeKey")
    headers, cookies = [("X-Key", "two"), ("Cookie", "a=1; b=2")], ["a=1", "b=2"]
    asked = Asked(YES, policy("Allow", ARN))
    decision = asked.ask(replace(SIMPLE, identity_sources=sources), headers=headers)
    assert decision == Allowed({"lambda": YES["context"]})
    older = replace(POLICY, payload_version="1.0", identity_sources=sources)
    assert asked.ask(older, headers=headers) == Allowed({"lambda": {}})
    event, older_event = asked.events
    assert (event["version"], event["type"], event["routeArn"]) == ("2.0", "REQUEST", ARN)
    assert event["identitySource"] == ["1", "two", "GET /orders/{id}"]
    assert (event["cookies"], event["headers"]["x-key"]) == (cookies, "two")
    assert event["queryStringParameters"] == {"q": "1"}
    assert event["pathParameters"] == {"id": "7"}
    assert event["requestContext"]["http"]["method"] == "GET"
    assert not {"body", "isBase64Encoded"} & event.keys()
    like_a_rest_apis = {
        "version": "1.0",
        "methodArn": ARN,
        "resource": "/orders/{id}",
        "path": "/orders/7",
        "httpMethod": "GET",
        "identitySource": "1,two,GET /orders/{id}",
        "authorizationToken": "1,two,GET /orders/{id}",
    }
    assert older_event.items() >= like_a_rest_apis.items()
    assert older_event["headers"]["cookie"] == "a=1; b=2"
    assert older_event["requestContext"]["identity"]["sourceIp"] == "192.0.2.1"


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ({"isAuthorized": True}, 200),
        (NO, 403),
        ({"isAuthorized": "true"}, 500),
        ({"context": {}}, 500),
        ({"isAuthorized": True, "context": ["a"]}, 500),
        ([True], 500),
        (b"not JSON", 500),
        (FunctionRaised("KeyError"), 500),
        (KeyError("GuardFunction"), 500),
        (TimeoutError(), 500),
    ],
)
def test_a_simple_answer_other_than_true_or_false_is_an_error(
    answer: object, expected: int
) -> None:
    assert Asked(answer).status(SIMPLE) == expected


def policy(effect: str, resource: object, action: object = "execute-api:Invoke") -> dict[str, Any]:
    return policies({"Effect": effect, "Action": action, "Resource": resource})


def policies(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"principalId": "user", "policyDocument": {"Statement": [*statements]}}


ALLOW: dict[str, Any] = {"Effect": "Allow", "Action": "*", "Resource": "*"}


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
        (policies(ALLOW, ALLOW | {"Effect": "Deny"}), 403),
        (policy("allow", ARN), 500),
        (policy("Allow", 7), 500),
        (policies({"Effect": "Allow", "Action": "*"}), 500),
        (policies(ALLOW | {"Condition": {"IpAddress": {}}}), 500),
        ({"principalId": "user"}, 500),
        ({"policyDocument": {"Statement": [ALLOW]}}, 500),
        ({"isAuthorized": True}, 500),
    ],
)
def test_a_policy_allows_what_it_names_and_does_not_deny(answer: object, expected: int) -> None:
    assert Asked(answer).status(POLICY) == expected


def test_without_an_identity_source_nobody_is_asked() -> None:
    asked, empty = Asked(YES), [("authorization", "")]
    for source in ("header.Authorization", "querystring.Q", "header.Missing"):
        authorizer = replace(SIMPLE, identity_sources=(f"$request.{source}",))
        assert asked.status(authorizer, headers=empty) == 401, source
    assert asked.status(replace(SIMPLE, identity_sources=("$stageVariables.key",))) == 401
    assert asked.events == []


def test_an_answer_is_kept_for_its_time_by_identity_and_not_by_route() -> None:
    asked, other = Asked(YES, NO, YES), {"path": "/other", "route_key": "GET /other"}
    assert asked.status(CACHED, headers=KEY_A) == 200
    assert asked.status(CACHED, headers=KEY_A, **other) == 200
    assert [asked.status(CACHED, headers=KEY_B) for _ in range(2)] == [403, 403]
    assert len(asked.events) == 2
    asked.now += 61
    asked.ask(CACHED, headers=KEY_A)
    assert len(asked.events) == 3

    by_route = replace(CACHED, identity_sources=("$request.header.key", "$context.routeKey"))
    asked = Asked(YES, NO)
    assert asked.status(by_route, headers=KEY_A) == 200
    assert asked.status(by_route, headers=KEY_A, **other) == 403


def test_a_kept_policy_is_evaluated_for_each_request() -> None:
    asked, authorizer = Asked(policy("Allow", ARN)), replace(CACHED, simple_responses=False)
    assert asked.status(authorizer, headers=KEY_A) == 200
    assert asked.status(authorizer, headers=KEY_A, path="/orders/8") == 403
    assert len(asked.events) == 1


def test_an_error_or_an_answer_without_a_ttl_or_identity_source_is_not_kept() -> None:
    for authorizer, first, expected in (
        (replace(CACHED, ttl=0), NO, 403),
        (replace(CACHED, identity_sources=()), NO, 403),
        (CACHED, FunctionRaised("KeyError"), 500),
    ):
        asked = Asked(first, YES)
        assert [asked.status(authorizer, headers=KEY_A) for _ in range(2)] == [expected, 200]


# -- JWT authorizers ------------------------------------------------------------------------------

ISSUER = "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_Pool"
KEYS = "http://127.0.0.1:3002/us-east-1_Pool/.well-known/jwks.json"
JWT = JwtAuthorizer("Jwt", ISSUER, ("client",), "$request.header.Authorization")
NOW = 1_800_000_000
CLAIMS = {"iss": ISSUER, "client_id": "client", "exp": NOW + 60, "scope": "openid notes/read"}
WRONG_AUDIENCE = "the token does not have a valid audience"


@pytest.fixture
def key() -> SigningKey:
    return SigningKey()


def ask_jwt(
    value: str | None,
    served: dict[str, Any],
    *,
    scopes: tuple[str, ...] = (),
    urls: dict[str, str] | None = None,
) -> Allowed | Refused:
    def fetch(url: str) -> Any:
        if url not in served:
            raise requests.ConnectionError
        return served[url]

    authorizers = JwtAuthorizers({ISSUER: KEYS} if urls is None else urls, fetch, lambda: NOW)
    headers = [] if value is None else [("authorization", value)]
    return asyncio.run(authorizers.ask(JWT, scopes, request_event(headers=headers)))


def keys_of(key: SigningKey) -> dict[str, Any]:
    return {KEYS: {"keys": [key.jwk()]}}


def test_a_token_is_needed_and_its_claims_reach_the_function_as_text(key: SigningKey) -> None:
    more = {"cognito:groups": ["admins", "staff"], "email_verified": True, "auth_time": 7}
    token = key.token(CLAIMS | more)
    told = {"cognito:groups": "[admins staff]", "email_verified": "true", "auth_time": "7"}
    claims = CLAIMS | told | {"exp": str(NOW + 60)}
    for value in (f"Bearer {token}", token):
        decision = ask_jwt(value, keys_of(key))
        assert decision == Allowed({"jwt": {"claims": claims, "scopes": None}})
    assert ask_jwt(None, keys_of(key)) == Refused(401, "Jwt: no token", "Bearer")


def claiming(**changes: object) -> Defect:
    return lambda draft: draft.key.token(draft.claims | changes)


@pytest.mark.parametrize(
    ("defect", "described"),
    [
        (claiming(iss="https://elsewhere.example"), "invalid issuer"),
        (claiming(client_id="another"), WRONG_AUDIENCE),
        (claiming(aud="another"), WRONG_AUDIENCE),  # before client_id
        (claiming(exp=NOW), "the token has expired"),
        (claiming(exp="later"), "the token has no valid exp or nbf"),
        (claiming(nbf=NOW + 1), "the token is not valid yet"),
        (lambda draft: draft.attacker.token(draft.claims), "signing key not found"),
        (lambda _: "not-a-token", "token contains an invalid number of segments"),
        (lambda _: "a.b.c", "token is malformed"),
        (ID_TOKEN_DEFECTS["changed_after_signing"], "token signature is invalid"),
        (ID_TOKEN_DEFECTS["alg_none"], "signing method is invalid"),
        (ID_TOKEN_DEFECTS["hs256_with_public_key"], "signing method is invalid"),
    ],
)
def test_an_invalid_token_is_refused(key: SigningKey, defect: Defect, described: str) -> None:
    decision = ask_jwt(f"Bearer {defect(Draft(key, CLAIMS, SigningKey()))}", keys_of(key))
    challenge = f'Bearer scope="" error="invalid_token" error_description="{described}"'
    assert decision == Refused(401, f"Jwt: {described}", challenge)


def test_one_of_the_routes_scopes_is_needed(key: SigningKey) -> None:
    token = key.token(CLAIMS)
    decision = ask_jwt(token, keys_of(key), scopes=("notes/write", "notes/read"))
    assert isinstance(decision, Allowed)
    assert decision.context["jwt"]["scopes"] == ["openid", "notes/read"]
    decision = ask_jwt(token, keys_of(key), scopes=("notes/write",))
    assert isinstance(decision, Refused)
    assert decision.status == 403
    assert decision.challenge == 'Bearer scope="notes/write" error="insufficient_scope"'


def test_an_issuer_elsewhere_is_asked_for_its_keys(key: SigningKey) -> None:
    token, elsewhere = key.token(CLAIMS), "https://keys.example/"
    discovery = {f"{ISSUER}/.well-known/openid-configuration": {"jwks_uri": elsewhere}}
    decision = ask_jwt(token, discovery | {elsewhere: {"keys": [key.jwk()]}}, urls={})
    assert isinstance(decision, Allowed)
    decision = ask_jwt(token, discovery, urls={})
    assert isinstance(decision, Refused)
    assert "the issuer's keys could not be read" in decision.reason
