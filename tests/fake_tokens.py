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
# Eight are more than one test has in use at a time.
_turn = itertools.cycle(range(8))


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
        return {
            "alg": "RS256",
            "e": base64url(numbers.e.to_bytes(3, "big")),
            "kid": self.kid,
            "kty": "RSA",
            "n": base64url(modulus),
            "use": "sig",
        }

    def public_pem(self) -> bytes:
        return self.private.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )

    def sign(self, header: bytes, payload: bytes) -> str:
        signed = signing_input(header, payload)
        signature = self.private.sign(signed, padding.PKCS1v15(), hashes.SHA256())
        return f"{signed.decode()}.{base64url(signature)}"

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

    def signed(self) -> str:
        return self.key.token(self.claims)

    def signed_by_hand(self, alg: str, sign: Callable[[bytes], bytes]) -> str:
        signed = signing_input(compact({**self.header, "alg": alg}), compact(self.claims))
        return f"{signed.decode()}.{base64url(sign(signed))}"


Defect = Callable[[Draft], str]


def _claims(**changes: object) -> Defect:
    return lambda draft: draft.key.token({**draft.claims, **changes})


def _without(claim: str) -> Defect:
    return lambda draft: draft.key.token({k: v for k, v in draft.claims.items() if k != claim})


def _moved(claim: str, seconds: int) -> Defect:
    """The claim, that many seconds from the time of issue."""
    return lambda draft: draft.key.token({**draft.claims, claim: draft.claims["iat"] + seconds})


def _as_text(claim: str) -> Defect:
    return lambda draft: draft.key.token({**draft.claims, claim: str(draft.claims[claim])})


def _audience(choose: Callable[[str], object]) -> Defect:
    return lambda draft: draft.key.token({**draft.claims, "aud": choose(draft.claims["aud"])})


def _header(**changes: object) -> Defect:
    return lambda draft: draft.key.sign(compact({**draft.header, **changes}), compact(draft.claims))


def _key_id_missing(draft: Draft) -> str:
    return draft.key.sign(compact({"alg": "RS256"}), compact(draft.claims))


def _unsigned(alg: str) -> Defect:
    return lambda draft: draft.signed_by_hand(alg, lambda _: b"")


def _hs256_with_public_key(draft: Draft) -> str:
    secret = draft.key.public_pem()
    return draft.signed_by_hand("HS256", lambda data: hmac.digest(secret, data, "sha256"))


def _rs384(draft: Draft) -> str:
    return draft.signed_by_hand(
        "RS384", lambda data: draft.key.private.sign(data, padding.PKCS1v15(), hashes.SHA384())
    )


def _ps256(draft: Draft) -> str:
    pss = padding.PSS(padding.MGF1(hashes.SHA256()), 32)
    return draft.signed_by_hand(
        "PS256", lambda data: draft.key.private.sign(data, pss, hashes.SHA256())
    )


def _es256(draft: Draft) -> str:
    def sign(data: bytes) -> bytes:
        signature = ec.generate_private_key(ec.SECP256R1()).sign(data, ec.ECDSA(hashes.SHA256()))
        return b"".join(n.to_bytes(32, "big") for n in decode_dss_signature(signature))

    return draft.signed_by_hand("ES256", sign)


def _attackers_key_in_header(member: str) -> Defect:
    """Signed by the attacker, with a header that points to the attacker's key."""

    def spoil(draft: Draft) -> str:
        where = {
            "jku": "https://attacker.example/jwks.json",
            "x5u": "https://attacker.example/cert.pem",
            "jwk": draft.attacker.jwk(),
            "x5c": [base64.b64encode(draft.attacker.public_pem()).decode()],
        }[member]
        return draft.attacker.sign(compact({**draft.header, member: where}), compact(draft.claims))

    return spoil


def _bad_signature(draft: Draft) -> str:
    return draft.attacker.sign(compact(draft.header), compact(draft.claims))


def _changed_after_signing(draft: Draft) -> str:
    header, _, signature = draft.signed().split(".")
    return f"{header}.{base64url(compact({**draft.claims, 'sub': 'someone-else'}))}.{signature}"


def _duplicate_claim(draft: Draft) -> str:
    twice = b'{"sub":"someone-else",' + compact(draft.claims)[1:]
    return draft.key.sign(compact(draft.header), twice)


