"""A JWT authorizer accepts the same tokens as API Gateway, and gives a reason otherwise."""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Callable
from typing import Any

import pytest
import requests

from local.authorizers import Allowed, JwtAuthorizer, Refused
from local.jwt_authorizer import JwtAuthorizers
from tests.fake_tokens import SigningKey, base64url, compact, signing_input
from tests.unit.local.test_lambda_authorizer import request_event

ISSUER = "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_Pool"
KEYS = "http://127.0.0.1:3002/us-east-1_Pool/.well-known/jwks.json"
AUTHORIZER = JwtAuthorizer("Jwt", ISSUER, ("client",), "$request.header.Authorization")
NOW = 1_800_000_000


@pytest.fixture
def key() -> SigningKey:
    return SigningKey()


def claims(**changes: object) -> dict[str, Any]:
    good = {"iss": ISSUER, "client_id": "client", "exp": NOW + 60, "scope": "openid notes/read"}
    return good | changes


def ask(
    key: SigningKey,
    token: str | None,
    *,
    scopes: tuple[str, ...] = (),
    scheme: str = "Bearer ",
    urls: dict[str, str] | None = None,
    served: dict[str, Any] | None = None,
) -> Allowed | Refused:
    documents = served if served is not None else {KEYS: {"keys": [key.jwk()]}}

    def fetch(url: str) -> Any:
        if url not in documents:
            raise requests.ConnectionError
        return documents[url]

    authorizers = JwtAuthorizers({ISSUER: KEYS} if urls is None else urls, fetch, lambda: NOW)
    headers = [] if token is None else [("authorization", scheme + token)]
    return asyncio.run(authorizers.ask(AUTHORIZER, scopes, request_event(headers=headers)))


def test_claims_reach_the_function_as_text(key: SigningKey) -> None:
    token = key.token(
        claims(**{"cognito:groups": ["admins", "staff"], "email_verified": True, "auth_time": 7})
    )
    decision = ask(key, token)
    assert isinstance(decision, Allowed)
    jwt = decision.context["jwt"]
    assert jwt["scopes"] is None
    assert jwt["claims"] == {
        **claims(exp=str(NOW + 60)),
        "cognito:groups": "[admins staff]",
        "email_verified": "true",
        "auth_time": "7",
    }


def test_the_token_may_come_without_bearer(key: SigningKey) -> None:
    assert isinstance(ask(key, key.token(claims()), scheme=""), Allowed)


def test_without_a_token_the_challenge_names_the_scheme_alone(key: SigningKey) -> None:
    assert ask(key, None) == Refused(401, "Jwt: no token", "Bearer")


WRONG_AUDIENCE = "the token does not have a valid audience"


def unsigned(key: SigningKey) -> str:
    return signing_input(compact({"alg": "none", "kid": key.kid}), compact(claims())).decode() + "."


def signed_with_the_public_key(key: SigningKey) -> str:
    signed = signing_input(compact({"alg": "HS256", "kid": key.kid}), compact(claims()))
    digest = hmac.digest(key.public_pem(), signed, "sha256")
    return f"{signed.decode()}.{base64url(digest)}"


def changed(key: SigningKey) -> str:
    head, _, signature = key.token(claims()).split(".")
    return ".".join((head, base64url(compact(claims(sub="another"))), signature))


@pytest.mark.parametrize(
    ("make", "described"),
    [
        (lambda key: key.token(claims(iss="https://elsewhere.example")), "invalid issuer"),
        (lambda key: key.token(claims(client_id="another")), WRONG_AUDIENCE),
        (lambda key: key.token(claims(aud="another")), WRONG_AUDIENCE),  # before client_id
        (lambda key: key.token(claims(exp=NOW)), "the token has expired"),
        (lambda key: key.token(claims(exp="later")), "the token has no valid exp or nbf"),
        (lambda key: key.token(claims(nbf=NOW + 1)), "the token is not valid yet"),
        (lambda _: SigningKey().token(claims()), "signing key not found"),
        (lambda _: "not-a-token", "token contains an invalid number of segments"),
        (lambda _: "a.b.c", "token is malformed"),
        (changed, "token signature is invalid"),
        (unsigned, "signing method is invalid"),
        (signed_with_the_public_key, "signing method is invalid"),
    ],
)
def test_an_invalid_token_is_refused(
    key: SigningKey, make: Callable[[SigningKey], str], described: str
) -> None:
    decision = ask(key, make(key))
    assert isinstance(decision, Refused)
    assert decision.status == 401
    assert decision.challenge == (
        f'Bearer scope="" error="invalid_token" error_description="{described}"'
    )


def test_one_of_the_routes_scopes_is_enough(key: SigningKey) -> None:
    decision = ask(key, key.token(claims()), scopes=("notes/write", "notes/read"))
    assert isinstance(decision, Allowed)
    assert decision.context["jwt"]["scopes"] == ["openid", "notes/read"]


def test_without_any_of_the_routes_scopes_it_is_forbidden(key: SigningKey) -> None:
    decision = ask(key, key.token(claims()), scopes=("notes/write",))
    assert isinstance(decision, Refused)
    assert decision.status == 403
    assert decision.challenge == 'Bearer scope="notes/write" error="insufficient_scope"'


def test_an_issuer_elsewhere_is_asked_for_its_keys(key: SigningKey) -> None:
    discovery = {
        f"{ISSUER}/.well-known/openid-configuration": {"jwks_uri": "https://keys.example/"},
        "https://keys.example/": {"keys": [key.jwk()]},
    }
    assert isinstance(ask(key, key.token(claims()), urls={}, served=discovery), Allowed)


def test_without_the_keys_nobody_is_let_through(key: SigningKey) -> None:
    decision = ask(key, key.token(claims()), served={})
    assert isinstance(decision, Refused)
    assert "the issuer's keys could not be read" in decision.reason
