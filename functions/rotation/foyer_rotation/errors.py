"""What can stop a rotation, or the filling in of the credentials, as one tree.

    RotationError
    ├── ConfigurationError   a setting or a field of the secret is missing or malformed
    ├── NotStaged            the event doesn't belong to a rotation in progress
    ├── UnknownOwner         two client secrets are active; which one is in use can't be told
    ├── NotProven            the token endpoint didn't accept the new client secret
    └── CallFailed           an AWS call or the token endpoint failed; trying again may help
        └── NotAllowed       the role may not make that call, or may not yet

Whichever it is, AWSCURRENT still names a client secret that Cognito accepts, and Secrets
Manager tries the same step again. No message holds a value of the secret: Lambda logs them.
"""

from __future__ import annotations


class RotationError(Exception):
    """The root; never raised itself."""


class ConfigurationError(RotationError):
    """The message names the variable or field and never shows its value."""


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
