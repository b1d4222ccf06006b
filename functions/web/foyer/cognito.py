"""Cognito's user pool domain: managed-login URLs, token, UserInfo, revocation; and its key set.

Cognito's endpoints: https://docs.aws.amazon.com/cognito/latest/developerguide/federation-endpoints.html
Errors are Refused where Cognito names one, else ``{endpoint}_…`` with the reasons of
upstream.py, ``_failed`` (an unexpected status) and ``_answer_malformed``.
"""

from __future__ import annotations

import base64
import re
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from .errors import BadGateway, Refused
from .strict_json import parse_object
from .upstream import Upstream

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    import requests

    from .upstream import Answer

# RFC 6749 §5.2, RFC 7009 §2.2.1 and RFC 6750 §3.1. Only what is named here gets into logs.
_TOKEN_ERRORS = {
    "invalid_request",
    "invalid_client",
    "invalid_grant",
    "unauthorized_client",
    "unsupported_grant_type",
    "invalid_scope",
}
_REVOCATION_ERRORS = {*_TOKEN_ERRORS, "unsupported_token_type"}
_BEARER_ERRORS = {"invalid_request", "invalid_token", "insufficient_scope"}

_BEARER_ERROR = re.compile(r'\bBearer\b.*\berror="?([a-z_]+)', re.IGNORECASE)
_BEARER_TOKEN = re.compile(r"[A-Za-z0-9._~+/-]+=*")  # RFC 6750 §2.1
_VISIBLE = re.compile(r"[\x21-\x7e]+")  # RFC 6749 appendix A.17

# Cognito's own limit for access tokens.
_MOST_EXPIRES_IN_SECONDS = 24 * 60 * 60


@dataclass(frozen=True)
class Tokens:
    """A token answer (RFC 6749 §5.1); ``expires_in`` is in seconds. Nothing is verified yet."""

    id_token: str = field(repr=False)
    access_token: str = field(repr=False)
    refresh_token: str | None = field(repr=False)
    expires_in: int


class Cognito:
    """One pool's endpoints. ``deadline`` is always a time on ``clock``, in seconds."""

    def __init__(
        self,
        *,
        domain_url: str,
        backchannel_url: str,
        jwks_url: str,
        http: requests.Session,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._domain_url = domain_url
        self._backchannel_url = backchannel_url
        self._jwks_url = jwks_url
        self.upstream = Upstream(http, clock)

    def sign_in_url(
        self,
        path: str,
        *,
        client_id: str,
        redirect_uri: str,
        scope: str,
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
            "client_id": client_id,
            "redirect_uri": redirect_uri,
            "scope": scope,
            "state": state,
            "nonce": nonce,
            "code_challenge": code_challenge,
            "code_challenge_method": "S256",
            "lang": lang,
            "login_hint": login_hint,
            "prompt": prompt,
        }
        return self._browser_url(path, query)

    def logout_url(self, *, client_id: str, logout_uri: str) -> str:
        return self._browser_url("/logout", {"client_id": client_id, "logout_uri": logout_uri})

    def _browser_url(self, path: str, query: Mapping[str, str | None]) -> str:
        present = {name: value for name, value in query.items() if value is not None}
        return f"{self._domain_url}{path}?{urlencode(present, quote_via=quote)}"

    def exchange_code(
        self,
        *,
        client_id: str,
        client_secret: str,
        code: str,
        redirect_uri: str,
        code_verifier: str,
        deadline: float,
    ) -> Tokens:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "code_verifier": code_verifier,
        }
        return self._token(client_id, client_secret, form, deadline)

    def refresh(
        self, *, client_id: str, client_secret: str, refresh_token: str, deadline: float
    ) -> Tokens:
        """``Tokens.refresh_token`` is None unless Cognito rotates refresh tokens."""
        form = {"grant_type": "refresh_token", "refresh_token": refresh_token}
        return self._token(client_id, client_secret, form, deadline)

    def _token(
        self, client_id: str, client_secret: str, form: Mapping[str, str], deadline: float
    ) -> Tokens:
        answer = self.upstream.post(
            "token",
            f"{self._backchannel_url}/oauth2/token",
            _basic(client_id, client_secret),
            form,
            deadline=deadline,
        )
        _refuse_oauth_error("token", answer, _TOKEN_ERRORS)
        return _tokens(_json("token", answer))

    def revoke(
        self, *, client_id: str, client_secret: str, refresh_token: str, deadline: float
    ) -> None:
        """End the refresh token and the access tokens made with it (RFC 7009)."""
        answer = self.upstream.post(
            "revoke",
            f"{self._backchannel_url}/oauth2/revoke",
            _basic(client_id, client_secret),
            {"token": refresh_token},
            deadline=deadline,
        )
        _refuse_oauth_error("revoke", answer, _REVOCATION_ERRORS)
        _expect_ok("revoke", answer)

    def userinfo(self, *, access_token: str, deadline: float) -> Mapping[str, object]:
        """The claims; ``sub`` is a string, and comparing it is left to the caller."""
        answer = self.upstream.get(
            "userinfo",
            f"{self._backchannel_url}/oauth2/userInfo",
            {"Authorization": f"Bearer {access_token}"},
            deadline=deadline,
        )
        error = _BEARER_ERROR.search(answer.headers.get("WWW-Authenticate", ""))
        if answer.status in {400, 401, 403} and error and error[1] in _BEARER_ERRORS:
            raise Refused(error[1], "userinfo")
        claims = _json("userinfo", answer)
        if not isinstance(claims.get("sub"), str) or not claims["sub"]:
            raise _malformed("userinfo", "sub")
        return claims

    def signing_keys(self, *, deadline: float) -> Mapping[str, object]:
        """The JSON Web Key Set (RFC 7517 §5), not yet judged."""
        return _json("jwks", self.upstream.get("jwks", self._jwks_url, {}, deadline=deadline))


