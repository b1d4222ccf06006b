"""The errors of a rotation, and of filling in the credentials.

    RotationError
    ├── ConfigurationError   a setting or a field of the secret is missing or malformed
    ├── NotStaged            the event doesn't belong to a rotation in progress
    ├── UnknownOwner         two client secrets are active; it is unknown which one is in use
    ├── NotProven            the token endpoint didn't accept the new client secret
    └── CallFailed           an AWS call or the token endpoint failed; trying again may help
        └── NotAllowed       the role is not allowed to make that call, or not yet

After each of them, AWSCURRENT still contains a client secret that Cognito accepts, and Secrets
Manager retries the step. Lambda logs the messages, so they contain no values of the secret.
"""

from __future__ import annotations


class RotationError(Exception):
    """The base class; never raised itself."""


class ConfigurationError(RotationError):
    """The message names the variable or field, but never contains its value."""


class NotStaged(RotationError):
    """Rotation is off, the step is unknown, or the token isn't labelled AWSPENDING."""


class UnknownOwner(RotationError):
    """Deleting either client secret could break sign-in, so neither is deleted."""


class NotProven(RotationError):
    """AWSPENDING must not become AWSCURRENT."""


class CallFailed(RotationError):
    """Names the operation and the error code only; AWS's own text may quote parameters."""


class NotAllowed(CallFailed):
    """A permission is missing. A new role's permissions take some seconds to spread."""
