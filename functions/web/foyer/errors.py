"""What can go wrong, as one tree.

    FoyerError
    ├── ConfigurationError      a setting or a field of the secret is missing or malformed
    ├── SealBroken              a sealed value was changed, cut, expired or sealed with another key
    │   └── UnknownKey          … and no key we know opens it: the secret may have been rotated
    │       └── PerhapsNewKey   … but we could not look, and another container may know the key
    └── SignInError             ends a visitor's request with an error page
        ├── BadRequest          400  the browser's request is at fault
        ├── AccessDenied        403  the visitor (or a policy) said no at Cognito
        ├── BadGateway          502  Cognito answered, but wrongly
        │   └── Refused              … with an error of its own (RFC 6749 §5.2, the user API's)
        │       └── WeakPassword     … because of these rules for passwords
        ├── Unavailable         503  the secret cannot be had, or a quota is hit
        └── GatewayTimeout      504  no answer in time

A SignInError carries ``reason``: a short, stable, snake_case word for logs and metrics
(docs/settings.md lists them all). It never holds a value that came from outside; ``detail``
may explain further for the log, and is ours too.
"""

from __future__ import annotations


class FoyerError(Exception):
    """The root; never raised itself."""


class ConfigurationError(FoyerError):
    """A setting or secret field is wrong; the message names it and never shows its value."""


class SealBroken(FoyerError):
    """A sealed value cannot be trusted."""


class UnknownKey(SealBroken):
    """The value names a key that is not among ours."""


class PerhapsNewKey(UnknownKey):
    """The secret could not be read again just now, so the value may be good all the same."""


class SignInError(FoyerError):
    """Ends the request with an error page; ``status`` is the HTTP status code."""

    status = 500

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason
        self.detail = detail


class BadRequest(SignInError):
    """The browser's request is at fault."""

    status = 400


class AccessDenied(SignInError):
    """Cognito reported ``access_denied`` (RFC 6749 §4.1.2.1)."""

    status = 403


class BadGateway(SignInError):
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


class Unavailable(SignInError):
    """Try again later; ``retry_after`` is in seconds."""

    status = 503

    def __init__(self, reason: str, detail: str = "", retry_after: int = 5) -> None:
        super().__init__(reason, detail)
        self.retry_after = retry_after


class GatewayTimeout(SignInError):
    """Cognito did not answer in time."""

    status = 504
