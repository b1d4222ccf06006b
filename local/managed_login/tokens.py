"""Issues codes and tokens: MiniStack's, with what Cognito does beyond it.

The pool's PreTokenGeneration trigger runs when a code is issued, and at each refresh. If it fails,
the browser returns to the app with an error. Access tokens name the resource that the app wants.
MiniStack's tokens are signed again after a change, with the keys of the pool, which
MiniStack keeps in files.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from local.managed_login.authorization import AuthorizationRequest
from local.managed_login.directory import Directory
from local.managed_login.errors import OAuthError, SentBack
from local.managed_login.oauth_server import OAuthServer
from local.managed_login.settings import ManagedLogin
from local.managed_login.token_changes import (
    GROUPS,
    Changes,
    UnreadableError,
    details_name,
    read_changes,
)
from local.managed_login.triggers import UNREADABLE, TriggerRefused
from local.managed_login.user_triggers import UserTriggers
from local.managed_login.visits import Shelf

_CODE_SECONDS = 300
_SESSION_SECONDS = 30 * 24 * 3600  # a refresh token's life


class Tokens:
    def __init__(
        self,
        settings: ManagedLogin,
        oauth_server: OAuthServer,
        directory: Directory,
        triggers: UserTriggers,
        clock: Callable[[], float],
    ) -> None:
        self._keys = settings.token_keys
        self._pool_id = settings.user_pool_id
        self._server = oauth_server
        self._directory = directory
        self._triggers = triggers
        self._changes: Shelf[Changes] = Shelf(_CODE_SECONDS, 1000, clock)  # by code
        # By code, then by the claim that all tokens of a session share.
        self._resources: Shelf[str] = Shelf(_SESSION_SECONDS, 1000, clock)

    def code(self, request: AuthorizationRequest, username: str, password: str) -> str | None:
        """A code for the app, or None if the pool does not accept this user (any more).

        Raises SentBack if the trigger refuses.
        """
        code = self._server.authorization_code(request, username, password)
        if code is None:
            return None
        source = "TokenGeneration_HostedAuth"
        try:
            changes = self._run(source, username, request.client_id, self._scopes(request))
        except TriggerRefused as refused:
            location = request.location(error_description=refused.message, error="invalid_request")
            raise SentBack("invalid_request", location) from refused
        self._changes.keep(code, changes)
        if request.resource:
            self._resources.keep(code, request.resource)
        return code

    def issued(self, code: str, tokens: dict[str, Any]) -> dict[str, Any]:
        """MiniStack's response to this code, with the changes."""
        resource = self._resources.get(code)
        if resource:
            self._resources.drop(code)
            self._resources.keep(_session(tokens["access_token"]), resource)
        changes = self._changes.get(code)
        return tokens if changes is None else self._changed(tokens, changes)

    def refreshed(self, refresh_token: str, tokens: dict[str, Any]) -> dict[str, Any]:
        """MiniStack's response to a refresh, with the changes; raises OAuthError.

        MiniStack leaves out the groups and puts the time of the refresh into ``auth_time``.
        """
        claims = unverified_claims(tokens["access_token"])
        groups = self._groups(claims["username"])
        facts = {
            "auth_time": unverified_claims(refresh_token)["iat"],
            **({GROUPS: groups} if groups else {}),
        }
        source, scopes = "TokenGeneration_RefreshTokens", str(claims.get("scope", "")).split()
        try:
            changes = self._run(source, claims["username"], claims["client_id"], scopes)
        except TriggerRefused as refused:
            raise OAuthError("invalid_grant", refused.message) from refused
        return self._changed(tokens, changes, **facts)

    def _run(self, source: str, username: str, client_id: str, scopes: list[str]) -> Changes:
        if not self._triggers.has(source):
            return Changes()
        version = self._triggers.version(source)
        more = {} if version == "1" else {"scopes": scopes}
        response = self._triggers.run(
            source,
            username,
            client_id,
            None,
            {details_name(version): None},
            groupConfiguration={
                "groupsToOverride": self._groups(username),
                "iamRolesToOverride": [],
                "preferredRole": None,
            },
            **more,
        )
        try:
            return read_changes(response, version)
        except UnreadableError as error:
            raise TriggerRefused(UNREADABLE) from error

    def _groups(self, username: str) -> list[str]:
        user = self._directory.find(username)
        return list(user.groups) if user else []

    def _scopes(self, request: AuthorizationRequest) -> list[str]:
        """Those of the request, or all of the client's if it names none."""
        client = None if request.scope else self._directory.client(request.client_id)
        return list(client.scopes) if client else request.scope.split()

    def _changed(self, tokens: dict[str, Any], changes: Changes, **facts: Any) -> dict[str, Any]:
        """``facts`` are claims of both tokens that hold before the changes."""
        changed = dict(tokens)
        for use, part in (("access", changes.access), ("id", changes.id)):
            name = f"{use}_token"
            if name in tokens:
                claims = unverified_claims(tokens[name])
                bound = self._binding(claims) if use == "access" else {}
                wanted = part.apply({**claims, **facts, **bound})
                if wanted != claims:
                    key = self._keys / f"{self._pool_id}-{use}.pem"
                    changed[name] = signed_again(tokens[name], wanted, key)
        return changed

    def _binding(self, claims: dict[str, Any]) -> dict[str, str]:
        resource = self._resources.get(str(claims.get("origin_jti", "")))
        return {"aud": resource} if resource else {}


def _session(jwt: str) -> str:
    return str(unverified_claims(jwt).get("origin_jti", ""))


def unverified_claims(jwt: str) -> dict[str, Any]:
    """The claims of a MiniStack token. MiniStack verifies the signature where it matters."""
    try:
        payload = jwt.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (IndexError, ValueError):
        return {}
    return claims if isinstance(claims, dict) else {}


def signed_again(jwt: str, claims: dict[str, Any], key_file: Path) -> str:
    """The token with other claims, signed with the same key (RS256)."""
    from cryptography.hazmat.primitives import hashes  # noqa: PLC0415 - few runs need it
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey  # noqa: PLC0415
    from cryptography.hazmat.primitives.serialization import load_pem_private_key  # noqa: PLC0415

    key = load_pem_private_key(key_file.read_bytes(), password=None)
    assert isinstance(key, RSAPrivateKey)  # noqa: S101 - MiniStack's keys are
    head = jwt.partition(".")[0]
    content = f"{head}.{_base64url(json.dumps(claims).encode())}"
    return f"{content}.{_base64url(key.sign(content.encode(), PKCS1v15(), hashes.SHA256()))}"


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
