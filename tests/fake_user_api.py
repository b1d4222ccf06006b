"""FakeCognito's user API: checks each request against botocore's model of the API.

cognito.user_api.refusals["ChangePassword"] = "LimitExceededException"
assert cognito.user_api.operations == ["GetUser", "ChangePassword"]
"""

from __future__ import annotations

import base64
import json
import re
import secrets
from collections.abc import Callable
from functools import cache
from typing import Any

import botocore.session
from botocore.model import ServiceModel, Shape
from botocore.validate import ParamValidator

from tests.authenticator import digits
from tests.fake_token_mint import Grant, TokenMint
from tests.wire_faults import Reply
from tests.wire_server import Arrived

SCOPE = "aws.cognito.signin.user.admin"
PASSWORD = "Analytical-1843"
_TARGET = "AWSCognitoIdentityProviderService."
_TYPE = {"Content-Type": "application/x-amz-json-1.1"}


@cache
def model() -> ServiceModel:
    return botocore.session.get_session().get_service_model("cognito-idp")


class Refusal(Exception):
    """An error of the API, by its name; the message may say more than an app should pass on."""

    def __init__(self, code: str, message: str = "") -> None:
        super().__init__(code)
        self.code, self.message = code, message


class FakeUserApi:
    """What the pool keeps for the one user who is at the keyboard."""

    def __init__(self, mint: TokenMint) -> None:
        self._mint = mint
        self.password = PASSWORD
        self.mfa = "OPTIONAL"  # the pool's: OFF, OPTIONAL or ON
        self.secret: str | None = None
        self.pending_secret: str | None = None
        self.has_authenticator = False
        self.is_deleted = False
        self.operations: list[str] = []
        self.sent: list[dict[str, Any]] = []
        self.refusals: dict[str, Refusal | str] = {}
        self.answers: dict[str, dict[str, Any]] = {}  # members put over those of an honest one

    def answer(self, arrived: Arrived) -> Reply:
        assert arrived.headers["Content-Type"] == _TYPE["Content-Type"]
        assert "Authorization" not in arrived.headers, "the token is all that this API takes"
        target = arrived.headers["X-Amz-Target"]
        operation, body = target.removeprefix(_TARGET), json.loads(arrived.body)
        _hold_to_model(operation, body)
        self.operations.append(operation)
        self.sent.append(body)
        try:
            answer = self._do(operation, body) | self.answers.get(operation, {})
        except Refusal as refusal:
            error = {"__type": refusal.code, "message": refusal.message}
            return Reply(400, json.dumps(error).encode(), _TYPE)
        # What has no output shape is answered with nothing at all.
        has_output = model().operation_model(operation).output_shape is not None
        return Reply(200, json.dumps(answer).encode() if has_output else b"", _TYPE)

    def _do(self, operation: str, body: dict[str, Any]) -> dict[str, Any]:
        planned = self.refusals.get(operation)
        if planned is not None:
            raise planned if isinstance(planned, Refusal) else Refusal(planned, "a secret thing")
        grant = self._grant(body["AccessToken"])
        operations: dict[str, Callable[[Grant, dict[str, Any]], dict[str, Any]]] = {
            "GetUser": self._get_user,
            "UpdateUserAttributes": self._update,
            "ChangePassword": self._change_password,
            "AssociateSoftwareToken": self._associate,
            "VerifySoftwareToken": self._verify,
            "SetUserMFAPreference": self._prefer,
            "GlobalSignOut": self._global_sign_out,
            "DeleteUser": self._delete,
        }
        return operations[operation](grant, body)

    def _grant(self, token: str) -> Grant:
        grant, expires = self._mint._access_tokens.get(token, (None, 0.0))
        if grant is None or not grant.good or self._mint.clock() >= expires:
            raise Refusal("NotAuthorizedException", "Access Token has been revoked")
        if SCOPE not in grant.scopes:
            raise Refusal("NotAuthorizedException", "Access Token does not have required scopes")
        return grant

    def _get_user(self, grant: Grant, _: dict[str, Any]) -> dict[str, Any]:
        user = grant.user
        attributes = {
            "sub": user.sub,
            "name": user.name,
            "email": user.email,
            "email_verified": "true" if user.email_verified else "false",
            **user.custom,
        }
        return {
            "Username": user.username,
            "UserAttributes": [{"Name": name, "Value": attributes[name]} for name in attributes],
            **({"UserMFASettingList": ["SOFTWARE_TOKEN_MFA"]} if self.has_authenticator else {}),
        }

    def _update(self, grant: Grant, body: dict[str, Any]) -> dict[str, Any]:
        (attribute,) = body["UserAttributes"]
        assert attribute["Name"] == "name", "the app client may write no other"
        grant.user.name = attribute["Value"]
        return {"CodeDeliveryDetailsList": []}

    def _change_password(self, _: Grant, body: dict[str, Any]) -> dict[str, Any]:
        if body["PreviousPassword"] != self.password:
            raise Refusal("NotAuthorizedException", "Incorrect username or password.")
        if len(body["ProposedPassword"]) < 12:
            policy = "Password did not conform with policy: Password not long enough"
            raise Refusal("InvalidPasswordException", policy)
        self.password = body["ProposedPassword"]
        return {}

    def _associate(self, _: Grant, __: dict[str, Any]) -> dict[str, Any]:
        if self.mfa == "OFF":
            raise Refusal("SoftwareTokenMFANotFoundException", "Software Token MFA is off")
        self.pending_secret = base64.b32encode(secrets.token_bytes(20)).decode()
        return {"SecretCode": self.pending_secret}

    def _verify(self, _: Grant, body: dict[str, Any]) -> dict[str, Any]:
        if self.pending_secret is None or body["UserCode"] != digits(self.pending_secret):
            raise Refusal("EnableSoftwareTokenMFAException", "Code mismatch")
        self.secret, self.pending_secret = self.pending_secret, None
        return {"Status": "SUCCESS"}

    def _prefer(self, _: Grant, body: dict[str, Any]) -> dict[str, Any]:
        is_on = body["SoftwareTokenMfaSettings"]["Enabled"]
        if not is_on and self.mfa == "ON":
            raise Refusal("InvalidParameterException", "MFA is required")
        self.has_authenticator = is_on
        return {}

    def _global_sign_out(self, _: Grant, __: dict[str, Any]) -> dict[str, Any]:
        self._mint.sign_out_everywhere()
        return {}

    def _delete(self, grant: Grant, _: dict[str, Any]) -> dict[str, Any]:
        self.is_deleted = True
        grant.user.enabled = False
        return {}


def _hold_to_model(operation: str, body: dict[str, Any]) -> None:
    shape = model().operation_model(operation).input_shape
    assert shape is not None
    report = ParamValidator().validate(body, shape)
    assert not report.has_errors(), report.generate_report()
    for name, value in body.items():
        _hold_text_to_model(shape.members[name], value)


def _hold_text_to_model(shape: Shape, value: object) -> None:
    """Pattern and length, which botocore leaves to the service."""
    if isinstance(value, str):
        assert re.fullmatch(shape.metadata.get("pattern", ".*"), value, re.DOTALL), shape.name
        assert len(value) <= shape.metadata.get("max", len(value)), shape.name
