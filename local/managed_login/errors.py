"""Errors that end a request.

ManagedLoginError
├── ErrorPage       shown as a page here, without a redirect
├── StepOver        the step expired, is done, or is another browser's: sign in again
├── SentBack        redirects to the app with an OAuth error (RFC 6749 §4.1.2.1)
├── OAuthError      a JSON response of a back-channel endpoint (RFC 6749 §5.2)
└── Rejected        the user pool refused a call, with Cognito's error code
"""

from __future__ import annotations


class ManagedLoginError(Exception):
    """The base class; never raised itself."""


class ErrorPage(ManagedLoginError):
    """``explanation`` is the key of a text; ``values`` fill its placeholders."""

    def __init__(self, error: str, explanation: str, status: int = 400, **values: str) -> None:
        super().__init__(error)
        self.error = error
        self.explanation = explanation
        self.status = status
        self.values = values


class StepOver(ManagedLoginError):
    """``notice`` is the message that the sign-in page shows."""

    def __init__(self, notice: str) -> None:
        super().__init__(notice)
        self.notice = notice


class SentBack(ManagedLoginError):
    def __init__(self, error: str, location: str) -> None:
        super().__init__(error)
        self.location = location


class OAuthError(ManagedLoginError):
    def __init__(self, error: str, description: str = "", status: int = 400) -> None:
        super().__init__(error)
        self.error = error
        self.description = description
        self.status = status


class Rejected(ManagedLoginError):
    """``code`` is Cognito's exception name, e.g. ``CodeMismatchException``."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code
