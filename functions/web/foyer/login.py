"""To managed login and back: /login, /signup and /callback."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from . import flash
from .cognito.reported import CANCELLED, MAX_DESCRIPTION, reported_error
from .errors import BadRequest, RequestFailed, SealBroken, Unavailable
from .http_api import Request, Response, redirect
from .return_to import MAX_CHARACTERS, own_path
from .sessions.revocation import revoke

if TYPE_CHECKING:
    from .services import Services
    from .sessions.attempt import Attempt
    from .sessions.visitors import Visit

# From the callback's arrival until Cognito's last answer. One more read of the secret may follow;
# all of it has to end before the function is stopped (Timeout in template.yaml).
_SIGN_IN_SECONDS = 12

# For revoking the session that a sign-in replaces: a wait that visitors do not notice.
_REVOKE_SECONDS = 1

_MAX_HINT = 320  # characters: the longest address (RFC 3696, erratum 1690, allows 254)
_MAX_PROMPT = 16

_RESTARTED = "foyer-restarted"
_RESTARTED_SECONDS = 300


def login(services: Services, request: Request, _visit: Visit) -> Response:
    """To managed login, to sign in."""
    return _start(services, request, "/oauth2/authorize")


def signup(services: Services, request: Request, _visit: Visit) -> Response:
    """To managed login, to create an account; to sign in where visitors cannot create accounts."""
    return _start(services, request, "/signup" if services.allows_sign_up else "/oauth2/authorize")


def _start(services: Services, request: Request, path: str) -> Response:
    keys, now = services.secrets.credentials().key_ring, services.clocks.now()
    return_to = own_path(request.wish("return_to", at_most=MAX_CHARACTERS) or services.home)
    attempt, cookies = services.attempts.begin(
        request.cookies, return_to=return_to, keys=keys, now=now
    )
    location = services.client.sign_in_url(
        path,
        redirect_uri=redirect_uri(request),
        state=attempt.state,
        nonce=attempt.nonce,
        code_challenge=attempt.code_challenge,
        # Always sent: managed login remembers the last language in a cookie of its own.
        lang=request.language,
        login_hint=request.wish("login_hint", at_most=_MAX_HINT),
        # Asks for the password again. Other values of prompt are not passed on.
        prompt="login" if request.wish("prompt", at_most=_MAX_PROMPT) == "login" else None,
    )
    services.counters.count("SignInStarted")
    return redirect(location, status=302, cookies=cookies)


def callback(services: Services, request: Request, _visit: Visit) -> Response:
    """Back from managed login: the code becomes a session, which is always a new one."""
    deadline = services.clocks.monotonic() + _SIGN_IN_SECONDS
    query = request.query(code=2048, state=256, error=64, iss=256)
    if query.get("error") == CANCELLED and services.sign_in.is_from_issuer(query.get("iss")):
        return _cancelled(services, request)
    if "state" not in query:
        return _callback_without_state(services, request, query)
    attempt = _attempt(services, request, query["state"])
    if attempt is None:
        if services.visitors.session_in(request.cookies):  # reloaded, or reached with Back
            return redirect("/", status=303)
        raise BadRequest("attempt_unknown")
    if not services.sign_in.is_from_issuer(query.get("iss")):
        raise BadRequest("callback_other_issuer")
    if "error" in query:
        raise _reported(request, query["error"])
    if not query.get("code"):
        raise BadRequest("code_missing")
    session = services.sign_in.finish(
        query["code"], attempt, redirect_uri=redirect_uri(request), deadline=deadline
    )
    user_agent = request.headers.get("user-agent", "")
    begun = services.visitors.begin(session, request.cookies, user_agent=user_agent)
    cookies = (
        *begun.cookies,
        services.attempts.clear(attempt),
        *_forget_restart(services, request),
    )
    services.counters.count("SignInSucceeded")
    services.log.info("signed_in", sub=session.subject)
    _end_replaced(services, request, deadline)
    return redirect(attempt.return_to, status=303, cookies=cookies)


def _cancelled(services: Services, request: Request) -> Response:
    """A calm notice on the next page. Anybody may send a visitor here, so no error is logged."""
    forgotten = forget_failed_attempt(services, request, CANCELLED)
    services.log.info("sign_in_cancelled")
    notice = flash.leave("sign_in_was_cancelled", style=services.style)
    return redirect("/", status=303, cookies=(notice, *forgotten))


def _reported(request: Request, error: str) -> RequestFailed:
    return reported_error(error, request.said("error_description", at_most=MAX_DESCRIPTION))


def _end_replaced(services: Services, request: Request, deadline: float) -> None:
    """The session from before this sign-in, if there was one, is not refreshed again."""
    replaced = None
    with contextlib.suppress(Unavailable):  # the new session has begun
        replaced = services.visitors.take(request.cookies)
    soon = min(deadline, services.clocks.monotonic() + _REVOKE_SECONDS)
    revoke(replaced, services.client, services.log, deadline=soon)


def _attempt(services: Services, request: Request, state: str) -> Attempt | None:
    try:
        return services.secrets.use(
            lambda credentials: services.attempts.find(
                state, request.cookies, keys=credentials.key_ring, now=services.clocks.now()
            )
        )
    except SealBroken as error:
        services.log.info("attempt_not_usable", reason=str(error))
        return None


def _callback_without_state(
    services: Services, request: Request, query: dict[str, str]
) -> Response:
    """Managed login opened by hand, or a sign-in that started at the identity provider.

    Such a code may belong to an attacker (RFC 9700 §4.7.1, login CSRF), so it is not used. The
    browser starts again with a state, but only once: what lost the state may lose it again.
    """
    if "error" in query:
        raise _reported(request, query["error"])
    if not query.get("code"):
        raise BadRequest("callback_empty")
    if services.visitors.session_in(request.cookies):
        return redirect("/", status=303)
    if _has_restarted(services, request):
        raise BadRequest("state_missing")
    restarted = services.style.line(_RESTARTED, "1", max_age=_RESTARTED_SECONDS)
    return redirect("/login", status=303, cookies=(restarted,))


def _has_restarted(services: Services, request: Request) -> bool:
    return services.style.name(_RESTARTED) in request.cookies


def _forget_restart(services: Services, request: Request) -> tuple[str, ...]:
    return (services.style.clear(_RESTARTED),) if _has_restarted(services, request) else ()


def count_failure(services: Services, _request: Request, reason: str) -> tuple[str, ...]:
    services.counters.count("SignInFailed", reason=reason)
    return ()


def forget_failed_attempt(services: Services, request: Request, reason: str) -> tuple[str, ...]:
    """A failed attempt cannot be used again. Attempts of other tabs, and sessions, stay."""
    count_failure(services, request, reason)
    state = request.wish("state", at_most=256) or ""
    keys = None
    if reason != "unexpected_error":  # what failed without a reason is not tried again
        with contextlib.suppress(Unavailable):
            keys = services.secrets.credentials().key_ring
    return services.attempts.forget(state, request.cookies, keys=keys, now=services.clocks.now())


def redirect_uri(request: Request) -> str:
    return f"{request.app_url}/callback"
