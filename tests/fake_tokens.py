"""Signed tokens like Cognito's, and every defect of an ID token or a key set.

Signs tokens itself, because libraries refuse to create most of these defects.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import hmac
import itertools
import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

Json = dict[str, Any]


def base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def compact(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def signing_input(header: bytes, payload: bytes) -> bytes:
    return f"{base64url(header)}.{base64url(payload)}".encode()


def at_hash(access_token: str) -> str:
    """OIDC Core §3.1.3.6."""
    return base64url(hashlib.sha256(access_token.encode()).digest()[:16])


# RSA keys are slow to make: they are fresh in every run and handed out in turn within it.
# Four are more than one test has in use at a time.
_turn = itertools.cycle(range(4))


@functools.cache
def _rsa_key(turn: int) -> rsa.RSAPrivateKey:  # noqa: ARG001 - it is the cache's key
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@dataclass
class SigningKey:
    """An RSA key with its own key id."""

    private: rsa.RSAPrivateKey = field(default_factory=lambda: _rsa_key(next(_turn)))
    kid: str = field(default_factory=lambda: base64url(secrets.token_bytes(32)) + "=")

    def jwk(self) -> Json:
        """The public half, with the members that Cognito's key sets have."""
        numbers = self.private.public_key().public_numbers()
        modulus = numbers.n.to_bytes((numbers.n.bit_length() + 7) // 8, "big")
        named = {"alg": "RS256", "kid": self.kid, "kty": "RSA", "use": "sig"}
        return {**named, "e": base64url(numbers.e.to_bytes(3, "big")), "n": base64url(modulus)}

    def public_pem(self) -> bytes:
        return self.private.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )

    def rs256(self, data: bytes) -> bytes:
        return self.private.sign(data, padding.PKCS1v15(), hashes.SHA256())

    def sign(self, header: bytes, payload: bytes) -> str:
        signed = signing_input(header, payload)
        return f"{signed.decode()}.{base64url(self.rs256(signed))}"

    def token(self, claims: Json) -> str:
        return self.sign(compact({"kid": self.kid, "alg": "RS256"}), compact(claims))


@dataclass
class Draft:
    """An ID token before signing, for a defect to change."""

    key: SigningKey
    claims: Json
    attacker: SigningKey

    @property
    def header(self) -> Json:
        return {"kid": self.key.kid, "alg": "RS256"}


Defect = Callable[[Draft], str]


def _claims(**changes: object) -> Defect:
    """Claims that are replaced; a function makes the value from the claims that were there."""

    def spoil(draft: Draft) -> str:
        made = {name: v(draft.claims) if callable(v) else v for name, v in changes.items()}
        return draft.key.token({**draft.claims, **made})

    return spoil


def _without(claim: str) -> Defect:
    return lambda draft: draft.key.token({k: v for k, v in draft.claims.items() if k != claim})


def _seconds_from_issue(seconds: int) -> Callable[[Json], int]:
    return lambda claims: int(claims["iat"]) + seconds


def _header(**changes: object) -> Defect:
    return lambda draft: draft.key.sign(compact({**draft.header, **changes}), compact(draft.claims))


def _signed_as(alg: str, sign: Callable[[SigningKey, bytes], bytes]) -> Defect:
    def spoil(draft: Draft) -> str:
        signed = signing_input(compact({**draft.header, "alg": alg}), compact(draft.claims))
        return f"{signed.decode()}.{base64url(sign(draft.key, signed))}"

    return spoil


def _ps256(key: SigningKey, data: bytes) -> bytes:
    return key.private.sign(data, padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256())


def _es256(_key: SigningKey, data: bytes) -> bytes:
    signature = ec.generate_private_key(ec.SECP256R1()).sign(data, ec.ECDSA(hashes.SHA256()))
    return b"".join(n.to_bytes(32, "big") for n in decode_dss_signature(signature))


def _by_attacker(where_the_key_is: Callable[[SigningKey], Json]) -> Defect:
    """Signed by the attacker, with a header that points to the attacker's key."""
    return lambda draft: draft.attacker.sign(
        compact({**draft.header, **where_the_key_is(draft.attacker)}), compact(draft.claims)
    )


def _changed_after_signing(draft: Draft) -> str:
    header, _, signature = draft.key.token(draft.claims).split(".")
    return f"{header}.{base64url(compact({**draft.claims, 'sub': 'someone-else'}))}.{signature}"


def _duplicate_claim(draft: Draft) -> str:
    twice = b'{"sub":"someone-else",' + compact(draft.claims)[1:]
    return draft.key.sign(compact(draft.header), twice)


