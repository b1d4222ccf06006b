"""Errors that managed login reports to the callback (RFC 6749 §4.1.2.1).

Cognito has one word, ``invalid_request``, for whatever stops a sign-in at another provider, and
says more in ``error_description``. The description is compared with what Cognito is known to write,
and goes neither into the log nor onto a page.
"""

from __future__ import annotations

from ..errors import AccessDenied, BadGateway, BadRequest, RequestFailed, Unavailable

MAX_DESCRIPTION = 1000  # characters that are looked at

CANCELLED = "access_denied"

# Our reason, and parts of Cognito's descriptions in lower case. Triggers come first, because their
# own words may hold any of the others.
_CAUSES = {
    "provider_trigger_refused": ("failed with error", "lambda"),
    "provider_attribute_fixed": ("attribute cannot be updated",),
    "provider_attribute_missing": (
        "attributes required",
        "attribute is required",
        "required attribute",
        "missing required",
        "did not conform to the schema",
    ),
    "provider_user_linked": ("already found an entry for username", "already linked"),
    "provider_declined": ("denied", "declined", "cancel", "idp response", "saml response"),
}

_WRONG_AT_COGNITO = (
    "invalid_request",
    "unauthorized_client",
    "unsupported_response_type",
    "invalid_scope",
    "server_error",
)


def reported_error(error: str, description: str) -> RequestFailed:
    """What managed login reported, as one of our errors."""
    if error == CANCELLED:
        return AccessDenied(error)
    if error == "temporarily_unavailable":
        return Unavailable("authorize_temporarily_unavailable")
    if error == "invalid_request":
        said = description.lower()
        for reason, signs in _CAUSES.items():
            if any(sign in said for sign in signs):
                return AccessDenied(reason)
    if error in _WRONG_AT_COGNITO:
        return BadGateway(f"authorize_{error}")
    # Not an error of Cognito for our requests: anybody can type this address.
    return BadRequest("authorize_error_unknown")
