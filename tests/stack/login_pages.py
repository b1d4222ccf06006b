"""The local managed login with its own pool, and a browser for it."""

from __future__ import annotations

import base64
import copy
import hashlib
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urljoin, urlsplit

import requests
import uvicorn

from local.aws import LocalAws
from local.managed_login import ManagedLogin, create_app
from local.managed_login.triggers import Triggers
from local.places import listen
from tests.authenticator import digits
from tests.stack.html_page import HtmlPage

APP = "http://localhost:9"
CALLBACK = f"{APP}/callback"
SIGNED_OUT = f"{APP}/"
PASSWORD = "Correct-horse-1"
VERIFIER = "v" * 43
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode()[:-1]

POOL: dict[str, Any] = {
    "UsernameConfiguration": {"CaseSensitive": False},
    "AliasAttributes": ["email"],
    "AutoVerifiedAttributes": ["email"],
    "Schema": [
        {"Name": "email", "AttributeDataType": "String", "Required": True, "Mutable": True},
        {"Name": "name", "AttributeDataType": "String", "Required": True, "Mutable": True},
        {
            "Name": "company",
            "AttributeDataType": "String",
            "Mutable": True,
            "StringAttributeConstraints": {"MaxLength": "10"},
        },
    ],
    "Policies": {
        "PasswordPolicy": {
            "MinimumLength": 10,
            "RequireUppercase": True,
            "RequireLowercase": True,
            "RequireNumbers": True,
            "RequireSymbols": False,
        }
    },
}


class Clock:
    """The pages' clock, to be put forward."""

    def __init__(self) -> None:
        self._ahead = 0.0

    def __call__(self) -> float:
        return time.time() + self._ahead

    def advance(self, seconds: float) -> None:
        self._ahead += seconds


class LoginPages:
    """The pages under test; ``query`` is a good authorization request's."""

    def __init__(self, aws: LocalAws, token_keys: Path, origin: str, **pool: Any) -> None:
        self.aws = aws
        self.origin = origin
        self.clock = Clock()
        self.cognito = aws.client("cognito-idp")
        self.pool_id = self.cognito.create_user_pool(PoolName="test", **POOL | pool)["UserPool"][
            "Id"
        ]
        client = self.new_client()
        self.client_id, self.secret = client["ClientId"], client["ClientSecret"]
        self.pages_client_id = self.cognito.create_user_pool_client(
            UserPoolId=self.pool_id,
            ClientName="pages",
            ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
        )["UserPoolClient"]["ClientId"]
        self.triggers: dict[str, Callable[[dict[str, Any]], object]] = {}
        self.trigger_names: dict[str, str] = {}
        self.trigger_events: list[dict[str, Any]] = []
        self.app = create_app(
            ManagedLogin(
                aws=aws,
                user_pool_id=self.pool_id,
                pages_client_id=self.pages_client_id,
                public_url=origin,
                app_url=APP,
                brand_name="Foyer",
                brand_color="#3d5a80",
                token_keys=token_keys,
                triggers=Triggers(self.trigger_names, self._call_trigger),
            ),
            clock=self.clock,
        )

    def on(self, trigger: str, do: Callable[[dict[str, Any]], object]) -> None:
        """``do`` is the function of this trigger from now on."""
        self.trigger_names[trigger] = trigger
        self.triggers[trigger] = do

    def _call_trigger(self, name: str, event: dict[str, Any]) -> object:
        self.trigger_events.append(copy.deepcopy(event))
        return self.triggers[name](event)

    def new_client(self, **properties: Any) -> Any:
        defaults: dict[str, Any] = {
            "ClientName": "web",
            "GenerateSecret": True,
            "AllowedOAuthFlowsUserPoolClient": True,
            "AllowedOAuthFlows": ["code"],
            "AllowedOAuthScopes": ["openid", "email", "profile"],
            "CallbackURLs": [CALLBACK],
            "LogoutURLs": [SIGNED_OUT],
        }
        answer = self.cognito.create_user_pool_client(
            UserPoolId=self.pool_id, **defaults | properties
        )
        return answer["UserPoolClient"]

    def query(self, **changes: str | None) -> str:
        parameters: dict[str, str | None] = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": CALLBACK,
            "scope": "openid email profile",
            "state": "the-state",
            "nonce": "the-nonce",
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
        }
        chosen = parameters | changes
        return urlencode({name: value for name, value in chosen.items() if value is not None})

    def new_user(self, username: str = "ada", *, temporary: bool = False, **attributes: str) -> str:
        """A confirmed user with a verified address; returns the password."""
        given = {
            "email": f"{username}@example.com",
            "email_verified": "true",
            "name": "Ada Lovelace",
        } | attributes
        self.cognito.admin_create_user(
            UserPoolId=self.pool_id,
            Username=username,
            MessageAction="SUPPRESS",
            TemporaryPassword=PASSWORD,
            UserAttributes=[{"Name": key, "Value": value} for key, value in given.items()],
        )
        if not temporary:
            self.cognito.admin_set_user_password(
                UserPoolId=self.pool_id, Username=username, Password=PASSWORD, Permanent=True
            )
        return PASSWORD

    def set_an_app_up(self, username: str) -> str:
        """As a page of the app's would; returns the authenticator app's secret."""
        tokens = self.cognito.initiate_auth(
            ClientId=self.pages_client_id,
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": username, "PASSWORD": PASSWORD},
        )["AuthenticationResult"]
        token = tokens["AccessToken"]
        secret: str = self.cognito.associate_software_token(AccessToken=token)["SecretCode"]
        self.cognito.verify_software_token(AccessToken=token, UserCode=digits(secret))
        self.cognito.set_user_mfa_preference(
            AccessToken=token, SoftwareTokenMfaSettings={"Enabled": True, "PreferredMfa": True}
        )
        return secret

    def user(self, username: str) -> dict[str, Any]:
        user = self.cognito.admin_get_user(UserPoolId=self.pool_id, Username=username)
        attributes = {a["Name"]: a["Value"] for a in user["UserAttributes"]}
        return {**attributes, "status": user["UserStatus"], "enabled": user["Enabled"]}

    def token(self, **form: str) -> requests.Response:
        return requests.post(
            f"{self.origin}/oauth2/token", form, auth=(self.client_id, self.secret), timeout=10
        )

    def exchange(self, code: str) -> requests.Response:
        return self.token(
            grant_type="authorization_code",
            code=code,
            redirect_uri=CALLBACK,
            code_verifier=VERIFIER,
        )


