"""The secret: read from Secrets Manager, cached for five minutes, re-read if it looks outdated.

One JSON object holds ``client_id``, ``client_secret``, ``session_key`` and, after a rotation,
``previous_session_key``; one read gives all of it. ``origin_verify`` is there for a proxy in front.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from ..errors import ConfigurationError, PerhapsNewKey, Refused, Unavailable, UnknownKey
from ..sealing import KeyRing

if TYPE_CHECKING:
    from collections.abc import Callable

    from aws_lambda_powertools import Logger

T = TypeVar("T")

KEEP_FOR = 300  # seconds
REREAD_AFTER = 30  # seconds between reads that a doubt causes


@dataclass(frozen=True)
class Credentials:
    """What the secret holds; ``session_keys`` are newest first."""

    client_id: str
    client_secret: str = field(repr=False)
    session_keys: tuple[str, ...] = field(repr=False)
    origin_verify: str = field(default="", repr=False)

    @cached_property
    def key_ring(self) -> KeyRing:
        """The session keys, ready for use."""
        return KeyRing(self.session_keys)


def parse_credentials(text: str) -> Credentials:
    """Raise ConfigurationError naming the field that is missing or malformed."""
    try:
        fields = json.loads(text)
    except ValueError:
        raise ConfigurationError("the secret is not JSON") from None
    if not isinstance(fields, dict):
        raise ConfigurationError("the secret is not a JSON object")
    session_keys = [_text(fields, "session_key", at_least=32)]
    if fields.get("previous_session_key"):
        session_keys.append(_text(fields, "previous_session_key", at_least=32))
    return Credentials(
        client_id=_text(fields, "client_id", at_least=1),
        client_secret=_text(fields, "client_secret", at_least=1),
        session_keys=tuple(session_keys),
        origin_verify=_text(fields, "origin_verify", at_least=24)
        if fields.get("origin_verify")
        else "",
    )


def _text(fields: dict[str, Any], name: str, *, at_least: int) -> str:
    value = fields.get(name)
    if value is None:
        raise ConfigurationError(f"the secret has no field {name}")
    if isinstance(value, str):
        value = value.strip(" ")
    if not isinstance(value, str) or not value.isascii() or not value.isprintable():
        raise ConfigurationError(f"the secret's field {name} is not printable ASCII text")
    if len(value) < at_least:
        raise ConfigurationError(f"the secret's field {name} is shorter than {at_least} characters")
    return value


class Source(Protocol):
    """Where the secret comes from."""

    def secret_text(self, secret_id: str, /) -> str:
        """The secret's current text; raise Unavailable with a ``secret_…`` reason."""


def load_ahead(secrets: SecretStore, log: Logger) -> None:
    """Read the secret before the first request. On failure, log; a later request tries again.

    This also seals once: OpenSSL takes 2 ms to find a cipher for the first time, and in a
    request Lambda's throttle would make that 7 (docs/decisions/speed-ideas.md).
    """
    try:
        keys = secrets.credentials().key_ring
    except Unavailable as error:
        log.warning("secret_not_loaded", reason=error.reason, detail=error.detail)
    else:
        keys.seal(b"", purpose="warm-up", cookie="", expires_at=0)


class SecretStore:
    """Reads the secret when it is first needed; ``clock`` gives monotonic seconds."""

    def __init__(
        self,
        source: Source,
        secret_id: str,
        *,
        clock: Callable[[], float],
        log: Logger,
    ) -> None:
        self._source = source
        self._secret_id = secret_id
        self._clock = clock
        self._log = log
        self._known: Credentials | None = None
        self._doubted_at = -math.inf
        self._good_until = 0.0
        self._failure: Unavailable | None = None
        self._failed_until = 0.0

    def credentials(self) -> Credentials:
        """The credentials, at most KEEP_FOR old while Secrets Manager answers; or Unavailable.

        Until a failure's ``retry_after`` has passed, it is raised again and nobody is asked.
        """
        if self._known is None or self._clock() >= self._good_until:
            return self._read()
        return self._known

    def use(self, action: Callable[[Credentials], T]) -> T:
        """Return what ``action`` makes of the credentials; try once more if they are outdated.

        They are outdated when the token endpoint does not know the client, or when a cookie was
        sealed with a key that we don't know: the secret was rotated. Trying again is safe: when
        client authentication fails, the code is neither read nor used up (RFC 6749 §4.1.3 puts
        that check first).
        """
        credentials = self.credentials()
        try:
            return action(credentials)
        except (Refused, UnknownKey) as doubt:
            if isinstance(doubt, Refused) and doubt.error != "invalid_client":
                raise
            fresh = self._reread()
            if fresh is credentials and isinstance(doubt, UnknownKey):
                raise PerhapsNewKey(str(doubt)) from doubt
            if fresh == credentials:
                raise
            return action(fresh)

    def _reread(self) -> Credentials:
        """The secret as it is now. Returns the cached object if the secret was not read again."""
        # Counted from the last doubt, not from the last read: a new container may have read the
        # secret just before it was rotated.
        now = self._clock()
        if self._known is None or now - self._doubted_at >= REREAD_AFTER:
            self._doubted_at = now
            return self._read()
        return self._known

    def _read(self) -> Credentials:
        tried_at = self._clock()
        if self._failure is not None and tried_at < self._failed_until:
            left = math.ceil(self._failed_until - tried_at)
            raise Unavailable(self._failure.reason, self._failure.detail, retry_after=left)
        try:
            self._known = self._fetch()
        except Unavailable as error:
            if self._known is None:
                self._failure = error
                self._failed_until = self._clock() + error.retry_after
                raise
            # The old secret is better than an error page; read again later, not at every request.
            self._log.warning("secret_kept_stale", reason=error.reason, detail=error.detail)
            self._good_until = tried_at + REREAD_AFTER
        else:
            self._good_until = tried_at + KEEP_FOR
        return self._known

    def _fetch(self) -> Credentials:
        try:
            return parse_credentials(self._source.secret_text(self._secret_id))
        except ConfigurationError as error:
            raise Unavailable("secret_malformed", str(error)) from error
