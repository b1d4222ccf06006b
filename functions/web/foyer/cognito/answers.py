"""What Cognito's OAuth endpoints answer, checked: errors they name, JSON, tokens."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..errors import BadGateway, Refused
from ..strict_json import parse_object

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .http import Answer

# Errors by endpoint: RFC 6749 §5.2, RFC 7009 §2.2.1 and RFC 6750 §3.1. Only these get into logs.
_TOKEN_ERRORS = (
    "invalid_request",
    "invalid_client",
    "invalid_grant",
    "unauthorized_client",
    "unsupported_grant_type",
    "invalid_scope",
)
KNOWN_ERRORS: Mapping[str, tuple[str, ...]] = {
    "token": _TOKEN_ERRORS,
    "revoke": (*_TOKEN_ERRORS, "unsupported_token_type"),
    "userinfo": ("invalid_request", "invalid_token", "insufficient_scope"),
}

# Two searches, because one pattern for both takes quadratic time on "Bearer Bearer …".
_BEARER = re.compile(r"\bBearer\b", re.IGNORECASE)
_ERROR = re.compile(r'\berror="?([a-z_]+)', re.IGNORECASE)
_BEARER_TOKEN = re.compile(r"[A-Za-z0-9._~+/-]+=*")  # RFC 6750 §2.1
_VISIBLE = re.compile(r"[\x21-\x7e]+")  # RFC 6749 appendix A.17

# Cognito's own limit for access tokens. A longer life is cut to this.
MOST_EXPIRES_IN_SECONDS = 24 * 60 * 60


@dataclass(frozen=True)
class Tokens:
    """A token answer (RFC 6749 §5.1) to ``client_id``. Nothing is verified yet.

    ``id_token`` is None only after a refresh (OIDC Core §12.2). ``expires_in`` is in seconds; it
    is optional.
    """

    client_id: str
    id_token: str | None = field(repr=False)
    access_token: str = field(repr=False)
    refresh_token: str | None = field(repr=False)
    expires_in: int | None


def malformed(endpoint: str, detail: str) -> BadGateway:
    return BadGateway(f"{endpoint}_answer_malformed", detail)


def expect_ok(endpoint: str, answer: Answer) -> None:
    if answer.status != 200:
        raise BadGateway(f"{endpoint}_failed", f"HTTP {answer.status}")


def refuse_oauth_error(endpoint: str, answer: Answer) -> None:
    """Raise Refused for an error that the endpoint names (RFC 6749 §5.2)."""
    if answer.status in {400, 401}:
        error = _parsed(endpoint, answer).get("error")
        if isinstance(error, str) and error in KNOWN_ERRORS[endpoint]:
            raise Refused(error, endpoint)


def bearer_error(endpoint: str, answer: Answer) -> None:
    """Raise Refused for an error in ``WWW-Authenticate`` (RFC 6750 §3)."""
    if answer.status not in {400, 401, 403}:
        return
    challenge = answer.headers.get("WWW-Authenticate", "")
    bearer = _BEARER.search(challenge)
    error = bearer and _ERROR.search(challenge, bearer.end())
    if error and error[1] in KNOWN_ERRORS[endpoint]:
        raise Refused(error[1], endpoint)


def json_object(endpoint: str, answer: Answer) -> dict[str, Any]:
    expect_ok(endpoint, answer)
    return _parsed(endpoint, answer)


def _parsed(endpoint: str, answer: Answer) -> dict[str, Any]:
    media_type = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if not media_type.endswith(("/json", "+json")):
        raise malformed(endpoint, "content type")
    try:
        return parse_object(answer.body)
    except ValueError:
        raise malformed(endpoint, "no proper JSON object") from None


def tokens(answer: Mapping[str, Any], *, client_id: str) -> Tokens:
    token_type = answer.get("token_type")
    if not isinstance(token_type, str) or token_type.lower() != "bearer":
        raise malformed("token", "token_type")
    has = {name for name, value in answer.items() if value is not None}
    return Tokens(
        client_id=client_id,
        id_token=_text(answer, "id_token", _VISIBLE) if "id_token" in has else None,
        access_token=_text(answer, "access_token", _BEARER_TOKEN),
        refresh_token=_text(answer, "refresh_token", _VISIBLE) if "refresh_token" in has else None,
        expires_in=_expires_in(answer) if "expires_in" in has else None,
    )


def _expires_in(answer: Mapping[str, Any]) -> int:
    value = answer["expires_in"]
    if type(value) is not int or value <= 0:  # bool is a kind of int
        raise malformed("token", "expires_in")
    return min(value, MOST_EXPIRES_IN_SECONDS)


def _text(answer: Mapping[str, Any], name: str, form: re.Pattern[str]) -> str:
    value = answer.get(name)
    if not isinstance(value, str) or not form.fullmatch(value):
        raise malformed("token", name)
    return value
