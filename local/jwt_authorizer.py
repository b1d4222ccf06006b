"""A JWT authorizer that checks a token's signature and claims like API Gateway.

docs.aws.amazon.com/apigateway/latest/developerguide/http-api-jwt-authorizer.html; the wording of
challenges is from "Troubleshooting issues with HTTP API JWT authorizers" where that shows it.
"""

from __future__ import annotations

import asyncio
import base64
import json
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import requests
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, SHA512

from local.authorizers import Allowed, JwtAuthorizer, Refused, identity_values

_HASHES = {"RS256": SHA256(), "RS384": SHA384(), "RS512": SHA512()}
_KEEP_KEYS = 300  # seconds; API Gateway keeps them for up to two hours

FetchJson = Callable[[str], Any]


class _Invalid(Exception):
    """The token is invalid; the message is sent to the client."""


def fetch_json(url: str) -> Any:
    """Raises requests.RequestException."""
    answer = requests.get(url, timeout=5)
    answer.raise_for_status()
    return answer.json()


class JwtAuthorizers:
    """``jwks_urls`` are the addresses of keys for issuers that are not reachable by discovery."""

    def __init__(
        self,
        jwks_urls: Mapping[str, str],
        fetch: FetchJson = fetch_json,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._jwks_urls = jwks_urls
        self._fetch = fetch
        self._now = now
        self._keys: dict[str, tuple[float, list[dict[str, Any]]]] = {}

    async def ask(
        self, authorizer: JwtAuthorizer, scopes: Sequence[str], event: Mapping[str, Any]
    ) -> Allowed | Refused:
        values = identity_values((authorizer.identity_source,), event)
        if values is None:
            return Refused(401, f"{authorizer.name}: no token", "Bearer")
        try:
            claims = await self._claims(authorizer, _without_scheme(values[0]))
        except _Invalid as problem:
            return Refused(401, f"{authorizer.name}: {problem}", _challenge(scopes, str(problem)))
        granted = _scopes(claims)
        if scopes and not set(scopes) & set(granted):
            challenge = f'Bearer scope="{" ".join(scopes)}" error="insufficient_scope"'
            return Refused(403, f"{authorizer.name}: none of the scopes is granted", challenge)
        shown = {name: _as_text(value) for name, value in claims.items()}
        return Allowed({"jwt": {"claims": shown, "scopes": granted if scopes else None}})

    async def _claims(self, authorizer: JwtAuthorizer, token: str) -> dict[str, Any]:
        segments = token.split(".")
        if len(segments) != 3:
            raise _Invalid("token contains an invalid number of segments")
        head, claims, signature = (
            _json(segments[0]),
            _json(segments[1]),
            _decoded(segments[2]),
        )
        if claims.get("iss") != authorizer.issuer:
            raise _Invalid("invalid issuer")
        key = await self._key(authorizer.issuer, head.get("kid"))
        _verify(key, head.get("alg"), f"{segments[0]}.{segments[1]}".encode(), signature)
        self._check_times(claims)
        # Without aud, client_id is used, as in Cognito's access tokens.
        audience = claims.get("aud", claims.get("client_id"))
        if not set(authorizer.audience) & set(
            audience if isinstance(audience, list) else [audience]
        ):
            raise _Invalid("the token does not have a valid audience")
        return claims

    def _check_times(self, claims: Mapping[str, Any]) -> None:
        now = self._now()
        expires, not_before = claims.get("exp"), claims.get("nbf", 0)
        if not isinstance(expires, int | float) or not isinstance(not_before, int | float):
            raise _Invalid("the token has no valid exp or nbf")
        if expires <= now:
            raise _Invalid("the token has expired")
        if not_before > now:
            raise _Invalid("the token is not valid yet")

    async def _key(self, issuer: str, kid: object) -> dict[str, Any]:
        kept = self._keys.get(issuer)
        if kept is None or kept[0] < self._now() or not _named(kept[1], kid):
            try:
                keys = await asyncio.to_thread(self._fetch_keys, issuer)
            except (requests.RequestException, ValueError, KeyError, TypeError) as error:
                raise _Invalid("the issuer's keys could not be read") from error
            kept = self._keys[issuer] = (self._now() + _KEEP_KEYS, keys)
        for key in _named(kept[1], kid):
            return key
        raise _Invalid("signing key not found")

    def _fetch_keys(self, issuer: str) -> list[dict[str, Any]]:
        url = self._jwks_urls.get(issuer)
        if url is None:
            url = self._fetch(f"{issuer}/.well-known/openid-configuration")["jwks_uri"]
        return list(self._fetch(url)["keys"])


def _named(keys: Sequence[dict[str, Any]], kid: object) -> list[dict[str, Any]]:
    return [key for key in keys if isinstance(kid, str) and key.get("kid") == kid]


def _without_scheme(value: str) -> str:
    scheme, _, token = value.partition(" ")
    return token.strip() if scheme.lower() == "bearer" else value


def _verify(key: Mapping[str, Any], algorithm: object, signed: bytes, signature: bytes) -> None:
    digest = _HASHES.get(str(algorithm))
    if digest is None or key.get("kty") != "RSA" or key.get("alg", algorithm) != algorithm:
        raise _Invalid("signing method is invalid")
    modulus, exponent = (int.from_bytes(_decoded(key[name])) for name in ("n", "e"))
    try:
        RSAPublicNumbers(exponent, modulus).public_key().verify(
            signature, signed, PKCS1v15(), digest
        )
    except (InvalidSignature, ValueError):
        raise _Invalid("token signature is invalid") from None


def _json(segment: str) -> dict[str, Any]:
    try:
        value = json.loads(_decoded(segment))
    except ValueError:
        raise _Invalid("token is malformed") from None
    if not isinstance(value, dict):
        raise _Invalid("token is malformed")
    return value


def _decoded(segment: str) -> bytes:
    try:
        return base64.b64decode(segment + "=" * (-len(segment) % 4), b"-_", validate=True)
    except ValueError:
        raise _Invalid("token is malformed") from None


def _scopes(claims: Mapping[str, Any]) -> list[str]:
    """Of ``scope`` (text, RFC 8693 §4.2) or ``scp`` (text or a list)."""
    for name in ("scope", "scp"):
        value = claims.get(name)
        if isinstance(value, str):
            return value.split()
        if isinstance(value, list):
            return [str(one) for one in value]
    return []


def _as_text(value: object) -> str:
    """The function receives claims as text; a list of two groups is ``[first second]``."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return f"[{' '.join(_as_text(one) for one in value)}]"
    return value if isinstance(value, str) else json.dumps(value)


def _challenge(scopes: Sequence[str], problem: str) -> str:
    return f'Bearer scope="{" ".join(scopes)}" error="invalid_token" error_description="{problem}"'
