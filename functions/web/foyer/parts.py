"""What the routes work with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from aws_lambda_powertools import Logger

    from .attempt import AttemptCookies
    from .cognito import Cognito
    from .cookies import CookieStyle
    from .counters import Counters
    from .pages import Pages
    from .secret_store import SecretStore
    from .session import SessionCookie
    from .sign_in import SignIn
    from .visitors import Visitors


@dataclass(frozen=True)
class Foyer:
    """The parts, put together once per container."""

    cognito: Cognito
    secrets: SecretStore
    visitors: Visitors
    sign_in: SignIn
    pages: Pages
    cookie_style: CookieStyle
    session_cookie: SessionCookie
    attempts: AttemptCookies
    log: Logger
    counters: Counters
    clock: Callable[[], float]
    now: Callable[[], float]
