"""Calls of Cognito's API for a user's own account, as MiniStack implements it.

Every call raises Rejected, with Cognito's error code, if the pool refuses it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from local.managed_login.cognito_api import rejections
from local.managed_login.outbox import Outbox
from local.managed_login.pool import Client
from local.managed_login.settings import ManagedLogin
from local.managed_login.user_triggers import UserTriggers

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient
    from mypy_boto3_cognito_idp.literals import ChallengeNameTypeType


@dataclass(frozen=True)
class Outcome:
    """The result of a correct password: the name of a Cognito challenge, or an access token."""

    challenge: str = ""
    access_token: str = field(default="", repr=False)


class Accounts:
    def __init__(
        self,
        settings: ManagedLogin,
        cognito: CognitoIdentityProviderClient,
        triggers: UserTriggers,
        outbox: Outbox,
    ) -> None:
        self._pool_id = settings.user_pool_id
        self._client_id = settings.pages_client_id
        self._cognito = cognito
        self._triggers = triggers
        self._outbox = outbox

    # -- signing up

    def sign_up(
        self, username: str, password: str, attributes: Mapping[str, str], client_id: str
    ) -> bool:
        """Whether the user is confirmed already, which the pool's PreSignUp can decide."""
        wishes = self._triggers.run(
            "PreSignUp_SignUp",
            username,
            client_id,
            attributes,
            {"autoConfirmUser": False, "autoVerifyEmail": False, "autoVerifyPhone": False},
            validationData={},
        )
        self._sign_up(username, password, attributes)
        verified = {"autoVerifyEmail": "email_verified", "autoVerifyPhone": "phone_number_verified"}
        names = [name for wish, name in verified.items() if wishes.get(wish) is True]
        if names:
            self._verify(username, names)
        if wishes.get("autoConfirmUser") is not True:
            self._outbox.write("CustomMessage_SignUp", username, client_id)
            return False
        with rejections():
            self._cognito.admin_confirm_sign_up(UserPoolId=self._pool_id, Username=username)
        self._triggers.run("PostConfirmation_ConfirmSignUp", username, client_id)
        return True

    def _sign_up(self, username: str, password: str, attributes: Mapping[str, str]) -> None:
        with rejections():
            self._cognito.sign_up(
                ClientId=self._client_id,
                Username=username,
                Password=password,
                UserAttributes=[
                    {"Name": name, "Value": value} for name, value in attributes.items()
                ],
            )

    def confirm(self, username: str, code: str, client_id: str) -> None:
        """Confirm a sign-up with the code from the mail, which also verifies the address."""
        with rejections():
            self._cognito.confirm_sign_up(
                ClientId=self._client_id, Username=username, ConfirmationCode=code
            )
        # Cognito's ConfirmSignUp also verifies the address; MiniStack's does not.
        self._verify(username, ["email_verified"])
        self._triggers.run("PostConfirmation_ConfirmSignUp", username, client_id)

    def resend_confirmation(self, username: str, client_id: str) -> None:
        with rejections():
            self._cognito.resend_confirmation_code(ClientId=self._client_id, Username=username)
        self._outbox.write("CustomMessage_ResendCode", username, client_id)

    # -- a forgotten password

    def send_reset_code(self, username: str, client_id: str) -> None:
        with rejections():
            self._cognito.forgot_password(ClientId=self._client_id, Username=username)
        self._outbox.write("CustomMessage_ForgotPassword", username, client_id)

    def reset_password(self, username: str, code: str, password: str, client_id: str) -> None:
        with rejections():
            self._cognito.confirm_forgot_password(
                ClientId=self._client_id,
                Username=username,
                ConfirmationCode=code,
                Password=password,
            )
        self._triggers.run("PostConfirmation_ConfirmForgotPassword", username, client_id)

    # -- signing in

    def signed_in(self, username: str, client_id: str) -> None:
        """Every check has been passed."""
        self._triggers.run(
            "PostAuthentication_Authentication", username, client_id, newDeviceUsed=False
        )

    def authenticate(self, username: str, password: str, client_id: str) -> Outcome:
        self._triggers.run(
            "PreAuthentication_Authentication", username, client_id, validationData={}
        )
        with rejections():
            answer = self._cognito.initiate_auth(
                ClientId=self._client_id,
                AuthFlow="USER_PASSWORD_AUTH",
                AuthParameters={"USERNAME": username, "PASSWORD": password},
            )
        if "ChallengeName" in answer:
            return Outcome(challenge=answer["ChallengeName"])
        return Outcome(access_token=answer["AuthenticationResult"]["AccessToken"])

    def choose_new_password(self, username: str, password: str) -> None:
        """Replace a temporary password. Like MiniStack, this ignores the challenge's session."""
        self._respond("NEW_PASSWORD_REQUIRED", USERNAME=username, NEW_PASSWORD=password)

    def answer_totp(self, username: str, code: str) -> None:
        self._respond("SOFTWARE_TOKEN_MFA", USERNAME=username, SOFTWARE_TOKEN_MFA_CODE=code)

    def _respond(self, challenge: ChallengeNameTypeType, **responses: str) -> None:
        with rejections():
            self._cognito.respond_to_auth_challenge(
                ClientId=self._client_id,
                ChallengeName=challenge,
                ChallengeResponses=responses,
            )

    def new_totp_secret(self, access_token: str) -> str:
        with rejections():
            answer = self._cognito.associate_software_token(AccessToken=access_token)
        return answer["SecretCode"]

    def enrol_totp(self, access_token: str, code: str) -> None:
        with rejections():
            self._cognito.verify_software_token(AccessToken=access_token, UserCode=code)
            self._cognito.set_user_mfa_preference(
                AccessToken=access_token,
                SoftwareTokenMfaSettings={"Enabled": True, "PreferredMfa": True},
            )

    def _verify(self, username: str, names: Sequence[str]) -> None:
        with rejections():
            self._cognito.admin_update_user_attributes(
                UserPoolId=self._pool_id,
                Username=username,
                UserAttributes=[{"Name": name, "Value": "true"} for name in names],
            )

    # -- ending a session at the app's request

    def revoke(self, refresh_token: str, client: Client) -> None:
        secret = {"ClientSecret": client.secret} if client.secret else {}
        with rejections():
            self._cognito.revoke_token(Token=refresh_token, ClientId=client.client_id, **secret)
