"""The OAuth endpoints of Cognito's user pool domain, as one app client uses them; and the key set.

Cognito's endpoints: https://docs.aws.amazon.com/cognito/latest/developerguide/federation-endpoints.html
Errors are Refused where Cognito names one, else ``{endpoint}_…`` with the reasons of
http.py, ``_failed`` (an unexpected status) and ``_answer_malformed``.
"""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

from .answers import Tokens, bearer_error, expect_ok, json_object, malformed, refuse_oauth_error
from .answers import tokens as tokens_in

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..aws.secret_store import Credentials, SecretStore
    from .http import Upstream


class AppClient:
    """One app client of one pool. ``deadline`` is a time on the upstream's clock, in seconds.

    Calls that need the client secret are tried once more when it turns out to be outdated
    (SecretStore.use). ``scope`` is what every sign-in asks for, ``resource`` the API that access
    tokens are for (RFC 8707), or "". ``Tokens.expires_in`` is shorter by ``early_seconds``.
    """

    def __init__(
        self,
        upstream: Upstream,
        secrets: SecretStore,
        *,
        domain_url: str,
        backchannel_url: str,
        jwks_url: str,
        scope: str,
        resource: str,
        early_seconds: int,
    ) -> None:
        self._upstream = upstream
        self._secrets = secrets
        self._domain_url = domain_url
        self._backchannel_url = backchannel_url
        self._jwks_url = jwks_url
        self._scope = scope
        self._resource = resource
        self._early_seconds = early_seconds

    def sign_in_url(
        self,
        path: str,
        *,
        redirect_uri: str,
        state: str,
        nonce: str,
        code_challenge: str,
        lang: str | None,
        login_hint: str | None,
        prompt: str | None,
    ) -> str:
        """``path`` is /oauth2/authorize to sign in or /signup to sign up."""
        query = {
            "response_type": "code",
            "client_id": self._secrets.credentials().client_id,
            "redirect_uri": redirect_uri,
            "scope": self._scope,
            "state": state,
            "nonce": nonce,
            "code_challenge": code_challenge,
            "code_challenge_method": "S256",
            "lang": lang,
            "login_hint": login_hint,
            "prompt": prompt,
            # Not sent to the token endpoint: refreshed tokens keep it.
            "resource": self._resource or None,
        }
        return self._browser_url(path, query)

    def logout_url(self, *, logout_uri: str) -> str:
        """Where the browser ends managed login's own session and comes back to ``logout_uri``."""
        client_id = self._secrets.credentials().client_id
        return self._browser_url("/logout", {"client_id": client_id, "logout_uri": logout_uri})

    def _browser_url(self, path: str, query: Mapping[str, str | None]) -> str:
        present = {name: value for name, value in query.items() if value is not None}
        return f"{self._domain_url}{path}?{urlencode(present, quote_via=quote)}"

    def exchange_code(
        self, *, code: str, redirect_uri: str, code_verifier: str, deadline: float
    ) -> Tokens:
        tokens = self._token(
            {
                "grant_type": "authorization_code",
                "code": code,
                "redirect_uri": redirect_uri,
                "code_verifier": code_verifier,
            },
            deadline,
        )
        if tokens.id_token is None:
            raise malformed("token", "id_token")
        return tokens

    def refresh(self, refresh_token: str, *, deadline: float) -> Tokens:
        """``Tokens.refresh_token`` is None unless Cognito rotates refresh tokens.

        ``Tokens.id_token`` may be None (OIDC Core §12.2).
        """
        form = {"grant_type": "refresh_token", "refresh_token": refresh_token}
        return self._token(form, deadline)

    def _token(self, form: Mapping[str, str], deadline: float) -> Tokens:
        def ask(credentials: Credentials) -> Tokens:
            answer = self._upstream.post(
                "token",
                f"{self._backchannel_url}/oauth2/token",
                _basic(credentials),
                form,
                deadline=deadline,
            )
            refuse_oauth_error("token", answer)
            return tokens_in(json_object("token", answer), client_id=credentials.client_id)

        tokens = self._secrets.use(ask)
        if tokens.expires_in is None:
            return tokens
        return replace(tokens, expires_in=tokens.expires_in - self._early_seconds)

    def revoke(self, refresh_token: str, *, deadline: float) -> None:
        """End the refresh token and the access tokens made with it (RFC 7009)."""

        def ask(credentials: Credentials) -> None:
            answer = self._upstream.post(
                "revoke",
                f"{self._backchannel_url}/oauth2/revoke",
                _basic(credentials),
                {"token": refresh_token},
                deadline=deadline,
            )
            refuse_oauth_error("revoke", answer)
            expect_ok("revoke", answer)

        self._secrets.use(ask)

    def userinfo(self, access_token: str, *, deadline: float) -> Mapping[str, object]:
        """The claims. ``sub`` is a string; the caller compares it."""
        answer = self._upstream.get(
            "userinfo",
            f"{self._backchannel_url}/oauth2/userInfo",
            {"Authorization": f"Bearer {access_token}"},
            deadline=deadline,
        )
        bearer_error("userinfo", answer)
        claims = json_object("userinfo", answer)
        if not isinstance(claims.get("sub"), str) or not claims["sub"]:
            raise malformed("userinfo", "sub")
        return claims

    def signing_keys(self, *, deadline: float) -> Mapping[str, object]:
        """The JSON Web Key Set (RFC 7517 §5), not yet checked."""
        return json_object(
            "jwks", self._upstream.get("jwks", self._jwks_url, {}, deadline=deadline)
        )


def _basic(credentials: Credentials) -> dict[str, str]:
    """client_secret_basic without the form-encoding of RFC 6749 §2.3.1, as Cognito reads it."""
    pair = f"{credentials.client_id}:{credentials.client_secret}"
    return {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}
