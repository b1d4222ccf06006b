"""What people do with their accounts, by Cognito's API as MiniStack has it.

Every call raises Rejected with Cognito's error code when the pool says no.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from local.managed_login.cognito_api import rejections
from local.managed_login.pool import Client
from local.managed_login.settings import ManagedLogin

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient


@dataclass(frozen=True)
class Outcome:
    """What a right password leads to: a challenge by Cognito's name, or an access token."""

    challenge: str = ""
    access_token: str = field(default="", repr=False)


class Accounts:
    def __init__(self, settings: ManagedLogin, cognito: CognitoIdentityProviderClient) -> None:
        self._pool_id = settings.user_pool_id
        self._client_id = settings.pages_client_id
        self._cognito = cognito

    # -- signing up

    def sign_up(self, username: str, password: str, attributes: Mapping[str, str]) -> None:
        with rejections():
            self._cognito.sign_up(
                ClientId=self._client_id,
                Username=username,
                Password=password,
                UserAttributes=[
                    {"Name": name, "Value": value} for name, value in attributes.items()
                ],
            )

    def confirm(self, username: str, code: str) -> None:
        """Confirm a sign-up with the code from the mail, which proves the address as well."""
        with rejections():
            self._cognito.confirm_sign_up(
                ClientId=self._client_id, Username=username, ConfirmationCode=code
            )
            # ConfirmSignUp verifies the address in Cognito; MiniStack leaves that out.
            self._cognito.admin_update_user_attributes(
                UserPoolId=self._pool_id,
                Username=username,
                UserAttributes=[{"Name": "email_verified", "Value": "true"}],
            )

    def resend_confirmation(self, username: str) -> None:
        with rejections():
            self._cognito.resend_confirmation_code(ClientId=self._client_id, Username=username)

    # -- a forgotten password

    def send_reset_code(self, username: str) -> None:
        with rejections():
            self._cognito.forgot_password(ClientId=self._client_id, Username=username)

    def reset_password(self, username: str, code: str, password: str) -> None:
        with rejections():
            self._cognito.confirm_forgot_password(
                ClientId=self._client_id,
                Username=username,
                ConfirmationCode=code,
                Password=password,
            )

    # -- signing in

    def authenticate(self, username: str, password: str) -> Outcome:
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
        """Replace a temporary password. MiniStack ignores the challenge's session: so do we."""
        with rejections():
            self._cognito.respond_to_auth_challenge(
                ClientId=self._client_id,
                ChallengeName="NEW_PASSWORD_REQUIRED",
                ChallengeResponses={"USERNAME": username, "NEW_PASSWORD": password},
            )

    def answer_totp(self, username: str, code: str) -> None:
        with rejections():
            self._cognito.respond_to_auth_challenge(
                ClientId=self._client_id,
                ChallengeName="SOFTWARE_TOKEN_MFA",
                ChallengeResponses={"USERNAME": username, "SOFTWARE_TOKEN_MFA_CODE": code},
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

    # -- the end of a session, at the app's request

    def revoke(self, refresh_token: str, client: Client) -> None:
        secret = {"ClientSecret": client.secret} if client.secret else {}
        with rejections():
            self._cognito.revoke_token(Token=refresh_token, ClientId=client.client_id, **secret)
