"""What handlers need, and the operations that most of them share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from foyer.language import LANGUAGES as NAMES
from starlette.responses import HTMLResponse, RedirectResponse, Response

from local.managed_login import authorization
from local.managed_login.accounts import Accounts
from local.managed_login.attempts import Attempts
from local.managed_login.authorization import AuthorizationRequest
from local.managed_login.cognito_api import connect
from local.managed_login.directory import Directory
from local.managed_login.errors import ErrorPage, StepOver
from local.managed_login.incoming import Incoming
from local.managed_login.language import LANGUAGES
from local.managed_login.oauth_server import OAuthServer
from local.managed_login.outbox import Outbox
from local.managed_login.pages import Field, Pages
from local.managed_login.settings import ManagedLogin
from local.managed_login.tokens import Tokens
from local.managed_login.user_triggers import UserTriggers
from local.managed_login.visits import (
    SESSION_COOKIE,
    SESSION_SECONDS,
    SIGN_IN_SECONDS,
    Session,
    Shelf,
    StepType,
)

# Messages after a redirect. The URL contains the name of the message, never its text.
NOTICES = ("confirmed", "late", "must_reset", "over", "reset", "sent")


@dataclass(frozen=True)
class Site:
    settings: ManagedLogin
    directory: Directory
    accounts: Accounts
    oauth_server: OAuthServer
    outbox: Outbox
    tokens: Tokens
    pages: Pages
    sessions: Shelf[Session]
    attempts: Attempts
    clock: Callable[[], float]

    @classmethod
    def of(cls, settings: ManagedLogin, clock: Callable[[], float]) -> Site:
        cognito = connect(settings)
        directory, oauth_server = Directory(settings, cognito), OAuthServer(settings)
        triggers = UserTriggers(settings, cognito)
        outbox = Outbox(oauth_server, triggers)
        return cls(
            settings=settings,
            directory=directory,
            accounts=Accounts(settings, cognito, triggers, outbox),
            oauth_server=oauth_server,
            outbox=outbox,
            tokens=Tokens(settings, oauth_server, directory, triggers, clock),
            pages=Pages(settings),
            sessions=Shelf(SESSION_SECONDS, 1000, clock),
            attempts=Attempts(clock),
            clock=clock,
        )

    def authorization(self, incoming: Incoming) -> AuthorizationRequest:
        """The checked authorization request that this page serves."""
        query = incoming.query.without("step", "notice")
        return authorization.understand(query, self.directory.client)

    def form_age(self, incoming: Incoming) -> float:
        """Seconds since the posted form was created; ErrorPage (403) if it is not from here."""
        age = incoming.visit.form_age(incoming.form["csrf"], incoming.path)
        if age is None:
            raise ErrorPage("csrf", "error_form_foreign", 403)
        return age

    def step(self, incoming: Incoming, kind: type[StepType]) -> StepType:
        """The current step that belongs to this page; raises StepOver."""
        step = incoming.visit.step(incoming.query["step"], kind)
        if step is None:
            raise StepOver("late" if kind.seconds == SIGN_IN_SECONDS else "over")
        return step

    def session(self, incoming: Incoming) -> Session | None:
        return self.sessions.get(incoming.cookies.get(SESSION_COOKIE, ""))

    def show(
        self, template: str, incoming: Incoming, *, status: int = 200, **values: Any
    ) -> HTMLResponse:
        """A page with forms; each path that it posts to has its own CSRF token."""
        notice = incoming.query["notice"]
        return self.pages.show(
            template,
            incoming.language,
            status=status,
            action=incoming.to,
            csrf=incoming.visit.form_token,
            notice=incoming.say(f"notice_{notice}") if notice in NOTICES else "",
            languages={tag: _Other(NAMES[tag], incoming.here(lang=tag)) for tag in LANGUAGES},
            **values,
        )

    def show_form(
        self,
        template: str,
        incoming: Incoming,
        request: AuthorizationRequest,
        fields: Sequence[Field],
        *,
        problem: str = "",
        **values: Any,
    ) -> HTMLResponse:
        """A page with these fields; ``problem`` concerns the whole page, not one field."""
        has_failed = bool(problem) or any(field.problem for field in fields)
        return self.show(
            template,
            incoming,
            status=400 if has_failed else 200,
            redirects_to=request.redirect_uri,
            fields=fields,
            problem=problem,
            step=incoming.query["step"],
            **values,
        )

    def start_session(self, response: Response, session: Session) -> None:
        self.set_cookie(response, SESSION_COOKIE, self.sessions.put(session), SESSION_SECONDS)

    def set_cookie(
        self, response: Response, name: str, value: str, seconds: int | None = None
    ) -> None:
        """An HttpOnly cookie; without ``seconds``, it lasts until the browser is closed."""
        response.set_cookie(
            name,
            value,
            max_age=seconds,
            httponly=True,
            samesite="lax",
            secure=self.settings.public_url.startswith("https:"),
        )


@dataclass(frozen=True)
class _Other:
    """The page in another language."""

    name: str
    href: str


def see_other(location: str) -> RedirectResponse:
    return RedirectResponse(location, 303)
