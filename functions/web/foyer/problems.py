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
    """Keys of texts; ``href`` is where the button labelled ``label`` leads."""

    heading: str
    sentence: str
    href: str = "/login"
    label: str = "start_again"


_OURS = _Words("problem_ours", "problem_ours_sentence")

_BY_STATUS = {
    400: _Words("problem_request", "problem_request_sentence"),
    403: _Words("problem_declined", "problem_declined_sentence"),
    502: _Words("problem_gateway", "problem_gateway_sentence"),
    503: _Words("problem_unavailable", "problem_unavailable_sentence"),
    504: _Words("problem_timeout", "problem_timeout_sentence"),
}

_BY_REASON = {
    "sign_out_incomplete": _Words(
        "problem_incomplete", "problem_incomplete_sentence", "/", "go_to_start_page"
    ),
    "cross_site_post": _Words(
        "problem_cross_site", "problem_cross_site_sentence", "/logout", "sign_out"
    ),
}

# On the account page; where Cognito answered wrongly or late, something may have been changed.
_OF_ACCOUNT = {
    400: _Words(
        "account_problem_form", "account_problem_form_sentence", "/account", "back_to_account"
    ),
    503: _Words(
        "account_problem_busy", "account_problem_busy_sentence", "/account", "back_to_account"
    ),
}
_OF_ACCOUNT_ELSE = _Words(
    "account_problem_unsure", "account_problem_unsure_sentence", "/account", "back_to_account"
)

_NOT_FOUND = _Words("problem_not_found", "problem_not_found_sentence", "/", "go_to_start_page")


def answer(error: Exception, pages: Pages, request: Request, log: Logger) -> Response:
    """The error page for ``error``, which is logged; anything unexpected is a 500."""
    if not isinstance(error, SignInError):
        log.error("unexpected_error", error=_name(error), stack=_stack(error))
        return _show(500, _OURS, pages, request)
    line = log.error if error.status >= 500 else log.warning
    line("request_failed", reason=error.reason, detail=error.detail, status=error.status)
    words = _words(error, request)
    more = {"retry-after": str(error.retry_after)} if isinstance(error, Unavailable) else {}
    return _show(error.status, words, pages, request, more)


def _words(error: SignInError, request: Request) -> _Words:
    if " /account" in request.route_key:
        return _OF_ACCOUNT.get(error.status, _OF_ACCOUNT_ELSE)
    return _BY_REASON.get(error.reason) or _BY_STATUS[error.status]


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
        return _json(status, pages.text[words.sentence], request, more_headers)
    page = pages.problem(
        heading=pages.text[words.heading],
        sentence=pages.text[words.sentence],
        reference=request.request_id,
        href=words.href,
        label=pages.text[words.label],
    )
    return http_api.html(page, language=pages.language, status=status, more_headers=more_headers)


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