def _duplicate_header_member(draft: Draft) -> str:
    return draft.key.sign(b'{"alg":"none",' + compact(draft.header)[1:], compact(draft.claims))


ID_TOKEN_DEFECTS: dict[str, Defect] = {
    "wrong_issuer": _claims(iss="https://cognito-idp.eu-central-1.amazonaws.com/someone-elses"),
    "wrong_audience": _claims(aud="another-client"),
    "several_audiences": _claims(aud=lambda claims: [claims["aud"], "another-client"]),
    "wrong_azp": _claims(azp="another-client"),
    "wrong_nonce": _claims(nonce="another-nonce"),
    "wrong_at_hash": _claims(at_hash=at_hash("another-token")),
    "wrong_token_use": _claims(token_use="access"),
    **{
        f"missing_{claim}": _without(claim)
        for claim in ("iss", "aud", "token_use", "sub", "iat", "exp", "nonce")
    },
    "empty_sub": _claims(sub=""),
    "numeric_sub": _claims(sub=7),
    "textual_exp": _claims(exp=lambda claims: str(claims["exp"])),
    "textual_iat": _claims(iat=lambda claims: str(claims["iat"])),
    "true_iat": _claims(iat=True),
    "expired": _claims(exp=_seconds_from_issue(-3600)),
    "from_the_future": _claims(iat=_seconds_from_issue(3600)),
    "not_valid_yet": _claims(nbf=_seconds_from_issue(3600)),
    **{f"alg_{alg}": _signed_as(alg, lambda *_: b"") for alg in ("none", "None", "NONE", "nOnE")},
    "hs256_with_public_key": _signed_as(
        "HS256", lambda key, data: hmac.digest(key.public_pem(), data, "sha256")
    ),
    "rs384": _signed_as(
        "RS384", lambda key, data: key.private.sign(data, padding.PKCS1v15(), hashes.SHA384())
    ),
    "ps256": _signed_as("PS256", _ps256),
    "es256": _signed_as("ES256", _es256),
    "missing_kid": lambda draft: draft.key.sign(compact({"alg": "RS256"}), compact(draft.claims)),
    "unknown_kid": _header(kid="never-published"),
    "attackers_jku": _by_attacker(lambda _: {"jku": "https://attacker.example/jwks.json"}),
    "attackers_jwk": _by_attacker(lambda key: {"jwk": key.jwk()}),
    "attackers_x5u": _by_attacker(lambda _: {"x5u": "https://attacker.example/cert.pem"}),
    "attackers_x5c": _by_attacker(
        lambda key: {"x5c": [base64.b64encode(key.public_pem()).decode()]}
    ),
    "critical_header": _header(crit=["b64"], b64=True),
    "bad_signature": _by_attacker(lambda _: {}),
    "changed_after_signing": _changed_after_signing,
    "duplicate_claim": _duplicate_claim,
    "duplicate_header_member": _duplicate_header_member,
    "not_a_jwt": lambda _: "not-a-jwt",
    "encrypted": lambda _: "a.b.c.d.e",
}

KeySetDefect = Callable[[Json, SigningKey], Json]


def _with_first_key(**changes: object) -> KeySetDefect:
    """Assumes that the ID-token key comes first, as it does in the fake."""
    return lambda jwks, _: {"keys": [{**jwks["keys"][0], **changes}, *jwks["keys"][1:]]}


def _mixed(jwks: Json, attacker: SigningKey) -> Json:
    """Good keys among others that a verifier must ignore."""
    curve_key: Json = {"kty": "EC", "crv": "P-256", "kid": "curve", "x": "AA", "y": "AA"}
    strangers = [curve_key, {"kty": "oct", "k": "c2VjcmV0"}, attacker.jwk(), {}, "no object", None]
    return {"keys": [*strangers, *jwks["keys"]]}


JWKS_DEFECTS: dict[str, KeySetDefect] = {
    "empty": lambda _jwks, _: {"keys": []},
    "no_keys": lambda _jwks, _: {},
    "keys_no_list": lambda jwks, _: {"keys": jwks["keys"][0]},
    "duplicate_kid": lambda jwks, attacker: {
        "keys": [*jwks["keys"], {**attacker.jwk(), "kid": jwks["keys"][0]["kid"]}]
    },
    "for_encryption": _with_first_key(use="enc"),
    "other_algorithm": _with_first_key(alg="RS512"),
    "other_key_type": _with_first_key(kty="EC"),
    "unreadable_modulus": _with_first_key(n="?"),
    "mixed": _mixed,  # no defect: sign-in has to work
}
