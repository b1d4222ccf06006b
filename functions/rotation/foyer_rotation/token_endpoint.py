"""Tests a client secret at the token endpoint, without a sign-in."""

from __future__ import annotations

import base64
import json
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

import urllib3

from .errors import CallFailed, NotProven

if TYPE_CHECKING:
    from collections.abc import Callable

# RFC 6749 §5.2. Messages contain only these codes, no other text from the answer.
_OAUTH_ERRORS = {
    "invalid_request",
    "invalid_client",
    "invalid_grant",
    "unauthorized_client",
    "unsupported_grant_type",
    "invalid_scope",
}
_ANSWER_LIMIT = 64 * 1024  # bytes
# Seconds to wait until a new client secret is active. The time is not documented.
_PAUSES = (1, 2, 4, 8)


def one_request() -> urllib3.PoolManager:
    """Connects within 2 seconds and waits 5 for an answer; no retries, no redirects.

    Created for each request, because a kept connection may be dead.
    """
    return urllib3.PoolManager(timeout=urllib3.Timeout(connect=2, read=5), retries=False)


@dataclass(frozen=True)
class TokenEndpoint:
    """Cognito's token endpoint, called with a made-up code."""

    origin: str
    callback_url: str
    connect: Callable[[], urllib3.PoolManager]
    sleep: Callable[[float], None]

    def prove(self, client_id: str, client_secret: str) -> None:
        """Raise NotProven unless the endpoint accepts this client secret and refuses another.

        The two requests differ only in the client secret. If a made-up one is refused with
        ``invalid_client``, and this one with another error (``invalid_grant``: unknown code),
        the endpoint has accepted it, in whatever order it checks the rest. Without the second
        request, an endpoint that checks the code first would accept every client secret.
        """
        answer = self._ask(client_id, client_secret)
        for pause in _PAUSES:
            if answer != "invalid_client":
                break
            self.sleep(pause)
            answer = self._ask(client_id, client_secret)
        if answer == "invalid_client":
            raise NotProven("The token endpoint refuses the new client secret (invalid_client)")
        control = self._ask(client_id, secrets.token_hex(26))
        if control != "invalid_client":
            raise NotProven(
                f"The token endpoint answers {control} to a made-up client secret, "
                "so its answer to the new one proves nothing"
            )

    def _ask(self, client_id: str, client_secret: str) -> str:
        """The OAuth error code of the answer."""
        # Cognito expects id and secret unencoded, not form-encoded as in RFC 6749 §2.3.1.
        credentials = base64.b64encode(f"{client_id}:{client_secret}".encode()).decode()
        try:
            with self.connect() as http:
                answer = http.request(
                    "POST",
                    f"{self.origin}/oauth2/token",
                    headers={"Authorization": f"Basic {credentials}"},
                    fields={
                        "grant_type": "authorization_code",
                        "client_id": client_id,
                        "code": secrets.token_hex(16),
                        "redirect_uri": self.callback_url,
                    },
                    encode_multipart=False,
                    preload_content=False,
                )
                body = answer.read(_ANSWER_LIMIT)
                answer.close()
        except urllib3.exceptions.HTTPError as error:
            raise CallFailed(f"The token endpoint did not answer: {type(error).__name__}") from None
        if answer.status not in {400, 401}:
            raise CallFailed(f"The token endpoint answered with status {answer.status}")
        return _oauth_error(body)


def _oauth_error(body: bytes) -> str:
    try:
        error = json.loads(body)["error"]
    except (ValueError, TypeError, KeyError):
        error = None
    if not isinstance(error, str) or error not in _OAUTH_ERRORS:
        raise CallFailed("The token endpoint's answer is not an OAuth error")
    return error
