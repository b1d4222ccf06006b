"""The local managed login in front of a pool, and a visitor of its pages."""

from __future__ import annotations

import base64
import copy
import hashlib
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
import requests
from starlette.types import Receive, Scope, Send

from local import seed
from local.aws import LocalAws
from local.managed_login import ManagedLogin, create_app
from local.managed_login.triggers import TriggerFailed, Triggers
from local.seed import SeedUser
from tests.http_visitor import NOBODY, HtmlPage, HttpVisitor

CALLBACK = f"{NOBODY}/callback"
SIGNED_OUT = f"{NOBODY}/"
PASSWORD = "Correct-horse-1"
NEW_PASSWORD = "Another-horse-2"
VERIFIER = "v" * 43
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode()[:-1]

# What the sign-up page asks for, filled in.
ANSWERS = {
    "username": "Ada",
    "email": "Ada@Example.com",
    "name": "Ada Lovelace",
    "password": PASSWORD,
    "repeated": PASSWORD,
}
POOL: dict[str, Any] = {
    "UsernameConfiguration": {"CaseSensitive": False},
    "AliasAttributes": ["email"],
    "AutoVerifiedAttributes": ["email"],
    "Schema": [
        {"Name": "email", "AttributeDataType": "String", "Required": True},
        {"Name": "name", "AttributeDataType": "String", "Required": True},
        {
            "Name": "company",
            "AttributeDataType": "String",
            "Mutable": True,
            "StringAttributeConstraints": {"MaxLength": "10"},
        },
    ],
    "Policies": {"PasswordPolicy": {"MinimumLength": 10, "RequireSymbols": False}},
}
CLIENT: dict[str, Any] = {
    "AllowedOAuthFlowsUserPoolClient": True,
    "AllowedOAuthFlows": ["code"],
    "AllowedOAuthScopes": ["openid", "email", "profile"],
    "CallbackURLs": [CALLBACK],
    "LogoutURLs": [SIGNED_OUT],
}

Event = dict[str, Any]


def refuse(_: Event) -> Event:
    """A trigger's function that raises an error."""
    raise TriggerFailed("only on Mondays")


