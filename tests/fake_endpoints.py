"""Correct answers of each endpoint of a pool's domain, and of its key set."""

from __future__ import annotations

import base64
import hashlib
import secrets
import uuid
from collections.abc import Callable
from urllib.parse import urlencode

from tests.fake_token_mint import Grant, TokenMint, User
from tests.fake_tokens import Json, base64url
from tests.fake_user_api import FakeUserApi
from tests.wire_faults import Reply, json_reply
from tests.wire_server import Arrived

SCOPES = ("openid", "email", "profile")
CODE_SECONDS = 300


class LoginErrorPage(Exception):
    """Managed login shows its own /error page, without a redirect."""


def _random_secret() -> str:
    """Cognito's may hold a plus sign (``[\\w+]+``), so this one always does."""
    return f"{secrets.token_hex(12)}+{secrets.token_hex(12)}+"


class Endpoints(TokenMint):
    """One client, one user, and the codes that managed login has issued."""

    def __init__(self, redirect_uris: tuple[str, ...], logout_uris: tuple[str, ...]) -> None:
        super().__init__()
        self.redirect_uris = redirect_uris
        self.logout_uris = logout_uris
        self.client_secret = _random_secret()
        self.further_client_secrets: list[str] = []  # also active, as during a rotation
        self.scopes: tuple[str, ...] = SCOPES  # what the app client may ask for
        self.user = User()
        self.user_api = FakeUserApi(self)
        self.refresh_token_rotation = False
        self.rotation_grace_seconds = 0
        # Members that override those of a correct answer; None removes a member.
        self.token_answer: Json = {}
        self.userinfo_answer: Json = {}
        self._codes: dict[str, Grant] = {}

    def endpoint(self, method: str, path: str) -> tuple[str, Callable[[Arrived], Reply]]:
        """The name by which tests know an endpoint, and what answers there."""
        if path == f"/{self.issuer.rpartition('/')[2]}/.well-known/jwks.json":
            return "jwks", lambda _: json_reply(self.jwks)
        endpoints: dict[tuple[str, str], tuple[str, Callable[[Arrived], Reply]]] = {
            ("GET", "/oauth2/authorize"): ("authorize", self._browse),
            ("GET", "/signup"): ("authorize", self._browse),
            ("GET", "/logout"): ("logout", self._logout),
            ("POST", "/oauth2/token"): ("token", self._token),
            ("GET", "/oauth2/userInfo"): ("userinfo", self._userinfo),
            ("POST", "/oauth2/revoke"): ("revoke", self._revoke),
            ("POST", "/"): ("user_api", self.user_api.answer),
        }
        return endpoints.get((method, path), ("other", lambda _: Reply(404)))

    def _authorize(self, query: dict[str, str], error: str | None) -> str:
        if query.get("client_id") != self.client_id:
            raise LoginErrorPage("client_id")
        if query.get("redirect_uri") not in self.redirect_uris:
            raise LoginErrorPage("redirect_uri")
        scopes = query.get("scope", " ".join(self.scopes)).split()
        if query.get("response_type") != "code":
            error = "invalid_request"
        elif not set(scopes) <= set(self.scopes):
            error = "invalid_scope"
        elif query.get("code_challenge_method", "S256") != "S256":
            error = "invalid_request"
        answer = {"error": error} if error else {"code": self._new_code(query, scopes)}
        if "state" in query:
            answer["state"] = query["state"]
        return f"{query['redirect_uri']}?{urlencode(answer)}"

    def _new_code(self, query: dict[str, str], scopes: list[str]) -> str:
        code = str(uuid.uuid4())
        self.handed_out.append(code)
        self._codes[code] = Grant(
            user=self.user,
            scopes=scopes,
            redirect_uri=query["redirect_uri"],
            nonce=query.get("nonce"),
            code_challenge=query.get("code_challenge"),
            signed_in_at=self.clock(),
        )
        return code

    def _browse(self, arrived: Arrived) -> Reply:
        try:
            return Reply(302, b"", {"Location": self._authorize(arrived.query, None)})
        except LoginErrorPage:
            return Reply(302, b"", {"Location": "/error"})

    def _logout(self, arrived: Arrived) -> Reply:
        uri = arrived.query.get("logout_uri", "")
        if arrived.query.get("client_id") != self.client_id or uri not in self.logout_uris:
            return Reply(302, b"", {"Location": "/error"})
        return Reply(302, b"", {"Location": uri})

    def _is_client(self, arrived: Arrived) -> bool:
        """client_secret_basic with id and secret as they are, or client_secret_post."""
        secrets_now = (self.client_secret, *self.further_client_secrets)
        active = [f"{self.client_id}:{each}" for each in secrets_now]
        authorization = arrived.headers.get("Authorization")
        if authorization is None:
            form = arrived.form
            return f"{form.get('client_id')}:{form.get('client_secret')}" in active
        return authorization in [f"Basic {base64.b64encode(a.encode()).decode()}" for a in active]

    def _token(self, arrived: Arrived) -> Reply:
        if not self._is_client(arrived):
            return json_reply({"error": "invalid_client"}, 400)
        grant_types = {"authorization_code": self._exchange, "refresh_token": self._refresh}
        grant_type = grant_types.get(arrived.form.get("grant_type", ""))
        if grant_type is None:
            return json_reply({"error": "unsupported_grant_type"}, 400)
        return grant_type(arrived.form)

    def _exchange(self, form: dict[str, str]) -> Reply:
        grant = self._codes.pop(form.get("code", ""), None)
        if grant is None or self.clock() > grant.signed_in_at + CODE_SECONDS:
            return json_reply({"error": "invalid_grant"}, 400)
        if form.get("redirect_uri") != grant.redirect_uri:
            return json_reply({"error": "unauthorized_client"}, 400)
        verifier = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        if grant.code_challenge is not None and grant.code_challenge != base64url(verifier):
            return json_reply({"error": "invalid_grant"}, 400)
        return self._tokens(grant, grant.nonce, self._new_refresh_token(grant))

    def _refresh(self, form: dict[str, str]) -> Reply:
        presented = self._refresh_tokens.get(form.get("refresh_token", ""))
        if presented is None or not presented.grant.good:
            return json_reply({"error": "invalid_grant"}, 400)
        replaced_at, now = presented.replaced_at, self.clock()
        if replaced_at is not None and now > replaced_at + self.rotation_grace_seconds:
            return json_reply({"error": "invalid_grant"}, 400)
        if not self.refresh_token_rotation:
            return self._tokens(presented.grant, None, None)
        presented.replaced_at = now if replaced_at is None else replaced_at
        return self._tokens(presented.grant, None, self._new_refresh_token(presented.grant))

    def _tokens(self, grant: Grant, nonce: str | None, refresh_token: str | None) -> Reply:
        access_token = self._access_token(grant)
        answer = {
            "id_token": self._id_token(grant, nonce, access_token),
            "access_token": access_token,
            "refresh_token": refresh_token,
            "expires_in": self.access_token_seconds,
            "token_type": "Bearer",
            **self.token_answer,
        }
        return json_reply({name: value for name, value in answer.items() if value is not None})

    def _userinfo(self, arrived: Arrived) -> Reply:
        scheme, _, token = arrived.headers.get("Authorization", "").partition(" ")
        grant, expires = self._access_tokens.get(token, (None, 0.0))
        if scheme != "Bearer" or grant is None or not grant.good or self.clock() >= expires:
            challenge = {"WWW-Authenticate": 'Bearer error="invalid_token"'}
            return json_reply({"error": "invalid_token"}, 401, challenge)
        user = grant.user
        # The attributes of Cognito's UserInfo are strings, booleans too.
        answer = {
            "sub": user.sub,
            "email_verified": "true" if user.email_verified else "false",
            "name": user.name,
            "email": user.email,
            "username": user.username,
            **user.custom,
            **self.userinfo_answer,
        }
        return json_reply({name: value for name, value in answer.items() if value is not None})

    def _revoke(self, arrived: Arrived) -> Reply:
        if not self._is_client(arrived):
            return json_reply({"error": "invalid_client"}, 401)
        if "token" not in arrived.form:
            return json_reply({"error": "invalid_request"}, 400)
        refresh_token = self._refresh_tokens.get(arrived.form["token"])
        if refresh_token is not None:
            refresh_token.grant.revoked = True
        return Reply(200)
