"""What the routes work with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aws_lambda_powertools import Logger

    from .aws.secret_store import SecretStore
    from .clocks import Clocks
    from .cognito.oauth import AppClient
    from .cookies import CookieStyle
    from .counters import Counters
    from .pages import PagesByLanguage
    from .proxy import Proxy
    from .sessions.attempt import AttemptCookies
    from .sessions.sign_in import SignIn
    from .sessions.visitors import Visitors


@dataclass(frozen=True)
class Services:
    """Built once per container."""

    client: AppClient
    secrets: SecretStore
    visitors: Visitors
    sign_in: SignIn
    attempts: AttemptCookies
    pages: PagesByLanguage
    allows_sign_up: bool
    has_account_page: bool
    home: str  # where to go after sign-in when nothing else was asked for
    proxy: Proxy | None  # None takes requests from anywhere
    style: CookieStyle
    log: Logger
    counters: Counters
    clocks: Clocks
