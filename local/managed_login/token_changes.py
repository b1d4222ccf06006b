"""The changes that a PreTokenGeneration trigger makes to the tokens.

Version 1 of its event can change the ID token and the groups; versions 2 and 3 also the access
token and its scopes. docs.aws.amazon.com/cognito/latest/developerguide/
user-pool-lambda-pre-token-generation.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

GROUPS = "cognito:groups"
# Claims that no trigger can add, change or suppress.
_PROTECTED = {
    *("acr", "amr", "at_hash", "aud", "auth_time", "azp", "client_id", "cognito:username"),
    *("device_key", "event_id", "exp", "iat", "identities", "iss", "jti", "nbf", "nonce"),
    *("origin_jti", "scope", "sub", "token_use", "username", "version"),
}
_PROTECTED_PREFIX = "dev:"


class UnreadableError(Exception):
    """The response does not have the documented shape."""


@dataclass(frozen=True)
class TokenChanges:
    """Changes of one token; ``groups`` is None if they stay as they are."""

    add: Mapping[str, Any] = field(default_factory=dict)
    suppress: frozenset[str] = frozenset()
    add_scopes: tuple[str, ...] = ()
    suppress_scopes: frozenset[str] = frozenset()
    groups: tuple[str, ...] | None = None

    def apply(self, claims: Mapping[str, Any]) -> dict[str, Any]:
        changed = {**claims, **_unprotected(self.add)}
        if self.groups is not None:
            changed[GROUPS] = list(self.groups)
        if changed.get(GROUPS) == []:
            del changed[GROUPS]
        for name in _unprotected(dict.fromkeys(self.suppress)):
            changed.pop(name, None)
        if self.add_scopes or self.suppress_scopes:
            scopes = dict.fromkeys((*str(claims.get("scope", "")).split(), *self.add_scopes))
            changed["scope"] = " ".join(one for one in scopes if one not in self.suppress_scopes)
        return changed


@dataclass(frozen=True)
class Changes:
    """Of both tokens of one sign-in or refresh."""

    id: TokenChanges = field(default_factory=TokenChanges)
    access: TokenChanges = field(default_factory=TokenChanges)


def details_name(version: str) -> str:
    """The field of the response that contains the changes."""
    return "claimsOverrideDetails" if version == "1" else "claimsAndScopeOverrideDetails"


def read_changes(response: Mapping[str, Any], version: str) -> Changes:
    """Raises UnreadableError. ``version`` is the event's."""
    details = _mapping(response.get(details_name(version)))
    groups, roles = _groups(details)
    if version == "1":
        own = _mapping(details.get("claimsToAddOrOverride"))
        if any(isinstance(value, dict | list) for value in own.values()):
            raise UnreadableError
        strings = {name: _as_string(value) for name, value in own.items()}
        suppress = _names(details.get("claimsToSuppress"))
        id_token = TokenChanges({**strings, **roles}, frozenset(suppress), groups=groups)
        return Changes(id_token, TokenChanges(groups=groups))
    own = _mapping(details.get("idTokenGeneration"))
    access = _mapping(details.get("accessTokenGeneration"))
    return Changes(
        TokenChanges(
            {**_mapping(own.get("claimsToAddOrOverride")), **roles},
            frozenset(_names(own.get("claimsToSuppress"))),
            groups=groups,
        ),
        TokenChanges(
            _mapping(access.get("claimsToAddOrOverride")),
            frozenset(_names(access.get("claimsToSuppress"))),
            _scopes(access.get("scopesToAdd")),
            frozenset(_names(access.get("scopesToSuppress"))),
            groups,
        ),
    )


def _groups(details: Mapping[str, Any]) -> tuple[tuple[str, ...] | None, dict[str, Any]]:
    """The groups, and the claims of their roles. An empty object suppresses the groups."""
    if "groupOverrideDetails" not in details:
        return None, {}
    override = _mapping(details["groupOverrideDetails"])
    roles: dict[str, Any] = {}
    if override.get("iamRolesToOverride"):
        roles["cognito:roles"] = list(_names(override["iamRolesToOverride"]))
    if override.get("preferredRole"):
        roles["cognito:preferred_role"] = override["preferredRole"]
    return _names(override.get("groupsToOverride")), roles


def _unprotected(claims: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: value
        for name, value in claims.items()
        if name not in _PROTECTED and not name.startswith(_PROTECTED_PREFIX)
    }


def _mapping(value: object) -> Mapping[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise UnreadableError
    return value


def _names(value: object) -> tuple[str, ...]:
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise UnreadableError
    return tuple(value)


def _scopes(value: object) -> tuple[str, ...]:
    """Without those that contain white space, which cannot be added."""
    return tuple(scope for scope in _names(value) if scope.split() == [scope])


def _as_string(value: object) -> object:
    """As Cognito reads scalars into its map of strings."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float) else value
