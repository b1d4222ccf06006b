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


def test_a_good_token_gives_issuer_subject_and_claims() -> None:
    token = verify(KEY.token(claims()))
    assert (token.issuer, token.subject) == (ISSUER, "the-subject")
    assert token.claims["email"] == "visitor@example.com"


def test_claims_stay_out_of_the_repr() -> None:
    assert "visitor@example.com" not in repr(verify(KEY.token(claims())))


REASONS = {
    "id_token_wrong_issuer": "wrong_issuer missing_iss",
    "id_token_wrong_audience": "wrong_audience several_audiences missing_aud",
    "id_token_wrong_azp": "wrong_azp",
    "id_token_wrong_nonce": "wrong_nonce missing_nonce",
    "id_token_wrong_at_hash": "wrong_at_hash",
    "id_token_wrong_token_use": "wrong_token_use missing_token_use",
    "id_token_missing_subject": "missing_sub empty_sub numeric_sub",
    "id_token_expired": "expired",
    "id_token_issued_in_future": "from_the_future",
    "id_token_not_valid_yet": "not_valid_yet",
    "id_token_wrong_algorithm": "alg_none alg_None alg_NONE alg_nOnE hs256_with_public_key rs384 "
    "ps256 es256",
    "id_token_unknown_key": "unknown_kid",
    "id_token_bad_signature": "bad_signature changed_after_signing attackers_jku attackers_jwk "
    "attackers_x5u attackers_x5c",
    "id_token_critical_header": "critical_header",
    "id_token_malformed": "missing_iat missing_exp textual_exp textual_iat true_iat missing_kid "
    "duplicate_claim duplicate_header_member not_a_jwt encrypted",
}
JUDGED = [(defect, reason) for reason, defects in REASONS.items() for defect in defects.split()]


def test_every_defect_has_its_reason_here() -> None:
    assert dict(JUDGED).keys() == ID_TOKEN_DEFECTS.keys()


@pytest.mark.parametrize(("defect", "reason"), JUDGED)
def test_each_defect_is_refused_for_its_own_reason(defect: str, reason: str) -> None:
    draft = Draft(KEY, claims(), ATTACKER)
    verify(KEY.token(draft.claims))
    assert reason_for(ID_TOKEN_DEFECTS[defect](draft)) == reason


@pytest.mark.parametrize(
    ("defect", "fetches"),
    [("attackers_jku", 1), ("attackers_x5u", 1), ("attackers_jwk", 1), ("alg_none", 0),
     ("critical_header", 0), ("not_a_jwt", 0)],
)  # fmt: skip
def test_keys_come_from_the_issuer_if_a_token_may_be_good(defect: str, fetches: int) -> None:
    issuer = Issuer(KEY)
    reason_for(ID_TOKEN_DEFECTS[defect](Draft(KEY, claims(), ATTACKER)), issuer=issuer)
    assert issuer.deadlines == [7.0] * fetches


def test_a_token_may_leave_its_key_unnamed_if_there_is_only_one() -> None:
    unnamed = ID_TOKEN_DEFECTS["missing_kid"](Draft(KEY, claims(), ATTACKER))
    one = Issuer(KEY)
    assert verify(unnamed, issuer=one).subject == "the-subject"
    forged = ID_TOKEN_DEFECTS["missing_kid"](Draft(ATTACKER, claims(), ATTACKER))
    assert reason_for(forged, issuer=one) == "id_token_bad_signature"
    assert reason_for(unnamed, issuer=Issuer(KEY, OTHER)) == "id_token_malformed"
    assert reason_for(unnamed, issuer=Issuer()) == "id_token_unknown_key"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        *(({"alg": alg}, "id_token_wrong_algorithm") for alg in (None, 7, ["RS256"], "rs256")),
        *(({"kid": kid}, "id_token_malformed") for kid in (7, None, ["a"])),
    ],
)
def test_the_algorithm_is_rs256_and_a_key_id_is_text(changes: dict[str, Any], reason: str) -> None:
    header = compact({"alg": "RS256", "kid": KEY.kid} | changes)
    assert reason_for(KEY.sign(header, compact(claims()))) == reason


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
        *(({"nbf": nbf}, "id_token_malformed") for nbf in ("soon", True)),
        *(({"exp": exp}, "id_token_malformed") for exp in (True, [NOW + 3600])),
    ],
)
def test_clocks_may_not_differ_by_more(changes: dict[str, Any], reason: str) -> None:
    assert reason_for(KEY.token(claims(**changes))) == reason


@pytest.mark.parametrize(
    "changes",
    [{"aud": [CLIENT_ID]}, {"azp": CLIENT_ID}, {"at_hash": None}, {"sub": "x" * 255},
     {"name": "😀" * 2_048}],
)  # fmt: skip
def test_a_token_may_have_these_claims(changes: dict[str, Any]) -> None:
    assert verify(KEY.token(claims(**changes)))


ODD_FORMS: dict[tuple[str, str], list[object]] = {
    ("aud", "wrong_audience"): [[], [CLIENT_ID, CLIENT_ID], {CLIENT_ID: 1}, CLIENT_ID + " "],
    ("at_hash", "wrong_at_hash"): [7, [], False, "", "é"],
    ("nonce", "wrong_nonce"): [7, ["the-nonce"], "", "é"],
    ("sub", "malformed"): ["x" * 256, "é"],
    ("filler", "malformed"): ["x" * 40_000],
}


@pytest.mark.parametrize(
    ("claim", "reason", "value"),
    [(*names, value) for names, values in ODD_FORMS.items() for value in values],
)
def test_a_claim_of_another_form_is_refused(claim: str, reason: str, value: object) -> None:
    assert reason_for(KEY.token(claims(**{claim: value}))) == f"id_token_{reason}"


def test_a_refreshed_token_needs_no_nonce_but_an_empty_one_is_not_the_same_as_none() -> None:
    assert verify(KEY.token(claims(nonce=None)), nonce=None)
    assert reason_for(KEY.token(claims(nonce=None)), nonce="") == "id_token_wrong_nonce"


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
