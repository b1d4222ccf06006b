"""A correct ID token is accepted, and every defect is rejected."""

from __future__ import annotations

import base64
import contextlib
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
    """Publishes these keys, and counts how often it is asked."""

    def __init__(self, *published: SigningKey) -> None:
        self.published = published
        self.fetches = 0
        self.deadlines: list[float] = []

    def keys(self, deadline: float) -> Mapping[str, object]:
        self.fetches += 1
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


def verify(
    token: str,
    *,
    nonce: str | None = NONCE,
    at: float = NOW,
    issuer: Issuer | None = None,
    access_token: str = ACCESS_TOKEN,
) -> IdToken:
    keys = (issuer or Issuer(KEY, OTHER)).keys
    verifier = IdTokenVerifier(issuer=ISSUER, fetch_keys=keys, now=lambda: at)
    return verifier.verify(
        token, client_id=CLIENT_ID, nonce=nonce, access_token=access_token, deadline=7.0
    )


def reason_for(token: str, **how: Any) -> str:
    with pytest.raises(BadGateway) as caught:
        verify(token, **how)
    return caught.value.reason


def test_a_good_token_tells_issuer_subject_and_claims() -> None:
    token = verify(KEY.token(claims()))
    assert (token.issuer, token.subject) == (ISSUER, "the-subject")
    assert token.claims["email"] == "visitor@example.com"


def test_claims_stay_out_of_the_repr() -> None:
    assert "visitor@example.com" not in repr(verify(KEY.token(claims())))


REASONS = {
    "wrong_issuer": "id_token_wrong_issuer",
    "wrong_audience": "id_token_wrong_audience",
    "several_audiences": "id_token_wrong_audience",
    "wrong_azp": "id_token_wrong_azp",
    "wrong_nonce": "id_token_wrong_nonce",
    "wrong_at_hash": "id_token_wrong_at_hash",
    "wrong_token_use": "id_token_wrong_token_use",
    "missing_iss": "id_token_wrong_issuer",
    "missing_aud": "id_token_wrong_audience",
    "missing_token_use": "id_token_wrong_token_use",
    "missing_sub": "id_token_missing_subject",
    "missing_iat": "id_token_malformed",
    "missing_exp": "id_token_malformed",
    "missing_nonce": "id_token_wrong_nonce",
    "empty_sub": "id_token_missing_subject",
    "numeric_sub": "id_token_missing_subject",
    "textual_exp": "id_token_malformed",
    "textual_iat": "id_token_malformed",
    "true_iat": "id_token_malformed",
    "expired": "id_token_expired",
    "from_the_future": "id_token_issued_in_future",
    "not_valid_yet": "id_token_not_valid_yet",
    "alg_none": "id_token_wrong_algorithm",
    "alg_None": "id_token_wrong_algorithm",
    "alg_NONE": "id_token_wrong_algorithm",
    "alg_nOnE": "id_token_wrong_algorithm",
    "hs256_with_public_key": "id_token_wrong_algorithm",
    "rs384": "id_token_wrong_algorithm",
    "ps256": "id_token_wrong_algorithm",
    "es256": "id_token_wrong_algorithm",
    "missing_kid": "id_token_malformed",
    "unknown_kid": "id_token_unknown_key",
    "attackers_jku": "id_token_bad_signature",
    "attackers_jwk": "id_token_bad_signature",
    "attackers_x5u": "id_token_bad_signature",
    "attackers_x5c": "id_token_bad_signature",
    "critical_header": "id_token_critical_header",
    "bad_signature": "id_token_bad_signature",
    "changed_after_signing": "id_token_bad_signature",
    "duplicate_claim": "id_token_malformed",
    "duplicate_header_member": "id_token_malformed",
    "not_a_jwt": "id_token_malformed",
    "encrypted": "id_token_malformed",
}


def test_every_defect_has_its_reason_here() -> None:
    assert REASONS.keys() == ID_TOKEN_DEFECTS.keys()


@pytest.mark.parametrize(("defect", "reason"), REASONS.items())
def test_each_defect_is_refused_for_its_own_reason(defect: str, reason: str) -> None:
    draft = Draft(KEY, claims(), ATTACKER)
    verify(KEY.token(draft.claims))
    assert reason_for(ID_TOKEN_DEFECTS[defect](draft)) == reason


@pytest.mark.parametrize("defect", ["attackers_jku", "attackers_x5u", "attackers_jwk"])
def test_keys_come_from_the_issuer_whatever_the_header_says(defect: str) -> None:
    issuer = Issuer(KEY)
    reason_for(ID_TOKEN_DEFECTS[defect](Draft(KEY, claims(), ATTACKER)), issuer=issuer)
    assert issuer.deadlines == [7.0]


def test_nothing_is_fetched_for_a_token_that_no_key_could_save() -> None:
    issuer = Issuer(KEY)
    for defect in ("alg_none", "critical_header", "not_a_jwt"):
        reason_for(ID_TOKEN_DEFECTS[defect](Draft(KEY, claims(), ATTACKER)), issuer=issuer)
    assert issuer.fetches == 0


@pytest.mark.parametrize("kid", [7, None, ["a"], {}])
def test_a_key_id_is_text(kid: object) -> None:
    header = compact({"alg": "RS256", "kid": kid})
    assert reason_for(KEY.sign(header, compact(claims()))) == "id_token_malformed"