class Browser:
    """Follows redirects as long as they stay with the pages; ``left_for`` is where they led out."""

    def __init__(self, pages: LoginPages) -> None:
        self._pages = pages
        self.cookies = requests.Session()
        self.answer = requests.Response()
        self.left_for = ""

    def open(self, path: str) -> HtmlPage:
        return self._go("GET", path)

    def authorize(self, **changes: str | None) -> HtmlPage:
        return self.open(f"/oauth2/authorize?{self._pages.query(**changes)}")

    def press(self, button: str, **values: str) -> HtmlPage:
        """Fill in the form that has this button, and press it."""
        form = self.page.form(button)
        return self._go("POST", form.action, form.fields | values)

    def follow(self, link: str) -> HtmlPage:
        return self.open(self.page.link(link))

    def sign_in(
        self,
        username: str = "ada",
        password: str = PASSWORD,
        *,
        button: str = "Sign in",
        **values: str,
    ) -> HtmlPage:
        return self.press(button, username=username, password=password, **values)

    def _go(self, method: str, path: str, form: dict[str, str] | None = None) -> HtmlPage:
        self.left_for = ""
        url = urljoin(self.answer.url or self._pages.origin, path)
        while url.startswith(f"{self._pages.origin}/"):
            self.answer = self.cookies.request(
                method, url, data=form, allow_redirects=False, timeout=10
            )
            location = self.answer.headers.get("Location")
            if location is None:
                break
            url, method, form = urljoin(url, location), "GET", None
        else:
            self.left_for = url
        self.page = HtmlPage(self.answer.text)
        return self.page

    @property
    def returned(self) -> dict[str, str]:
        """The query that the browser took back to the app's callback."""
        assert self.left_for.startswith(f"{CALLBACK}?"), self.left_for or self.page.text
        return {key: value[0] for key, value in parse_qs(urlsplit(self.left_for).query).items()}

    def mailed_code(self) -> str:
        """The newest code of the inbox page, as a person reads it there."""
        page = HtmlPage(self.cookies.get(f"{self._pages.origin}/inbox", timeout=10).text)
        return page.all("output")[0].text


@contextmanager
def serving(aws: LocalAws, token_keys: Path, **pool: Any) -> Iterator[LoginPages]:
    """The pages on a free port, in a thread of this process."""
    listener = listen("127.0.0.1", 0)
    origin = f"http://localhost:{listener.getsockname()[1]}"
    pages = LoginPages(aws, token_keys, origin, **pool)
    server = uvicorn.Server(uvicorn.Config(pages.app, log_level="error", lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        yield pages
    finally:
        server.should_exit = True
        thread.join()
        listener.close()
        # The local AWS saves all its pools whenever one changes.
        pages.cognito.delete_user_pool(UserPoolId=pages.pool_id)
