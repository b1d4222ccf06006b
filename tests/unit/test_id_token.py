"""A correct ID token is accepted, and every defect is rejected."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

import pytest
from foyer.cognito.id_token import IdToken, IdTokenVerifier
from foyer.errors import BadGateway
from hypothesis import given
from hypothesis import strategies as st

from tests.fake_tokens import ID_TOKEN_DEFECTS, Draft, SigningKey, at_hash, base64url, compact

ISSUER = "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_Example"
CLIENT_ID = "the-client"
NONCE = "the-nonce"
ACCESS_TOKEN = "the.access.token"
NOW = 1_800_000_000

KEY = SigningKey()
OTHER = SigningKey()  # published too, as Cognito's key for access tokens is
ATTACKER = SigningKey()


class Issuer:
    """Publishes these keys, and notes the deadline of each request for them."""

    def __init__(self, *published: SigningKey) -> None:
        self.published = published
        self.deadlines: list[float] = []

    def keys(self, deadline: float) -> Mapping[str, object]:
        self.deadlines.append(deadline)
        return {"keys": [key.jwk() for key in self.published]}


def claims(**changes: Any) -> dict[str, Any]:
    """Good claims, changed; None takes one away."""
    good = {
        "iss": ISSUER,
        "aud": CLIENT_ID,
        "sub": "the-subject",
        "token_use": "id",
        "iat": NOW,
        "exp": NOW + 3600,
        "nonce": NONCE,
        "at_hash": at_hash(ACCESS_TOKEN),
        "email": "visitor@example.com",
    }
    return {name: value for name, value in {**good, **changes}.items() if value is not None}


def verify(token: str, *, nonce: str | None = NONCE, issuer: Issuer | None = None) -> IdToken:
    keys = (issuer or Issuer(KEY, OTHER)).keys
    verifier = IdTokenVerifier(issuer=ISSUER, fetch_keys=keys, now=lambda: NOW)
    return verifier.verify(
        token, client_id=CLIENT_ID, nonce=nonce, access_token=ACCESS_TOKEN, deadline=7.0
    )


def reason_for(token: str, **how: Any) -> str:
    with pytest.raises(BadGateway) as caught:
        verify(token, **how)
    return caught.value.reason


def defective(defect: str, key: SigningKey = KEY) -> str:
    return ID_TOKEN_DEFECTS[defect](Draft(key, claims(), ATTACKER))


def signed(header: dict[str, Any], payload: object) -> str:
    return KEY.sign(compact({"alg": "RS256", "kid": KEY.kid} | header), compact(payload))


def test_a_good_token_gives_issuer_subject_and_claims_which_stay_out_of_its_repr() -> None:
    token = verify(KEY.token(claims()))
    assert (token.issuer, token.subject) == (ISSUER, "the-subject")
    assert token.claims["email"] == "visitor@example.com"
    assert "visitor@example.com" not in repr(token)


def test_either_form_of_the_pools_issuer_is_the_issuer() -> None:
    forms = (ISSUER, ISSUER.replace("cognito-idp", "issuer-cognito-idp", 1))
    for form in forms:
        verifier = IdTokenVerifier(issuer=form, fetch_keys=Issuer().keys, now=lambda: NOW)
        assert all(verifier.is_issuer(named) for named in forms)
        assert not verifier.is_issuer(f"{form}x")


REASONS = {
    "wrong_issuer": "wrong_issuer missing_iss",
    "wrong_audience": "wrong_audience several_audiences missing_aud",
    "wrong_azp": "wrong_azp",
    "wrong_nonce": "wrong_nonce missing_nonce",
    "wrong_at_hash": "wrong_at_hash",
    "wrong_token_use": "wrong_token_use missing_token_use",
    "missing_subject": "missing_sub empty_sub numeric_sub",
    "expired": "expired",
    "issued_in_future": "from_the_future",
    "not_valid_yet": "not_valid_yet",
    "wrong_algorithm": "alg_none alg_None alg_NONE alg_nOnE hs256_with_public_key rs384 ps256 "
    "es256",
    "unknown_key": "unknown_kid",
    "bad_signature": "bad_signature changed_after_signing attackers_jku attackers_jwk "
    "attackers_x5u attackers_x5c",
    "critical_header": "critical_header",
    "malformed": "missing_iat missing_exp textual_exp textual_iat true_iat missing_kid "
    "duplicate_claim duplicate_header_member not_a_jwt encrypted",
}


@pytest.mark.parametrize("defect", ID_TOKEN_DEFECTS)
def test_each_defect_is_refused_for_its_own_reason(defect: str) -> None:
    (expected,) = (reason for reason, defects in REASONS.items() if defect in defects.split())
    assert reason_for(defective(defect)) == f"id_token_{expected}"


def test_keys_come_from_the_issuer_if_a_token_may_be_good() -> None:
    for defect in ("attackers_jku", "attackers_x5u", "attackers_jwk"):
        issuer = Issuer(KEY)
        reason_for(defective(defect), issuer=issuer)
        assert issuer.deadlines == [7.0]
    for defect in ("alg_none", "critical_header", "not_a_jwt"):
        reason_for(defective(defect), issuer=issuer)
    assert issuer.deadlines == [7.0]


def test_a_token_may_leave_its_key_unnamed_if_there_is_only_one() -> None:
    unnamed = defective("missing_kid")
    assert verify(unnamed, issuer=Issuer(KEY)).subject == "the-subject"
    forged = defective("missing_kid", ATTACKER)
    assert reason_for(forged, issuer=Issuer(KEY)) == "id_token_bad_signature"
    assert reason_for(unnamed, issuer=Issuer(KEY, OTHER)) == "id_token_malformed"
    assert reason_for(unnamed, issuer=Issuer()) == "id_token_unknown_key"


@pytest.mark.parametrize(
    ("header", "payload", "reason"),
    [
        *(({"alg": alg}, claims(), "wrong_algorithm") for alg in (None, 7, ["RS256"], "rs256")),
        *(({"kid": kid}, claims(), "malformed") for kid in (7, None, ["a"])),
        ({}, [claims()], "malformed"),
    ],
)
def test_the_algorithm_is_rs256_a_key_id_is_text_and_claims_are_an_object(
    header: dict[str, Any], payload: object, reason: str
) -> None:
    assert reason_for(signed(header, payload)) == f"id_token_{reason}"


def test_clocks_may_differ_by_a_minute_and_a_token_may_have_these_claims() -> None:
    possible: dict[str, list[object]] = {
        "exp": [NOW - 59, NOW - 59.5],
        "iat": [NOW + 60],
        "nbf": [NOW + 60, NOW - 60],
        "aud": [[CLIENT_ID]],
        "azp": [CLIENT_ID],
        "at_hash": [None],
        "sub": ["x" * 255],
        "name": ["😀" * 2_048],
    }
    for claim, values in possible.items():
        for value in values:
            assert verify(KEY.token(claims(**{claim: value})))


ODD_CLAIMS: dict[tuple[str, str], list[object]] = {
    ("exp", "expired"): [NOW - 60],
    ("iat", "issued_in_future"): [NOW + 61],
    ("nbf", "not_valid_yet"): [NOW + 61],
    ("nbf", "malformed"): ["soon", True],
    ("exp", "malformed"): [True, [NOW + 3600]],
    ("aud", "wrong_audience"): [[], [CLIENT_ID, CLIENT_ID], {CLIENT_ID: 1}, CLIENT_ID + " "],
    ("at_hash", "wrong_at_hash"): [7, [], False, "", "é"],
    ("nonce", "wrong_nonce"): [7, ["the-nonce"], "", "é"],
    ("sub", "malformed"): ["x" * 256, "é"],
    ("filler", "malformed"): ["x" * 40_000],
}


@pytest.mark.parametrize(
    ("claim", "reason", "value"),
    [(*names, value) for names, values in ODD_CLAIMS.items() for value in values],
)
def test_a_claim_of_another_form_or_time_is_refused(claim: str, reason: str, value: object) -> None:
    assert reason_for(KEY.token(claims(**{claim: value}))) == f"id_token_{reason}"


def test_a_refreshed_token_needs_no_nonce_but_an_empty_one_is_not_the_same_as_none() -> None:
    assert verify(KEY.token(claims(nonce=None)), nonce=None)
    assert reason_for(KEY.token(claims(nonce=None)), nonce="") == "id_token_wrong_nonce"


GOOD = KEY.token(claims())
# The signature's last byte is missing, which leaves one character of a length that encodes nothing.
CUT = f"{GOOD.rpartition('.')[0]}.{base64url(base64.urlsafe_b64decode(GOOD[-342:] + '==')[:-1])}A"


@pytest.mark.parametrize("form", ["{0}=", " {0}", "{0}\n", "{0}.", ".{0}", "{0}+", "{1}"])
def test_the_compact_form_has_no_padding_space_further_part_or_other_length(form: str) -> None:
    assert reason_for(form.format(GOOD, CUT)) == "id_token_malformed"


BASE64URL = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


@given(st.integers(0, len(GOOD) - 1) | st.just(len(GOOD) - 1), st.sampled_from(BASE64URL))
def test_no_character_can_be_exchanged(at: int, character: str) -> None:
    """Not even in the bits of a last character that decoders drop."""
    changed = GOOD[:at] + character + GOOD[at + 1 :]
    if changed != GOOD:
        assert reason_for(changed).startswith("id_token_")


PARTS = st.text(BASE64URL, max_size=40) | st.binary(max_size=30).map(base64url)


@given(st.text() | st.lists(PARTS, min_size=1, max_size=5).map(".".join))
def test_no_text_whatever_causes_another_error(token: str) -> None:
    assert reason_for(token).startswith("id_token_")
