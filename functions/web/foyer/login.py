"""To managed login and back: /login, /signup and /callback."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .attempt import Attempt
from .errors import BadRequest, SealBroken
from .http_api import Request, Response, redirect
from .language import MAX_TAG
from .return_to import MAX_CHARACTERS, own_path
from .sign_in import reported_error

if TYPE_CHECKING:
    from .parts import Foyer

# From the callback's arrival until Cognito's last answer. One more read of the secret may come on
# top; all of it has to end before the function is stopped (Timeout in template.yaml).
_SIGN_IN_SECONDS = 12

_RESTARTED = "foyer-restarted"
_RESTARTED_SECONDS = 300


def login(foyer: Foyer, request: Request) -> Response:
    """To managed login, to sign in."""
    return _start(foyer, request, "/oauth2/authorize")


def signup(foyer: Foyer, request: Request) -> Response:
    """To managed login, to create an account."""
    return _start(foyer, request, "/signup")


def _start(foyer: Foyer, request: Request, path: str) -> Response:
    query = request.query(return_to=MAX_CHARACTERS, lang=MAX_TAG, login_hint=256, prompt=16)
    credentials = foyer.secrets.credentials()
    keys, now = credentials.key_ring, foyer.now()
    attempt = Attempt.start(return_to=own_path(query.get("return_to", "/")), now=now)
    location = foyer.cognito.sign_in_url(
        path,
        client_id=credentials.client_id,
        redirect_uri=redirect_uri(request),
        scope=foyer.scope,
        state=attempt.state,
        nonce=attempt.nonce,
        code_challenge=attempt.code_challenge,
        # Always: managed login keeps what it was told last in a cookie of its own.
        lang=foyer.language_for(request),
        login_hint=query.get("login_hint"),
        # To ask for the password again, whoever is signed in at managed login; no other is ours.
        prompt="login" if query.get("prompt") == "login" else None,
    )
    cookies = (
        *foyer.attempts.make_room(request.cookies, keys=keys, now=now),
        foyer.attempts.set(attempt, keys=keys),
    )
    foyer.counters.count("SignInStarted")
    return redirect(location, status=302, cookies=cookies)


def callback(foyer: Foyer, request: Request) -> Response:
    """Back from managed login: the code becomes a session, which is always a new one."""
    deadline = foyer.clock() + _SIGN_IN_SECONDS
    query = request.query(code=2048, state=256, error=64)
    if "state" not in query:
        return _callback_without_state(foyer, request, query)
    attempt = _attempt(foyer, request, query["state"])
    if attempt is None:
        if foyer.visitors.session_in(request.cookies):  # reloaded, or reached with Back
            return redirect("/", status=303)
        raise BadRequest("attempt_unknown")
    if "error" in query:
        raise reported_error(query["error"])
    if not query.get("code"):
        raise BadRequest("code_missing")
    session = foyer.sign_in.finish(
        query["code"], attempt, redirect_uri=redirect_uri(request), deadline=deadline
    )
    cookies = (
        *foyer.visitors.remember(session).cookies,
        *foyer.attempts.clear(attempt.state, request.cookies),
        *_may_restart_again(foyer, request),
    )
    foyer.counters.count("SignInSucceeded")
    foyer.log.info("signed_in")
    return redirect(attempt.return_to, status=303, cookies=cookies)


def _attempt(foyer: Foyer, request: Request, state: str) -> Attempt | None:
    try:
        return foyer.secrets.use(
            lambda credentials: foyer.attempts.find(
                state, request.cookies, keys=credentials.key_ring, now=foyer.now()
            )
        )
    except SealBroken as error:
        foyer.log.info("attempt_not_usable", reason=str(error))
        return None


def _callback_without_state(foyer: Foyer, request: Request, query: dict[str, str]) -> Response:
    """Managed login opened by hand, or a sign-in begun at the identity provider.

    Such a code may be somebody else's (RFC 9700 §4.7.1, login CSRF), so it goes unused, and the
    browser begins again with a state: once, because whatever lost the state may lose it again.
    """
    if "error" in query:
        raise reported_error(query["error"])
    if not query.get("code"):
        raise BadRequest("callback_empty")
    if foyer.visitors.session_in(request.cookies):
        return redirect("/", status=303)
    if _has_restarted(foyer, request):
        raise BadRequest("state_missing")
    restarted = foyer.cookie_style.set(_RESTARTED, "1", max_age=_RESTARTED_SECONDS)
    return redirect("/login", status=303, cookies=(restarted,))


def _has_restarted(foyer: Foyer, request: Request) -> bool:
    return foyer.cookie_style.name(_RESTARTED) in request.cookies


def _may_restart_again(foyer: Foyer, request: Request) -> tuple[str, ...]:
    if not _has_restarted(foyer, request):
        return ()
    return (foyer.cookie_style.clear(_RESTARTED),)


def forget_attempt(foyer: Foyer, request: Request) -> tuple[str, ...]:
    """An attempt that failed cannot be taken up again; other tabs' attempts and sessions stay."""
    if request.route_key != "GET /callback":
        return ()
    try:
        state = request.query(state=256).get("state", "")
    except BadRequest:
        return ()
    return foyer.attempts.clear(state, request.cookies)


def redirect_uri(request: Request) -> str:
    return f"{request.app_url}/callback"
