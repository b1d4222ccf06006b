"""With a proxy in front: refuse what did not come through it. Imported only when that is on."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .errors import BadRequest, Unavailable

if TYPE_CHECKING:
    from .aws.secret_store import SecretStore
    from .http_api import Request


@dataclass(frozen=True)
class Proxy:
    """The proxy sends the secret's field ``origin_verify`` in ``header`` (lower case)."""

    header: str
    secrets: SecretStore

    def require(self, request: Request) -> None:
        """Raise BadRequest if the request did not come through the proxy."""
        expected = self.secrets.credentials().origin_verify
        if not expected:
            raise Unavailable("secret_malformed", "origin_verify")
        given = request.headers.get(self.header, "")
        if not hmac.compare_digest(given.encode(), expected.encode()):
            raise BadRequest("not_from_proxy")