class Pages:
    """Serves the pages of one test after another, in front of pools that they share."""

    origin: str

    def __init__(self, aws: LocalAws, token_keys: Path) -> None:
        self.aws, self._token_keys = aws, token_keys
        self.cognito = aws.client("cognito-idp")
        self._pools: dict[str, str] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, receive, send)

    def begin(self, properties: dict[str, Any]) -> None:
        """A new app, in front of a pool with these properties and without users."""
        self.now = time.time()  # by the pages' clock
        self.pool_id = self._empty_pool(properties)
        client = self.new_client()
        self.client_id, self.secret = client["ClientId"], client["ClientSecret"]
        flows = ["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
        pages_client = self.new_client(GenerateSecret=False, ExplicitAuthFlows=flows)
        self.pages_client_id = pages_client["ClientId"]
        self._triggers: dict[str, Callable[[Event], object]] = {}
        self._trigger_names: dict[str, str] = {}
        self.trigger_events: list[Event] = []
        settings = ManagedLogin(
            aws=self.aws,
            user_pool_id=self.pool_id,
            pages_client_id=self.pages_client_id,
            public_url=self.origin,
            app_url=NOBODY,
            brand_name="Foyer",
            brand_color="#3d5a80",
            brand_logo="PHN2Zy8+",
            token_keys=self._token_keys,
            triggers=Triggers(self._trigger_names, self._call_trigger),
        )
        self._app = create_app(settings, clock=lambda: self.now)

    def _empty_pool(self, properties: dict[str, Any]) -> str:
        """A new one would need new keys for its tokens."""
        key = json.dumps(properties)
        if key not in self._pools:
            made = self.cognito.create_user_pool(PoolName="test", **POOL | properties)
            self._pools[key] = made["UserPool"]["Id"]
        pool = {"UserPoolId": self._pools[key]}
        for user in self.cognito.list_users(**pool)["Users"]:
            self.cognito.admin_delete_user(Username=user["Username"], **pool)
        for group in self.cognito.list_groups(**pool)["Groups"]:
            self.cognito.delete_group(GroupName=group["GroupName"], **pool)
        for client in self.cognito.list_user_pool_clients(**pool)["UserPoolClients"]:
            self.cognito.delete_user_pool_client(ClientId=client["ClientId"], **pool)
        return self._pools[key]

    def on(self, trigger: str, do: Callable[[Event], object] = lambda event: event) -> None:
        """``do`` is the function of this trigger from now on; by default, it changes nothing."""
        self._trigger_names[trigger] = trigger
        self._triggers[trigger] = do

    def _call_trigger(self, name: str, event: Event) -> object:
        self.trigger_events.append(copy.deepcopy(event))
        return self._triggers[name](event)

    @property
    def sources(self) -> list[str]:
        """Those of the triggers that were run."""
        return [event["triggerSource"] for event in self.trigger_events]

    def new_client(self, **properties: Any) -> Any:
        given = {"ClientName": "web", "GenerateSecret": True, **CLIENT, **properties}
        made = self.cognito.create_user_pool_client(UserPoolId=self.pool_id, **given)
        return made["UserPoolClient"]

    def change_client(self, **properties: Any) -> None:
        self.cognito.update_user_pool_client(
            UserPoolId=self.pool_id, ClientId=self.client_id, **CLIENT | properties
        )

    def query(self, **changes: str | None) -> str:
        """A good authorization request's, but for the changes."""
        parameters = {
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

    def new_user(self, username: str = "ada", *groups: str, **more: str) -> None:
        """A confirmed user with a verified address, and PASSWORD."""
        address = {"email": f"{username}@example.com", "email_verified": "true"}
        given = {"name": "Ada Lovelace", **address, **more}
        seed.apply(self.aws, self.pool_id, [SeedUser(username, PASSWORD, given, groups)])

    def make_password_temporary(self) -> None:
        self.administrate("set_user_password", Password=PASSWORD, Permanent=False)

    def administrate(self, operation: str, username: str = "ada", **more: Any) -> dict[str, Any]:
        """Call an operation of the pool's API for this user."""
        call = getattr(self.cognito, f"admin_{operation}")
        answer: dict[str, Any] = call(UserPoolId=self.pool_id, Username=username, **more)
        return answer

    def user(self, username: str = "ada") -> dict[str, Any]:
        user = self.administrate("get_user", username)
        attributes = {a["Name"]: a["Value"] for a in user["UserAttributes"]}
        return {**attributes, "status": user["UserStatus"], "enabled": user["Enabled"]}

    def post(self, path: str, auth: Any = (), **form: str) -> requests.Response:
        """With the client's credentials, unless ``auth`` has others."""
        credentials = (self.client_id, self.secret) if auth == () else auth
        return requests.post(f"{self.origin}{path}", form, auth=credentials, timeout=10)

    def exchange(self, code: str, auth: Any = (), **changes: str) -> requests.Response:
        grant = {"code": code, "redirect_uri": CALLBACK, "code_verifier": VERIFIER}
        form = {"grant_type": "authorization_code", **grant, **changes}
        return self.post("/oauth2/token", auth, **form)

    def claims(self, tokens: dict[str, Any]) -> list[dict[str, Any]]:
        """Those of ID and access token, checked with the pool's published keys."""
        keys = jwt.PyJWKClient(f"{self.aws.endpoint}/{self.pool_id}/.well-known/jwks.json")
        options: Any = {"verify_aud": False}
        both = (tokens["id_token"], tokens["access_token"])
        found = [(token, keys.get_signing_key_from_jwt(token)) for token in both]
        return [jwt.decode(token, key, ["RS256"], options) for token, key in found]

    def refresh(self, tokens: dict[str, Any], auth: Any = ()) -> requests.Response:
        form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
        return self.post("/oauth2/token", auth, **form)


class Visitor(HttpVisitor):
    """Comes from the app, which nobody serves."""

    def __init__(self, pages: Pages) -> None:
        super().__init__(pages.origin)
        self._pages = pages

    def authorize(self, path: str = "/oauth2/authorize", /, **changes: str | None) -> HtmlPage:
        return self.open(f"{path}?{self._pages.query(**changes)}")

    def begin_sign_in(self) -> None:
        self.authorize()

    def sign_in(self, username: str = "ada", password: str = PASSWORD) -> HtmlPage:
        return super().sign_in(username, password)

    def submit(self, username: str = "ada", password: str = PASSWORD, **form: str) -> HtmlPage:
        """The sign-in form that is open."""
        return self.press("Sign in", username=username, password=password, **form)

    def sign_up(self, **changes: str) -> HtmlPage:
        self.authorize("/signup")
        return self.press("Create account", **ANSWERS | changes)

    def choose_password(self, password: str = NEW_PASSWORD, repeated: str = "") -> HtmlPage:
        """Instead of a temporary one."""
        return self.press("Save and continue", password=password, repeated=repeated or password)

    @property
    def returned(self) -> dict[str, str]:
        """The query that the browser took back to the app's callback."""
        assert self.left_for.startswith(f"{CALLBACK}?"), self.left_for or self.page.text
        return {key: value[0] for key, value in parse_qs(urlsplit(self.left_for).query).items()}

    @property
    def code(self) -> str:
        return self.returned["code"]

    def mailed_code(self) -> str:
        """The newest code of the inbox page, as a person reads it there."""
        inbox = HtmlPage(self.http.get(f"{self._pages.origin}/inbox", timeout=10).text)
        return inbox.all("output")[0].text
