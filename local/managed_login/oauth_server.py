"""MiniStack's OAuth endpoints and its record of mails, over plain HTTP."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import urllib3

from local.aws import KEY_HEADER
from local.managed_login.authorization import AuthorizationRequest
from local.managed_login.settings import ManagedLogin


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> dict[str, Any]:
        try:
            parsed = json.loads(self.body)
        except ValueError:
            return {}
        return parsed if isinstance(parsed, dict) else {}


class OAuthServer:
    def __init__(self, settings: ManagedLogin) -> None:
        self._origin = settings.aws.endpoint
        self._key = {KEY_HEADER: settings.aws.secret_access_key}
        self._http = urllib3.PoolManager(
            maxsize=40, retries=False, timeout=urllib3.Timeout(connect=2, read=10)
        )

    def authorization_code(
        self, request: AuthorizationRequest, username: str, password: str
    ) -> str | None:
        """A code for the app, or None if the pool does not accept this user (any more).

        MiniStack issues codes only to its own sign-in form, so this posts that form. It does not
        ask for a second factor: call this only after the second factor was checked here.
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

    def post(self, path: str, form: Mapping[str, str]) -> Answer:
        answer = self._http.request(
            "POST",
            self._origin + path,
            body=urlencode(form),
            headers={"Content-Type": "application/x-www-form-urlencoded", **self._key},
            redirect=False,
        )
        return Answer(answer.status, answer.headers, answer.data)

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> Answer:
        answer = self._http.request(
            "GET", self._origin + path, headers={**(headers or {}), **self._key}, redirect=False
        )
        return Answer(answer.status, answer.headers, answer.data)