def _duplicate_header_member(draft: Draft) -> str:
    twice = b'{"alg":"none",' + compact(draft.header)[1:]
    return draft.key.sign(twice, compact(draft.claims))


ID_TOKEN_DEFECTS: dict[str, Defect] = {
    "wrong_issuer": _claims(iss="https://cognito-idp.eu-central-1.amazonaws.com/someone-elses"),
    "wrong_audience": _claims(aud="another-client"),
    "several_audiences": _audience(lambda client_id: [client_id, "another-client"]),
    "wrong_azp": _claims(azp="another-client"),
    "wrong_nonce": _claims(nonce="another-nonce"),
    "wrong_at_hash": _claims(at_hash=at_hash("another-token")),
    "wrong_token_use": _claims(token_use="access"),
    "missing_iss": _without("iss"),
    "missing_aud": _without("aud"),
    "missing_token_use": _without("token_use"),
    "missing_sub": _without("sub"),
    "missing_iat": _without("iat"),
    "missing_exp": _without("exp"),
    "missing_nonce": _without("nonce"),
    "empty_sub": _claims(sub=""),
    "numeric_sub": _claims(sub=7),
    "textual_exp": _as_text("exp"),
    "textual_iat": _as_text("iat"),
    "true_iat": _claims(iat=True),
    "expired": _moved("exp", -3600),
    "from_the_future": _moved("iat", 3600),
    "not_valid_yet": _moved("nbf", 3600),
    "alg_none": _unsigned("none"),
    "alg_None": _unsigned("None"),
    "alg_NONE": _unsigned("NONE"),
    "alg_nOnE": _unsigned("nOnE"),
    "hs256_with_public_key": _hs256_with_public_key,
    "rs384": _rs384,
    "ps256": _ps256,
    "es256": _es256,
    "missing_kid": _key_id_missing,
    "unknown_kid": _header(kid="never-published"),
    "attackers_jku": _attackers_key_in_header("jku"),
    "attackers_jwk": _attackers_key_in_header("jwk"),
    "attackers_x5u": _attackers_key_in_header("x5u"),
    "attackers_x5c": _attackers_key_in_header("x5c"),
    "critical_header": _header(crit=["b64"], b64=True),
    "bad_signature": _bad_signature,
    "changed_after_signing": _changed_after_signing,
    "duplicate_claim": _duplicate_claim,
    "duplicate_header_member": _duplicate_header_member,
    "not_a_jwt": lambda _: "not-a-jwt",
    "encrypted": lambda _: "a.b.c.d.e",
}


def _with_first_key(**changes: object) -> Callable[[Json, SigningKey], Json]:
    """Assumes that the ID-token key comes first, as it does in the fake."""
    return lambda jwks, _: {"keys": [{**jwks["keys"][0], **changes}, *jwks["keys"][1:]]}


def _mixed(jwks: Json, attacker: SigningKey) -> Json:
    """Good keys among others that a verifier must ignore."""
    curve_key: Json = {"kty": "EC", "crv": "P-256", "kid": "curve", "x": "AA", "y": "AA"}
    strangers = [curve_key, {"kty": "oct", "k": "c2VjcmV0"}, attacker.jwk(), {}, "no object", None]
    return {"keys": [*strangers, *jwks["keys"]]}


def _duplicate_kid(jwks: Json, attacker: SigningKey) -> Json:
    twin = {**attacker.jwk(), "kid": jwks["keys"][0]["kid"]}
    return {"keys": [*jwks["keys"], twin]}


JWKS_DEFECTS: dict[str, Callable[[Json, SigningKey], Json]] = {
    "empty": lambda _jwks, _: {"keys": []},
    "no_keys": lambda _jwks, _: {},
    "keys_no_list": lambda jwks, _: {"keys": jwks["keys"][0]},
    "duplicate_kid": _duplicate_kid,
    "for_encryption": _with_first_key(use="enc"),
    "other_algorithm": _with_first_key(alg="RS512"),
    "other_key_type": _with_first_key(kty="EC"),
    "unreadable_modulus": _with_first_key(n="?"),
    "mixed": _mixed,  # no defect: sign-in has to work
}
