"""The user pool behind the pages: Cognito's API as MiniStack has it, and MiniStack's own extras.

Every call raises Rejected with Cognito's error code when the pool says no.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlencode, urlsplit

import boto3
import urllib3
from botocore.config import Config
from botocore.exceptions import ClientError

from local.managed_login.authorization import AuthorizationRequest
from local.managed_login.errors import Rejected
from local.managed_login.pool import Client, Pool
from local.managed_login.settings import ManagedLogin

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient


@dataclass(frozen=True)
class Outcome:
    """What a right password leads to: a challenge by Cognito's name, or an access token."""

    challenge: str = ""
    access_token: str = field(default="", repr=False)


@dataclass(frozen=True)
class User:
    """A user as the console's Users tab shows one."""

    username: str
    attributes: Mapping[str, str]
    status: str
    is_enabled: bool
    factors: tuple[str, ...]
    created: datetime

    @property
    def is_email_verified(self) -> bool:
        return self.attributes.get("email_verified", "").lower() == "true"


@dataclass(frozen=True)
class Answer:
    """What an OAuth endpoint of MiniStack answered."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> dict[str, Any]:
        try:
            parsed = json.loads(self.body)
        except ValueError:
            return {}
        return parsed if isinstance(parsed, dict) else {}


class Directory:
    def __init__(self, settings: ManagedLogin) -> None:
        self._origin = settings.aws_endpoint
        self._pool_id = settings.user_pool_id
        self._client_id = settings.pages_client_id
        self._cognito: CognitoIdentityProviderClient = boto3.client(
            "cognito-idp",
            endpoint_url=settings.aws_endpoint,
            region_name=settings.region,
            aws_access_key_id="test",
            aws_secret_access_key="test",  # noqa: S106 - MiniStack's root, on loopback
            config=Config(
                connect_timeout=2,
                read_timeout=10,
                retries={"total_max_attempts": 1},
                max_pool_connections=40,
            ),
        )
        self._http = urllib3.PoolManager(
            maxsize=40, retries=False, timeout=urllib3.Timeout(connect=2, read=10)
        )

    # -- what the pool demands

    def pool(self) -> Pool:
        with _rejections():
            described = self._cognito.describe_user_pool(UserPoolId=self._pool_id)
        return Pool.read(described["UserPool"])

    def client(self, client_id: str) -> Client | None:
        """The app client, or None when the pool has none of this id."""
        try:
            described = self._cognito.describe_user_pool_client(
                UserPoolId=self._pool_id, ClientId=client_id
            )
        except self._cognito.exceptions.ResourceNotFoundException:
            return None
        return Client.read(described["UserPoolClient"])

    # -- signing up

    def sign_up(self, username: str, password: str, attributes: Mapping[str, str]) -> None:
        with _rejections():
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
        with _rejections():
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
        with _rejections():
            self._cognito.resend_confirmation_code(ClientId=self._client_id, Username=username)

    # -- a forgotten password

    def send_reset_code(self, username: str) -> None:
        with _rejections():
            self._cognito.forgot_password(ClientId=self._client_id, Username=username)

    def reset_password(self, username: str, code: str, password: str) -> None:
        with _rejections():
            self._cognito.confirm_forgot_password(
                ClientId=self._client_id,
                Username=username,
                ConfirmationCode=code,
                Password=password,
            )

    # -- signing in

    def authenticate(self, username: str, password: str) -> Outcome:
        with _rejections():
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
        with _rejections():
            self._cognito.respond_to_auth_challenge(
                ClientId=self._client_id,
                ChallengeName="NEW_PASSWORD_REQUIRED",
                ChallengeResponses={"USERNAME": username, "NEW_PASSWORD": password},
            )

    def answer_totp(self, username: str, code: str) -> None:
        with _rejections():
            self._cognito.respond_to_auth_challenge(
                ClientId=self._client_id,
                ChallengeName="SOFTWARE_TOKEN_MFA",
                ChallengeResponses={"USERNAME": username, "SOFTWARE_TOKEN_MFA_CODE": code},
            )

    def new_totp_secret(self, access_token: str) -> str:
        with _rejections():
            answer = self._cognito.associate_software_token(AccessToken=access_token)
        return answer["SecretCode"]

    def enrol_totp(self, access_token: str, code: str) -> None:
        with _rejections():
            self._cognito.verify_software_token(AccessToken=access_token, UserCode=code)
            self._cognito.set_user_mfa_preference(
                AccessToken=access_token,
                SoftwareTokenMfaSettings={"Enabled": True, "PreferredMfa": True},
            )

    def authorization_code(
        self, request: AuthorizationRequest, username: str, password: str
    ) -> str | None:
        """A code for the app, or None when the pool does not let this user in (any more).

        MiniStack hands codes out to its own sign-in form only, so this posts that form. It asks
        for no second factor: call this only after ours has been passed.
        """
        answer = self.post(
            "/login",
            {
                "client_id": request.client_id,
                "redirect_uri": request.redirect_uri,
                "response_type": "code",
                "scope": request.scope,
                "nonce": request.nonce,
                "code_challenge": request.code_challenge,
                "code_challenge_method": request.code_challenge_method,
                "username": username,
                "password": password,
            },
        )
        if answer.status != 302:
            return None
        returned = parse_qs(urlsplit(answer.headers.get("Location", "")).query)
        return returned.get("code", [None])[-1]

    # -- what an administrator sees and does

    def find(self, username: str) -> User | None:
        """The user with this name, id or verified e-mail address."""
        try:
            user = self._cognito.admin_get_user(UserPoolId=self._pool_id, Username=username)
        except self._cognito.exceptions.UserNotFoundException:
            return None
        return User(
            username=user["Username"],
            attributes={a["Name"]: a.get("Value", "") for a in user.get("UserAttributes", [])},
            status=user.get("UserStatus", ""),
            is_enabled=user.get("Enabled", True),
            factors=tuple(user.get("UserMFASettingList", [])),
            created=user["UserCreateDate"],
        )

    def users(self) -> list[User]:
        """All users, the newest first."""
        pages = self._cognito.get_paginator("list_users").paginate(UserPoolId=self._pool_id)
        names = [user["Username"] for page in pages for user in page["Users"]]
        found = [user for user in map(self.find, names) if user]
        return sorted(found, key=lambda user: user.created, reverse=True)

    def has_verified_email(self, email: str) -> bool:
        """Whether somebody already signs in with this address."""
        user = self.find(email)
        return user is not None and user.attributes.get("email") == email

    def set_enabled(self, username: str, enabled: bool) -> None:
        change = self._cognito.admin_enable_user if enabled else self._cognito.admin_disable_user
        with _rejections():
            change(UserPoolId=self._pool_id, Username=username)

    def require_new_password(self, username: str, temporary_password: str) -> None:
        with _rejections():
            self._cognito.admin_set_user_password(
                UserPoolId=self._pool_id,
                Username=username,
                Password=temporary_password,
                Permanent=False,
            )

    # -- OAuth, back channel and mail

    def revoke(self, refresh_token: str, client: Client) -> None:
        secret = {"ClientSecret": client.secret} if client.secret else {}
        with _rejections():
            self._cognito.revoke_token(Token=refresh_token, ClientId=client.client_id, **secret)

    def post(self, path: str, form: Mapping[str, str]) -> Answer:
        answer = self._http.request(
            "POST",
            self._origin + path,
            body=urlencode(form),
            headers={"Content-Type": "application/x-www-form-urlencoded"},
            redirect=False,
        )
        return Answer(answer.status, answer.headers, answer.data)

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> Answer:
        answer = self._http.request("GET", self._origin + path, headers=headers, redirect=False)
        return Answer(answer.status, answer.headers, answer.data)


@contextmanager
def _rejections() -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        raise Rejected(error.response["Error"]["Code"]) from error
