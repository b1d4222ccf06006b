"""What can go wrong, as one tree.

    FoyerError
    ├── ConfigurationError      a setting or a field of the secret is missing or malformed
    ├── SealBroken              a sealed value was changed, cut, expired or sealed with another key
    │   └── UnknownKey          … and none of our keys opens it: the secret may have been rotated
    │       └── PerhapsNewKey   … but the secret could not be read again to check
    ├── AwsRefused              AWS answered a call with an error code
    ├── AwsUnreachable          AWS gave no understandable answer, or there are no credentials
    └── RequestFailed           ends a visitor's request with an error page
        ├── BadRequest          400  the browser's request is at fault
        ├── AccessDenied        403  Cognito, or a provider behind it, lets nobody in
        │   └── EntryRefused         … or this app does not let this account in
        ├── SignInAgain         403  the session is not enough for this; a new sign-in is
        ├── BadGateway          502  Cognito answered, but wrongly
        │   └── Refused              … with an error of its own (RFC 6749 §5.2, the user API's)
        │       └── WeakPassword     … because of these rules for passwords
        ├── Unavailable         503  the secret is unavailable, or a quota is exceeded
        └── GatewayTimeout      504  no answer in time

A RequestFailed carries ``reason``: a short, stable, snake_case word for logs and metrics
(docs/settings.md lists them all). It never holds a value that came from outside. ``detail``
may explain further, for the log only, and never holds such a value either.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


class FoyerError(Exception):
    """The root; never raised itself."""


class ConfigurationError(FoyerError):
    """A setting or secret field is wrong; the message names it and never shows its value."""


class SealBroken(FoyerError):
    """A sealed value cannot be trusted; the message is a snake_case reason for the log."""


class UnknownKey(SealBroken):
    """The value names a key that is not among ours."""


class PerhapsNewKey(UnknownKey):
    """The secret could not be read again, so the value may still be good."""


class AwsRefused(FoyerError):
    """AWS answered with an error: its ``code`` (``AccessDeniedException``)."""

    def __init__(self, code: str, *, is_transient: bool) -> None:
        super().__init__(code)
        self.code = code
        self.is_transient = is_transient


class AwsUnreachable(FoyerError):
    """No understandable answer of AWS in time; the message says why, for the log."""


class RequestFailed(FoyerError):
    """Ends the request with an error answer.

    ``status`` is the HTTP status code; ``headers`` and ``cookies`` (``Set-Cookie`` lines) go with
    the answer.
    """

    status = 500

    def __init__(
        self,
        reason: str,
        detail: str = "",
        *,
        headers: Mapping[str, str] | None = None,
        cookies: tuple[str, ...] = (),
    ) -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason
        self.detail = detail
        self.headers = headers or {}
        self.cookies = cookies


class BadRequest(RequestFailed):
    """The browser's request is at fault."""

    status = 400


class AccessDenied(RequestFailed):
    """Managed login reported that it does not let this visitor in (RFC 6749 §4.1.2.1)."""

    status = 403


class EntryRefused(AccessDenied):
    """The settings of this app do not let this user in.

    ``account`` is for the page only, ``subject`` for the log. ``return_to`` is where the user
    wanted to go, a path of this app.
    """

    def __init__(self, reason: str, *, account: str, subject: str, return_to: str) -> None:
        super().__init__(reason)
        self.account = account
        self.subject = subject
        self.return_to = return_to


class SignInAgain(RequestFailed):
    """Only a new sign-in helps; ``with_password`` asks for the password even so."""

    status = 403

    def __init__(self, reason: str, *, with_password: bool = False) -> None:
        super().__init__(reason)
        self.with_password = with_password


class BadGateway(RequestFailed):
    """Cognito answered with something that cannot be trusted or understood."""

    status = 502


class Refused(BadGateway):
    """An endpoint answered with an error that it has a word for, e.g. ``invalid_grant``."""

    def __init__(self, error: str, endpoint: str = "token") -> None:
        super().__init__(f"{endpoint}_{error}")
        self.error = error


class WeakPassword(Refused):
    """A new password breaks ``rules``: length, uppercase, lowercase, number, symbol; or unnamed."""

    def __init__(self, rules: tuple[str, ...]) -> None:
        super().__init__("invalid_password", "user_api")
        self.rules = rules


class Unavailable(RequestFailed):
    """Try again later; ``retry_after`` is in seconds."""

    status = 503

    def __init__(
        self,
        reason: str,
        detail: str = "",
        *,
        retry_after: int = 5,
        headers: Mapping[str, str] | None = None,
        cookies: tuple[str, ...] = (),
    ) -> None:
        with_retry = {"retry-after": str(retry_after), **(headers or {})}
        super().__init__(reason, detail, headers=with_retry, cookies=cookies)
        self.retry_after = retry_after


class GatewayTimeout(RequestFailed):
    """Cognito did not answer in time."""

    status = 504
