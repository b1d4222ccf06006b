"""Cognito's user API: what users may do with their own access token.

JSON over HTTPS like AWS's other APIs, but without a signature; the token has to hold the scope
``aws.cognito.signin.user.admin``.
https://docs.aws.amazon.com/cognito/latest/developerguide/authentication-flows-public-server-side.html

Errors are Refused with the words below, Unavailable when Cognito is busy, else ``user_api_…``
with the reasons of http.py, ``_refused``, ``_failed`` and ``_answer_malformed``.
"""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..errors import BadGateway, Refused, Unavailable, WeakPassword
from ..strict_json import parse_object

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .http import Upstream

SCOPE = "aws.cognito.signin.user.admin"

_TYPE = "application/x-amz-json-1.1"

# Errors that visitors are told about, by our words for them.
_REFUSALS = {
    "CodeMismatchException": "code_mismatch",
    "EnableSoftwareTokenMFAException": "code_mismatch",
    "InvalidParameterException": "invalid_parameter",
    "InvalidPasswordException": "invalid_password",
    "LimitExceededException": "limit_exceeded",
    "NotAuthorizedException": "not_authorized",
    "PasswordHistoryPolicyViolationException": "password_used_before",
    "PasswordResetRequiredException": "password_reset_required",
    "SoftwareTokenMFANotFoundException": "no_authenticator",
    "UserNotConfirmedException": "user_not_confirmed",
    "UserNotFoundException": "user_not_found",
}
_BUSY = {"ConcurrentModificationException", "TooManyRequestsException"}
# The other errors of the API: mistakes in the pool's settings, and mails that we don't cause.
_OTHERS = {
    "AliasExistsException",
    "CodeDeliveryFailureException",
    "ExpiredCodeException",
    "ForbiddenException",
    "InternalErrorException",
    "InvalidEmailRoleAccessPolicyException",
    "InvalidLambdaResponseException",
    "InvalidSmsRoleAccessPolicyException",
    "InvalidSmsRoleTrustRelationshipException",
    "InvalidUserPoolConfigurationException",
    "OperationNotEnabledException",
    "ResourceNotFoundException",
    "UnexpectedLambdaException",
    "UserLambdaValidationException",
}

# Parts of InvalidPasswordException's message, by the rule that the password breaks.
_RULES = {
    "length": ("not long enough", "must have length"),
    "uppercase": ("uppercase",),
    "lowercase": ("lowercase",),
    "number": ("numeric",),
    "symbol": ("symbol",),
}
_NOT_WRITABLE = "unauthorized attribute"  # a part of the message
_SECRET = re.compile(r"[A-Z2-7]{16,256}")  # base32 without padding (RFC 4648 §6)


@dataclass(frozen=True)
class User:
    """A user in the API; ``has_authenticator`` is whether an app is their second factor."""

    username: str = field(repr=False)
    attributes: Mapping[str, str] = field(repr=False)
    has_authenticator: bool


