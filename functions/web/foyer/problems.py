"""What visitors read when something goes wrong, and what the log says at the same time.

The page has a calm sentence, a way on and a reference id. The log line has the same id (it is
its correlation id) and the reason; neither shows anything that came with the request.
"""

from __future__ import annotations

import traceback
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

from . import http_api
from .errors import SignInError, Unavailable

if TYPE_CHECKING:
    from aws_lambda_powertools import Logger

    from .http_api import Request, Response
    from .pages import Pages

PROBLEM_JSON = "application/problem+json"  # RFC 9457


@dataclass(frozen=True)
class _Words:
    heading: str
    sentence: str
    href: str = "/login"
    label: str = "Start again"


_OURS = _Words("Something went wrong", "The mistake is on our side. Please try again.")

_BY_STATUS = {
    400: _Words(
        "That sign-in cannot be finished",
        "It took too long, was finished already, or began in another browser. "
        "Nothing is lost: please start again.",
    ),
    403: _Words(
        "You were not signed in",
        "The sign-in was declined, by you or by the sign-in service. "
        "You can start again at any time.",
    ),
    502: _Words(
        "Sign-in did not work",
        "The sign-in service gave an answer that we cannot use. Please start again.",
    ),
    503: _Words(
        "Sign-in is not available right now",
        "Please wait a moment, then start again.",
    ),
    504: _Words(
        "Sign-in took too long",
        "The sign-in service did not answer in time. Please start again.",
    ),
}

_BY_REASON = {
    "sign_out_incomplete": _Words(
        "You are signed out here",
        "But the sign-in service could not be told. If others use this computer, "
        "please close the browser too.",
        "/",
        "Go to the start page",
    ),
    "cross_site_post": _Words(
        "You are still signed in",
        "The request to sign out did not come from our own page. Please use the button there.",
        "/logout",
        "Sign out",
    ),
}

_NOT_FOUND = _Words(
    "There is no such page", "Perhaps the address was cut off.", "/", "Go to the start page"
)


def answer(error: Exception, pages: Pages, request: Request, log: Logger) -> Response:
    """The error page for ``error``, which is logged; anything unexpected is a 500."""
    if not isinstance(error, SignInError):
        log.error("unexpected_error", error=_name(error), stack=_stack(error))
        return _show(500, _OURS, pages, request)
    line = log.error if error.status >= 500 else log.warning
    line("request_failed", reason=error.reason, detail=error.detail, status=error.status)
    words = _BY_REASON.get(error.reason) or _BY_STATUS[error.status]
    more = {"retry-after": str(error.retry_after)} if isinstance(error, Unavailable) else {}
    return _show(error.status, words, pages, request, more)


def not_found(pages: Pages, request: Request) -> Response:
    """404; API Gateway's own routes make this rare, and its access log has it already."""
    return _show(404, _NOT_FOUND, pages, request)


def unauthorized(request: Request, detail: str) -> Response:
    """401 for programs: they show a sign-in link of their own."""
    return _json(401, detail, request)


def reason(error: Exception) -> str:
    """The stable word for logs and metrics."""
    return error.reason if isinstance(error, SignInError) else "unexpected_error"


def _show(
    status: int,
    words: _Words,
    pages: Pages,
    request: Request,
    more_headers: dict[str, str] | None = None,
) -> Response:
    if request.route_key == "GET /me":
        return _json(status, words.sentence, request, more_headers)
    page = pages.problem(
        heading=words.heading,
        sentence=words.sentence,
        reference=request.request_id,
        href=words.href,
        label=words.label,
    )
    return http_api.html(page, status=status, more_headers=more_headers)


def _json(
    status: int, detail: str, request: Request, more_headers: dict[str, str] | None = None
) -> Response:
    problem = {
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "reference": request.request_id,
    }
    return http_api.json_document(
        problem, status=status, media_type=PROBLEM_JSON, more_headers=more_headers
    )


def _name(error: BaseException) -> str:
    return f"{type(error).__module__}.{type(error).__qualname__}"


def _stack(error: BaseException) -> list[str]:
    """Where it happened, innermost last, causes first.

    Without values: an exception's message can quote what a visitor sent.
    """
    cause = error.__cause__ or error.__context__
    before = [*_stack(cause), f"then {_name(error)}"] if cause else [_name(error)]
    frames = traceback.extract_tb(error.__traceback__)
    return before + [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
