"""What the routes work with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from . import language

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from aws_lambda_powertools import Logger

    from .attempt import AttemptCookies
    from .cognito import Cognito
    from .cookies import CookieStyle
    from .counters import Counters
    from .http_api import Request, Response
    from .pages import Pages, PagesByLanguage
    from .secret_store import SecretStore
    from .session import SessionCookie
    from .sign_in import SignIn
    from .user_api import UserApi
    from .visitors import Visitors


@dataclass(frozen=True)
class Foyer:
    """The parts, put together once per container."""

    cognito: Cognito
    secrets: SecretStore
    visitors: Visitors
    sign_in: SignIn
    user_api: UserApi | None  # None without an account page
    password_rules: Mapping[str, int]
    scope: str
    routes: Mapping[str, Callable[[Foyer, Request], Response]]
    pages: PagesByLanguage
    cookie_style: CookieStyle
    session_cookie: SessionCookie
    attempts: AttemptCookies
    log: Logger
    counters: Counters
    clock: Callable[[], float]
    now: Callable[[], float]

    def pages_for(self, request: Request) -> Pages:
        """The pages in the visitor's language."""
        return self.pages[self.language_for(request)]

    def language_for(self, request: Request) -> str:
        """The visitor's language; programs, which ask for /me, are always told in English."""
        if request.route_key == "GET /me":
            return language.DEFAULT
        name = self.cookie_style.name(language.COOKIE)
        return language.choose(request, kept=request.cookies.get(name))