class UserApi:
    """``url`` is the API's origin; ``deadline`` a time on the upstream's clock, in seconds."""

    def __init__(self, upstream: Upstream, *, url: str) -> None:
        self._upstream = upstream
        self._url = f"{url}/"

    def user(self, access_token: str, *, deadline: float) -> User:
        answer = self._call("GetUser", {"AccessToken": access_token}, deadline)
        return _user(answer)

    def change_name(self, access_token: str, name: str, *, deadline: float) -> None:
        attributes = [{"Name": "name", "Value": name}]
        body = {"AccessToken": access_token, "UserAttributes": attributes}
        self._call("UpdateUserAttributes", body, deadline)

    def change_password(
        self, access_token: str, *, previous: str, proposed: str, deadline: float
    ) -> None:
        body = {
            "AccessToken": access_token,
            "PreviousPassword": previous,
            "ProposedPassword": proposed,
        }
        self._call("ChangePassword", body, deadline)

    def new_authenticator(self, access_token: str, *, deadline: float) -> str:
        """A secret for an authenticator app, in base32.

        If an app was set up before, sign-in may stop asking for its codes now, even though the
        new one is not verified yet.
        """
        answer = self._call("AssociateSoftwareToken", {"AccessToken": access_token}, deadline)
        secret = answer.get("SecretCode")
        if not isinstance(secret, str) or not _SECRET.fullmatch(secret):
            raise _malformed("SecretCode")
        return secret

    def turn_authenticator_on(self, access_token: str, code: str, *, deadline: float) -> None:
        """Verify with ``code`` that the app has the secret, then turn it on for sign-in."""
        body = {"AccessToken": access_token, "UserCode": code}
        answer = self._call("VerifySoftwareToken", body, deadline)
        if answer.get("Status") != "SUCCESS":
            raise Refused("code_mismatch", "user_api")
        self._prefer_authenticator(access_token, True, deadline)

    def turn_authenticator_off(self, access_token: str, *, deadline: float) -> None:
        self._prefer_authenticator(access_token, False, deadline)

    def _prefer_authenticator(self, access_token: str, is_on: bool, deadline: float) -> None:
        settings = {"Enabled": is_on, "PreferredMfa": is_on}
        body = {"AccessToken": access_token, "SoftwareTokenMfaSettings": settings}
        self._call("SetUserMFAPreference", body, deadline)

    def sign_out_everywhere(self, access_token: str, *, deadline: float) -> None:
        """End every refresh token. Managed login's own sessions (one hour) do not end."""
        self._call("GlobalSignOut", {"AccessToken": access_token}, deadline)

    def delete(self, access_token: str, *, deadline: float) -> None:
        self._call("DeleteUser", {"AccessToken": access_token}, deadline)

    def _call(self, operation: str, body: Mapping[str, Any], deadline: float) -> dict[str, Any]:
        answer = self._upstream.post(
            "user_api",
            self._url,
            {
                "Content-Type": _TYPE,
                "X-Amz-Target": f"AWSCognitoIdentityProviderService.{operation}",
            },
            json.dumps(body).encode(),
            deadline=deadline,
        )
        if answer.status == 200:
            return _parsed(answer.body) if answer.body else {}  # DeleteUser answers with nothing
        if answer.status != 400:
            raise BadGateway("user_api_failed", f"HTTP {answer.status}")
        raise _refusal(_parsed(answer.body))


def has_scope(access_token: str) -> bool:
    """Whether the token has the API's scope; the API itself verifies the token.

    Cognito's access tokens are JWTs. This tells a session that began before the account page was
    turned on from a wrong password: the API has one error for both.
    """
    try:
        payload = access_token.split(".")[1]
        claims = parse_object(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (IndexError, ValueError):
        return False
    return SCOPE in str(claims.get("scope", "")).split()


def _refusal(error: Mapping[str, Any]) -> BadGateway | Unavailable:
    """Only known words of the answer are passed on; a namespace may precede the name."""
    code = str(error.get("__type", "")).rpartition("#")[2]
    if code in _BUSY:
        return Unavailable("user_api_throttled", code)
    if code not in _REFUSALS:
        return BadGateway("user_api_refused", code if code in _OTHERS else "")
    if code == "InvalidPasswordException":
        return WeakPassword(_broken_rules(str(error.get("message", ""))))
    # One error for two things: the sign-in is over, or the app client may not write the attribute.
    if code == "NotAuthorizedException" and _NOT_WRITABLE in str(error.get("message", "")).lower():
        return Refused("attribute_not_writable", "user_api")
    return Refused(_REFUSALS[code], "user_api")


def _broken_rules(message: str) -> tuple[str, ...]:
    return tuple(rule for rule, signs in _RULES.items() if any(sign in message for sign in signs))


def _user(answer: Mapping[str, Any]) -> User:
    username, listed = answer.get("Username"), answer.get("UserAttributes")
    factors = answer.get("UserMFASettingList") or []
    if not isinstance(username, str) or not isinstance(listed, list):
        raise _malformed("GetUser")
    try:
        attributes = {str(each["Name"]): str(each.get("Value", "")) for each in listed}
    except (TypeError, KeyError, AttributeError):
        raise _malformed("UserAttributes") from None
    return User(username, attributes, "SOFTWARE_TOKEN_MFA" in factors)


def _parsed(body: bytes) -> dict[str, Any]:
    try:
        return parse_object(body)
    except ValueError:
        raise _malformed("no proper JSON object") from None


def _malformed(detail: str) -> BadGateway:
    return BadGateway("user_api_answer_malformed", detail)
