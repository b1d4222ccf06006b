"""Somebody signed in to an app that has an account page."""

from __future__ import annotations

from dataclasses import dataclass

from tests.fake_cognito import SCOPES
from tests.fake_cognito_api import SCOPE, FakeCognitoApi
from tests.flow.browser import Browser
from tests.flow.conftest import Stack

A_NEW_PASSWORD = "Difference-Engine-1822"
QUARTER_OF_AN_HOUR = 15 * 60


@dataclass
class Owner:
    """The owner of an account, at a browser."""

    stack: Stack
    browser: Browser

    @property
    def api(self) -> FakeCognitoApi:
        return self.stack.cognito.api

    def has_changed(self, kind: str) -> bool:
        lines = self.stack.logged("account_changed")
        return [(line["kind"], line.get("sub")) for line in lines] == [(kind, self.sub)]

    @property
    def sub(self) -> str:
        return self.stack.cognito.user.sub


def environment(stack: Stack) -> dict[str, str]:
    return {
        "ACCOUNT_PAGE": "true",
        "AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER": stack.cognito.user_api_url,
    }


def owner(stack: Stack, **environ: str) -> Owner:
    stack.cognito.scopes = (*SCOPES, SCOPE)
    browser = stack.browser(**(environment(stack) | environ))
    stack.sign_in(browser)
    return Owner(stack, browser)
