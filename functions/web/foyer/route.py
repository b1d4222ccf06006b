"""What is true of a route, whatever request arrives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from .http_api import Request, Response
    from .services import Services
    from .sessions.visitors import Visit

Handle: TypeAlias = "Callable[[Services, Request, Visit], Response]"
OnFailure: TypeAlias = "Callable[[Services, Request, str], tuple[str, ...]]"


class Needs(IntEnum):
    """What a route needs to know about the visitor. Each level includes the ones before it."""

    NOTHING = 0
    VISITOR = 1  # who is here; may be nobody
    SESSION = 2  # somebody signed in; others are sent to sign in (pages) or refused (JSON)
    RECENT_SIGN_IN = 3  # signed in within the last 15 minutes (ASVS 7.5.1)


@dataclass(frozen=True)
class Route:
    """A route key's handler and its facts.

    ``handle`` gets the services, the request and the visit: who is here, as far as ``needs`` says.
    """

    handle: Handle
    needs: Needs = Needs.NOTHING
    is_json: bool = False  # errors are application/problem+json (RFC 9457), in English
    own_page_only: bool = False  # refused when another site's page sent it
    navigation_only: bool = False  # only for visitors who go there; see fetch_metadata
    asks_cognito: bool = False  # the visit has an access token, fresh from Cognito
    is_account: bool = False  # errors lead back to the account page
    is_sign_in: bool = False  # errors are about the sign-in
    is_sign_out: bool = False  # a refused request says that nobody was signed out
    form_page: str = ""  # path of the page with this route's form, when it is not the route's own
    on_failure: OnFailure | None = None
    """Called with the reason when the route fails; returns ``Set-Cookie`` lines."""