def _basic(client_id: str, client_secret: str) -> dict[str, str]:
    """client_secret_basic without the form-encoding of RFC 6749 §2.3.1: Cognito undoes none."""
    credentials = base64.b64encode(f"{client_id}:{client_secret}".encode()).decode()
    return {"Authorization": f"Basic {credentials}"}


def _malformed(endpoint: str, detail: str) -> BadGateway:
    return BadGateway(f"{endpoint}_answer_malformed", detail)


def _expect_ok(endpoint: str, answer: Answer) -> None:
    if answer.status != 200:
        raise BadGateway(f"{endpoint}_failed", f"HTTP {answer.status}")


def _refuse_oauth_error(endpoint: str, answer: Answer, known: Collection[str]) -> None:
    if answer.status in {400, 401}:
        error = _parsed(endpoint, answer).get("error")
        if isinstance(error, str) and error in known:
            raise Refused(error, endpoint)


def _json(endpoint: str, answer: Answer) -> dict[str, Any]:
    _expect_ok(endpoint, answer)
    return _parsed(endpoint, answer)


def _parsed(endpoint: str, answer: Answer) -> dict[str, Any]:
    media_type = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if not media_type.endswith(("/json", "+json")):
        raise _malformed(endpoint, "content type")
    try:
        return parse_object(answer.body)
    except ValueError:
        raise _malformed(endpoint, "no proper JSON object") from None


def _tokens(answer: Mapping[str, Any]) -> Tokens:
    token_type = answer.get("token_type")
    if not isinstance(token_type, str) or token_type.lower() != "bearer":
        raise _malformed("token", "token_type")
    expires_in = answer.get("expires_in")
    # bool is a kind of int
    if type(expires_in) is not int or not 0 < expires_in <= _MOST_EXPIRES_IN_SECONDS:
        raise _malformed("token", "expires_in")
    has_refresh_token = answer.get("refresh_token") is not None
    return Tokens(
        id_token=_text(answer, "id_token", _VISIBLE),
        access_token=_text(answer, "access_token", _BEARER_TOKEN),
        refresh_token=_text(answer, "refresh_token", _VISIBLE) if has_refresh_token else None,
        expires_in=expires_in,
    )


def _text(answer: Mapping[str, Any], name: str, form: re.Pattern[str]) -> str:
    value = answer.get(name)
    if not isinstance(value, str) or not form.fullmatch(value):
        raise _malformed("token", name)
    return value