def test_a_token_may_leave_its_key_unnamed_if_there_is_only_one() -> None:
    unnamed = ID_TOKEN_DEFECTS["missing_kid"](Draft(KEY, claims(), ATTACKER))
    one = Issuer(KEY)
    assert verify(unnamed, issuer=one).subject == "the-subject"
    forged = ID_TOKEN_DEFECTS["missing_kid"](Draft(ATTACKER, claims(), ATTACKER))
    assert reason_for(forged, issuer=one) == "id_token_bad_signature"
    assert reason_for(unnamed, issuer=Issuer(KEY, OTHER)) == "id_token_malformed"
    assert reason_for(unnamed, issuer=Issuer()) == "id_token_unknown_key"


@pytest.mark.parametrize("sub", ["x" * 256, "é"])
def test_a_subject_has_at_most_255_ascii_characters(sub: str) -> None:
    assert verify(KEY.token(claims(sub="x" * 255)))
    assert reason_for(KEY.token(claims(sub=sub))) == "id_token_malformed"


@pytest.mark.parametrize("alg", [None, 7, ["RS256"], "rs256", "RS256 "])
def test_the_algorithm_is_rs256_to_the_letter(alg: object) -> None:
    header = compact({"alg": alg, "kid": KEY.kid})
    assert reason_for(KEY.sign(header, compact(claims()))) == "id_token_wrong_algorithm"


@pytest.mark.parametrize(
    ("changes", "at"),
    [
        ({"exp": NOW}, NOW + 59),
        ({"exp": NOW + 0.5}, NOW + 60),
        ({"iat": NOW + 60}, NOW),
        ({"nbf": NOW + 60}, NOW),
        ({"nbf": NOW - 60}, NOW),
    ],
)
def test_clocks_may_differ_by_a_minute(changes: dict[str, Any], at: float) -> None:
    assert verify(KEY.token(claims(**changes)), at=at)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"exp": NOW - 60}, "id_token_expired"),
        ({"iat": NOW + 61}, "id_token_issued_in_future"),
        ({"nbf": NOW + 61}, "id_token_not_valid_yet"),
        ({"nbf": "soon"}, "id_token_malformed"),
        ({"nbf": True}, "id_token_malformed"),
        ({"exp": True}, "id_token_malformed"),
        ({"exp": [NOW + 3600]}, "id_token_malformed"),
    ],
)
def test_clocks_may_not_differ_by_more(changes: dict[str, Any], reason: str) -> None:
    assert reason_for(KEY.token(claims(**changes))) == reason


def test_an_audience_may_be_a_list_of_just_this_client() -> None:
    assert verify(KEY.token(claims(aud=[CLIENT_ID])))


@pytest.mark.parametrize("aud", [[], [CLIENT_ID, CLIENT_ID], {CLIENT_ID: 1}, CLIENT_ID + " "])
def test_an_audience_of_another_form_is_refused(aud: object) -> None:
    assert reason_for(KEY.token(claims(aud=aud))) == "id_token_wrong_audience"


def test_an_authorized_party_may_be_this_client() -> None:
    assert verify(KEY.token(claims(azp=CLIENT_ID)))


def test_a_token_without_at_hash_is_good() -> None:
    assert verify(KEY.token(claims(at_hash=None)), access_token="any")


@pytest.mark.parametrize("value", [7, [], False, "", "é"])
def test_an_at_hash_of_another_form_is_refused(value: object) -> None:
    assert reason_for(KEY.token(claims(at_hash=value))) == "id_token_wrong_at_hash"


@pytest.mark.parametrize("value", [7, ["the-nonce"], "", "é"])
def test_a_nonce_of_another_form_is_refused(value: object) -> None:
    assert reason_for(KEY.token(claims(nonce=value))) == "id_token_wrong_nonce"


def test_a_refreshed_token_needs_no_nonce() -> None:
    assert verify(KEY.token(claims(nonce=None)), nonce=None)


def test_an_empty_nonce_is_not_the_same_as_none() -> None:
    assert reason_for(KEY.token(claims(nonce=None)), nonce="") == "id_token_wrong_nonce"


def test_a_long_token_is_good_up_to_the_limit() -> None:
    assert verify(KEY.token(claims(name="😀" * 2_048)))
    assert reason_for(KEY.token(claims(filler="x" * 40_000))) == "id_token_malformed"


def test_claims_are_an_object() -> None:
    header = compact({"alg": "RS256", "kid": KEY.kid})
    assert reason_for(KEY.sign(header, compact([claims()]))) == "id_token_malformed"


@pytest.mark.parametrize("spoil", ["{}=", " {}", "{}\n", "{}.", ".{}", "{}+"])
def test_the_compact_form_has_no_padding_space_or_further_part(spoil: str) -> None:
    assert reason_for(spoil.format(KEY.token(claims()))) == "id_token_malformed"


def test_a_part_of_impossible_length_is_refused() -> None:
    header, payload, signature = KEY.token(claims()).split(".")
    cut = base64url(base64.urlsafe_b64decode(signature + "==")[:-1])
    assert len(cut) % 4 == 0
    assert reason_for(f"{header}.{payload}.{cut}A") == "id_token_malformed"


GOOD = KEY.token(claims())
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


JSON_VALUES: st.SearchStrategy[object] = st.one_of(
    st.none(), st.booleans(), st.integers(), st.text(max_size=5), st.just([])
)


@given(st.sampled_from(sorted(claims())), JSON_VALUES)
def test_no_claim_of_odd_type_causes_another_error(name: str, value: object) -> None:
    token = KEY.token({**claims(), name: value})
    with contextlib.suppress(BadGateway):
        assert isinstance(verify(token).subject, str)
