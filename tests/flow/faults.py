"""What can go wrong at Cognito: each fault with the status, reason and calls that follow."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.fake_cognito import FakeCognito

# What an endpoint that fails on the wire means: the page's status, and the end of the reason.
WIRE = {
    "refused": (502, "unreachable"),
    "reset": (502, "unreachable"),
    "not_http": (502, "unreachable"),
    "hang": (504, "timeout"),
    "late": (504, "timeout"),
    "drip": (504, "timeout"),
    "drip_head": (504, "timeout"),
    "truncated": (502, "answer_cut_short"),
    "huge": (502, "answer_too_large"),
    "endless": (502, "answer_too_large"),
    "gzipped": (502, "answer_encoded"),
    "gzip_bomb": (502, "answer_encoded"),
    "wrong_content_type": (502, "answer_malformed"),
    "garbage": (502, "answer_malformed"),
    "empty": (502, "answer_malformed"),
    "json_array": (502, "answer_malformed"),
    "duplicate_member": (502, "answer_malformed"),
    "http_404": (502, "failed"),
    "http_500": (502, "failed"),
    "http_503": (502, "failed"),
    "http_429": (503, "throttled"),
    "redirect": (502, "redirected"),
}
SLOW = {"hang", "late", "drip", "drip_head"}
PATHS = {"token": "/oauth2/token", "jwks": "/jwks.json", "userinfo": "/oauth2/userInfo"}

TOKEN_ERRORS = {
    "invalid_grant": 400,
    "invalid_request": 502,
    "invalid_client": 502,
    "invalid_scope": 502,
    "unauthorized_client": 502,
    "unsupported_grant_type": 502,
}
BEARER_ERRORS = ("invalid_request", "invalid_token", "insufficient_scope")

# Refused before any key is asked for: no key could make these good.
BAD_AT_SIGHT = {
    "id_token_malformed": (
        "missing_kid",
        "duplicate_header_member",
        "not_a_jwt",
        "encrypted",
    ),
    "id_token_wrong_algorithm": (
        "alg_none",
        "alg_None",
        "alg_NONE",
        "alg_nOnE",
        "hs256_with_public_key",
        "rs384",
        "ps256",
        "es256",
    ),
    "id_token_critical_header": ("critical_header",),
}
BAD_ON_VERIFICATION = {
    "id_token_bad_signature": (
        "bad_signature",
        "changed_after_signing",
        "attackers_jku",
        "attackers_jwk",
        "attackers_x5u",
        "attackers_x5c",
    ),
    "id_token_unknown_key": ("unknown_kid",),
    "id_token_malformed": (
        "missing_iat",
        "missing_exp",
        "textual_exp",
        "textual_iat",
        "true_iat",
        "duplicate_claim",
    ),
    "id_token_wrong_issuer": ("wrong_issuer", "missing_iss"),
    "id_token_wrong_token_use": ("wrong_token_use", "missing_token_use"),
    "id_token_wrong_audience": ("wrong_audience", "several_audiences", "missing_aud"),
    "id_token_wrong_azp": ("wrong_azp",),
    "id_token_expired": ("expired",),
    "id_token_issued_in_future": ("from_the_future",),
    "id_token_not_valid_yet": ("not_valid_yet",),
    "id_token_wrong_nonce": ("wrong_nonce", "missing_nonce"),
    "id_token_wrong_at_hash": ("wrong_at_hash",),
    "id_token_missing_subject": ("missing_sub", "empty_sub", "numeric_sub"),
}
BAD_KEY_SET = {
    "jwks_answer_malformed": ("no_keys", "keys_no_list"),
    "id_token_ambiguous_key": ("duplicate_kid",),
    "id_token_unknown_key": (
        "empty",
        "for_encryption",
        "other_algorithm",
        "other_key_type",
        "unreadable_modulus",
    ),
}
HARMLESS = {"mixed"}  # good keys among odd ones


@dataclass(frozen=True)
class Fault:
    """What goes wrong, and the reason that it goes by."""

    name: str
    reason: str
    status: int
    calls: tuple[int, int, int]  # to the token endpoint, for the key set, to UserInfo
    begin: Callable[[FakeCognito], None]
    hurried: str = ""

    def __str__(self) -> str:
        return self.name


def on_the_wire(endpoint: str, kind: str) -> Fault:
    status, ending = WIRE[kind]
    reached = kind != "refused"
    calls = {"token": (reached, 0, 0), "jwks": (1, reached, 0), "userinfo": (1, 1, reached)}
    return Fault(
        f"{endpoint}:{kind}",
        f"{endpoint}_{ending}",
        status,
        calls[endpoint],
        lambda cognito: cognito.fault(endpoint, kind),
        PATHS[endpoint] if kind in SLOW else "",
    )


def refusal(error: str) -> Fault:
    return Fault(
        f"token:{error}",
        f"token_{error}",
        TOKEN_ERRORS[error],
        (1, 0, 0),
        lambda cognito: cognito.fault("token", error),
    )


def defects(table: dict[str, tuple[str, ...]], *, keys: int) -> list[Fault]:
    return [
        Fault(
            f"id_token:{defect}",
            reason,
            502,
            (1, keys, 0),
            lambda cognito, defect=defect: cognito.id_token_defect(defect),  # type: ignore[misc]
        )
        for reason, names in table.items()
        for defect in names
    ]


KEY_SETS = [
    Fault(
        f"key_set:{defect}",
        reason,
        502,
        (1, 1, 0),
        lambda cognito, defect=defect: cognito.jwks_defect(defect),  # type: ignore[misc]
    )
    for reason, names in BAD_KEY_SET.items()
    for defect in names
]
TOKEN_WIRE = [on_the_wire("token", kind) for kind in WIRE]
JWKS_WIRE = [on_the_wire("jwks", kind) for kind in WIRE]
AT_SIGHT = defects(BAD_AT_SIGHT, keys=0)
ON_VERIFICATION = defects(BAD_ON_VERIFICATION, keys=1)


def other_subject(cognito: FakeCognito) -> None:
    cognito.userinfo_answer = {"sub": "somebody-else"}


FATAL = [
    *TOKEN_WIRE,
    *map(refusal, TOKEN_ERRORS),
    *JWKS_WIRE,
    *KEY_SETS,
    *AT_SIGHT,
    *ON_VERIFICATION,
    Fault("userinfo:other_subject", "userinfo_other_subject", 502, (1, 1, 1), other_subject),
]
