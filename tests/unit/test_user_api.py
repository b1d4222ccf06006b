"""The user API: every error in AWS's model is known, and answers are checked."""

from __future__ import annotations

import base64
import json

import pytest
from foyer.cognito import user_api
from foyer.cognito.user_api import has_scope

from tests.fake_cognito_api import SCOPE, model

OPERATIONS = """AssociateSoftwareToken ChangePassword DeleteUser GetUser GlobalSignOut
SetUserMFAPreference UpdateUserAttributes VerifySoftwareToken"""


def test_exactly_the_errors_that_the_operations_can_have_are_known() -> None:
    operations = map(model().operation_model, OPERATIONS.split())
    possible = {shape.name for operation in operations for shape in operation.error_shapes}
    assert {*user_api._REFUSALS, *user_api._BUSY, *user_api._OTHERS} == possible


def token(claims: object) -> str:
    payload = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
    return f"e30.{payload}.c2ln"


@pytest.mark.parametrize(
    ("given", "is_good"),
    [
        (token({"scope": SCOPE}), True),
        (token({"scope": f"openid {SCOPE} email"}), True),
        (token({"scope": f"{SCOPE}.not"}), False),
        (token({"scope": None}), False),
        (token({}), False),
        (token([SCOPE]), False),
        ("opaque", False),
        ("a.b.c", False),
        ("", False),
    ],
)
def test_a_token_says_whether_it_is_good_for_the_api(given: str, is_good: bool) -> None:
    assert has_scope(given) == is_good


@pytest.mark.parametrize(
    ("message", "rules"),
    [
        ("Password did not conform with policy: Password not long enough", ("length",)),
        ("… Password must have length greater than or equal to 12", ("length",)),
        ("… uppercase characters; … symbol characters", ("uppercase", "symbol")),
        ("… lowercase characters", ("lowercase",)),
        ("… numeric characters", ("number",)),
        ("something else", ()),
    ],
)
def test_the_broken_rules_are_read_from_the_message(message: str, rules: tuple[str, ...]) -> None:
    assert user_api._broken_rules(message) == rules
