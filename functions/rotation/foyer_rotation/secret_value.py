"""The secret's value: one JSON object, shared with the web function.

    session_key                              what the stack creates it with
    client_id, client_secret                 of the app client; filled in by credentials.py
    client_secret_origin                     beside them: which of the app client's secrets this
                                             one is (docs/decisions/rotation.md)
    previous_session_key                     since the first rotation: opens older sessions

Other fields are kept unchanged.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import string
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Sequence

# AddUserPoolClientSecret takes 24 to 64 of [\w+]; letters and digits need no escaping anywhere.
_ALPHABET = string.ascii_letters + string.digits
_CLIENT_SECRET_LENGTH = 52


@dataclass(frozen=True)
class SecretValue:
    """The value of one version. Its ``repr`` does not show it."""

    fields: dict[str, Any] = field(repr=False)

    @classmethod
    def parse(cls, text: str) -> SecretValue:
        """Raise ConfigurationError, which names the missing field."""
        fields = json_object(text)
        for name in ("client_id", "client_secret", "session_key"):
            if not isinstance(fields.get(name), str) or not fields[name]:
                raise ConfigurationError(f"The secret's field {name} is missing")
        return cls(fields)

    def dump(self) -> str:
        return json.dumps(self.fields)

    @property
    def client_id(self) -> str:
        return str(self.fields["client_id"])

    @property
    def client_secret(self) -> str:
        return str(self.fields["client_secret"])

    @property
    def listed_before(self) -> frozenset[str] | None:
        """Cognito's ids of the client secrets that existed before this one; None if unknown.

        If somebody edits the secret manually, the stored ids belong to another client secret,
        and the wrong one would be deleted. The stored digest detects this: the ids are valid
        only with the client secret that they were stored for.
        """
        origin = self.fields.get("client_secret_origin")
        if not isinstance(origin, dict):
            return None
        digest, ids = origin.get("sha256"), origin.get("listed_before")
        if not isinstance(digest, str) or not isinstance(ids, list):
            return None
        if not hmac.compare_digest(digest.encode(), _digest(self.client_secret).encode()):
            return None
        return frozenset(str(each) for each in ids)

    def successor(self, listed_now: Sequence[str]) -> SecretValue:
        """The next value: a new client secret and session key; keeps the current session key."""
        client_secret = "".join(secrets.choice(_ALPHABET) for _ in range(_CLIENT_SECRET_LENGTH))
        return SecretValue(
            {
                **self.fields,
                "client_secret": client_secret,
                "session_key": secrets.token_urlsafe(48),
                "previous_session_key": self.fields["session_key"],
                "client_secret_origin": origin(client_secret, listed_now),
            }
        )


def origin(client_secret: str, listed_before: Sequence[str]) -> dict[str, Any]:
    """The note that ``listed_before`` reads."""
    return {"sha256": _digest(client_secret), "listed_before": list(listed_before)}


def json_object(text: str) -> dict[str, Any]:
    """Raise ConfigurationError, without a word of the text, if it isn't one."""
    try:
        fields = json.loads(text)
    except ValueError:
        raise ConfigurationError("The secret is not JSON") from None
    if not isinstance(fields, dict):
        raise ConfigurationError("The secret is not a JSON object")
    return fields


def _digest(client_secret: str) -> str:
    return hashlib.sha256(client_secret.encode()).hexdigest()
