"""What visitors read when something goes wrong, and what the log says at the same time.

The page has a calm sentence, a way on and a reference id. The log line has the same id (it is
its correlation id) and the reason; neither shows anything that came with the request.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import quote

from . import http_api, stack_trace
from .errors import EntryRefused, RequestFailed, SignInAgain
from .return_to import MAX_CHARACTERS

if TYPE_CHECKING:
    from aws_lambda_powertools import Logger

    from .http_api import Request, Response
    from .pages import Pages
    from .route import Route
    from .sessions.session import Session

PROBLEM_JSON = "application/problem+json"  # RFC 9457


@dataclass(frozen=True)
class _Words:
    """Keys of texts; ``href`` is where the button labelled ``label`` leads."""

    heading: str
    sentence: str
    href: str = "/login"
    label: str = "start_again"


_OURS = _Words("problem_ours", "problem_ours_sentence")
_NOT_FOUND = _Words("problem_not_found", "problem_not_found_sentence", "/", "go_to_start_page")

_BY_STATUS = {
    400: _Words("problem_request", "problem_request_sentence"),
    403: _Words("problem_declined", "problem_declined_sentence"),
    404: _NOT_FOUND,
    502: _Words("problem_gateway", "problem_gateway_sentence"),
    503: _Words("problem_unavailable", "problem_unavailable_sentence"),
    504: _Words("problem_timeout", "problem_timeout_sentence"),
}

_BY_REASON = {
    "provider_trigger_refused": _Words("problem_declined", "problem_trigger_sentence"),
    "provider_attribute_fixed": _Words("problem_declined", "problem_attribute_fixed_sentence"),
    "provider_attribute_missing": _Words("problem_declined", "problem_attribute_missing_sentence"),
    "provider_user_linked": _Words("problem_declined", "problem_linked_sentence"),
    "sign_out_incomplete": _Words(
        "problem_incomplete", "problem_incomplete_sentence", "/", "go_to_start_page"
    ),
}

# The browser's mistakes outside of sign-in, as in a page of your own: in the address, or in a form.
_OF_SIGN_OUT = _Words("problem_cross_site", "problem_cross_site_sentence", "/logout", "sign_out")
_OF_FORM = _Words("account_problem_form", "account_problem_form_sentence", "/", "go_to_start_page")
_OF_JSON = "The request is malformed, or was not sent from this site."

# On the account page. After a wrong or late answer of Cognito, the change may have been made.
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


def answer(
    error: Exception,
    route: Route,
    request: Request,
    pages: Pages,
    log: Logger,
    *,
    session: Session | None,
) -> Response:
    """The error answer for ``error``; anything unexpected is a 500.

    The log says whose request it was, as far as ``session`` shows.
    """
    sub = session.subject if session else None  # None is left out of the line
    if not isinstance(error, RequestFailed):
        name, stack = stack_trace.name(error), stack_trace.stack(error)
        log.error("unexpected_error", error=name, stack=stack, sub=sub)
        return _show(500, _OURS, route, request, pages)
    if isinstance(error, EntryRefused):
        sub = error.subject
    write = log.error if error.status >= 500 else log.warning
    write("request_failed", reason=error.reason, detail=error.detail, status=error.status, sub=sub)
    if isinstance(error, SignInAgain):
        return _sign_in_again(error, route, request, pages)
    if isinstance(error, EntryRefused):
        return _entry_refused(error, request, pages)
    response = _show(error.status, _words(error, route, request), route, request, pages)
    headers = {**response.headers, **error.headers}
    return replace(response, headers=headers, cookies=error.cookies)


def _words(error: RequestFailed, route: Route, request: Request) -> _Words:
    if route.is_account:
        return _OF_ACCOUNT.get(error.status, _OF_ACCOUNT_ELSE)
    if error.status == 400 and not route.is_sign_in:
        if route.is_sign_out:
            return _OF_SIGN_OUT
        return _NOT_FOUND if request.method in ("GET", "HEAD") else _OF_FORM
    return _BY_REASON.get(error.reason) or _BY_STATUS.get(error.status, _OURS)


def _sign_in_again(error: SignInAgain, route: Route, request: Request, pages: Pages) -> Response:
    sentence = "sign_in_again_recently" if error.with_password else "sign_in_again_for_account"
    if route.is_json:
        return _json(error.status, pages.text[sentence], request)
    href = sign_in_path(route, request) + ("&prompt=login" if error.with_password else "")
    page = pages.page(
        "sign_in_again",
        title=pages.text["sign_in_again"],
        sentence=pages.text[sentence],
        href=href,
    )
    return http_api.html(page, language=pages.language, status=error.status)


def _entry_refused(error: EntryRefused, request: Request, pages: Pages) -> Response:
    """Says which account it was, and how to use another one.

    Managed login still knows this account, so a new sign-in has to ask.
    """
    is_unverified = error.reason == "entry_email_unverified"
    sentence = "entry_unverified_sentence" if is_unverified else "problem_trigger_sentence"
    page = pages.page(
        "entry/refused",
        title=pages.text["problem_declined"],
        account=pages.text["entry_account"].format(account=error.account),
        sentence=pages.text[sentence],
        href=f"/login?return_to={quote(error.return_to, safe='/')}&prompt=login",
        reference=request.request_id,
    )
    return http_api.html(page, language=pages.language, status=error.status)


def sign_in_path(route: Route, request: Request) -> str:
    """To sign in and come back: to this page, or to the one that has this route's form."""
    path = route.form_page or request.quoted_path
    if request.raw_query and not route.form_page and request.method == "GET":
        with_query = f"{path}?{request.raw_query}"
        path = with_query if len(with_query) <= MAX_CHARACTERS else path
    return f"/login?return_to={quote(path, safe='/')}"


def not_found(request: Request, pages: Pages) -> Response:
    page = _page(_NOT_FOUND, request, pages)
    return http_api.html(page, language=pages.language, status=404)


def unauthorized(request: Request, *, was_ended: bool) -> Response:
    """401 for programs, which show a sign-in link of their own."""
    ended = "You were signed out. Please sign in again."
    return _json(401, ended if was_ended else "Nobody is signed in.", request)


def reason(error: Exception) -> str:
    """The stable word for logs and metrics."""
    return error.reason if isinstance(error, RequestFailed) else "unexpected_error"


def _show(status: int, words: _Words, route: Route, request: Request, pages: Pages) -> Response:
    if route.is_json:
        detail = _OF_JSON if status == 400 else pages.text[words.sentence]
        return _json(status, detail, request)
    page = _page(words, request, pages)
    return http_api.html(page, language=pages.language, status=status)


def _page(words: _Words, request: Request, pages: Pages) -> str:
    return pages.problem(
        heading=pages.text[words.heading],
        sentence=pages.text[words.sentence],
        reference=request.request_id,
        href=words.href,
        label=pages.text[words.label],
    )


def _json(status: int, detail: str, request: Request) -> Response:
    problem = {
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "reference": request.request_id,
    }
    return http_api.json_document(problem, status=status, media_type=PROBLEM_JSON)
