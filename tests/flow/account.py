"""Somebody signed in to an app that has an account page."""

from __future__ import annotations

from dataclasses import dataclass

from tests.fake_cognito import SCOPES
from tests.fake_cognito_api import SCOPE, FakeCognitoApi
from tests.flow.browser import Browser
from tests.flow.conftest import ORIGIN, Stack

A_NEW_PASSWORD = "Difference-Engine-1822"
QUARTER_OF_AN_HOUR = 15 * 60


@dataclass(kw_only=True)
class Owner(Browser):
    """The browser of an account's owner."""

    stack: Stack

    @property
    def api(self) -> FakeCognitoApi:
        return self.stack.cognito.api

    @property
    def sub(self) -> str:
        return self.stack.cognito.user.sub

    def has_changed(self, kind: str) -> bool:
        lines = self.stack.logged("account_changed")
        return [(line["kind"], line.get("sub")) for line in lines] == [(kind, self.sub)]


def environment(stack: Stack) -> dict[str, str]:
    api = stack.cognito.user_api_url
    return {"ACCOUNT_PAGE": "true", "AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER": api}


def owner(stack: Stack, **environ: str) -> Owner:
    stack.cognito.scopes = (*SCOPES, SCOPE)
    made = Owner(stack.app(**environment(stack) | environ), ORIGIN, stack=stack)
    stack.browsers.append(made)
    stack.sign_in(made)
    return made
