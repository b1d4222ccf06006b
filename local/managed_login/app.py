"""The Starlette app and its routes."""

from __future__ import annotations

import time
from collections.abc import Callable

from botocore.exceptions import BotoCoreError
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Route
from urllib3.exceptions import HTTPError

from local.managed_login import (
    confirmation,
    inbox,
    new_password,
    oauth,
    recovery,
    second_factor,
    sign_in,
    sign_out,
    sign_up,
    users,
)
from local.managed_login.endpoints import (
    Handler,
    back_channel_endpoint,
    error_endpoint,
    missing_handler,
    page_endpoint,
    unreachable_handler,
)
from local.managed_login.language import ENGLISH
from local.managed_login.safe_headers import SafeHeaders
from local.managed_login.settings import ManagedLogin
from local.managed_login.site import Site
from local.managed_login.visits import VISIT_SECONDS, Shelf, Visit
from local.own_hosts import OwnHosts

PAGES: dict[str, dict[str, Handler]] = {
    "/oauth2/authorize": {"GET": sign_in.authorize},
    "/login": {"GET": sign_in.sign_in_page, "POST": sign_in.sign_in},
    "/signup": {"GET": sign_up.sign_up_page, "POST": sign_up.sign_up},
    "/confirm": {"GET": confirmation.confirmation_page, "POST": confirmation.confirm},
    "/resendcode": {"POST": confirmation.resend_code},
    "/forgotPassword": {"GET": recovery.forgotten_page, "POST": recovery.send_code},
    "/confirmforgotPassword": {"GET": recovery.reset_page, "POST": recovery.reset},
    "/changePassword": {"GET": new_password.new_password_page, "POST": new_password.change},
    "/mfa": {"GET": second_factor.challenge_page, "POST": second_factor.answer_challenge},
    "/mfa/setup": {"GET": second_factor.enrolment_page, "POST": second_factor.enrol},
    "/logout": {"GET": sign_out.sign_out},
}
# For developers, in English; Cognito has no such pages.
TOOLS: dict[str, dict[str, Handler]] = {
    "/inbox": {"GET": inbox.inbox_page},
    "/users": {"GET": users.users_page, "POST": users.change_user},
}
FOR_PROGRAMS: dict[str, dict[str, Handler]] = {
    "/inbox.json": {"GET": inbox.inbox_json},
    "/users.json": {"GET": users.users_json},
}
BACK_CHANNEL: dict[str, dict[str, Handler]] = {
    "/oauth2/token": {"POST": oauth.token},
    "/oauth2/userInfo": {"GET": oauth.user_info},
    "/oauth2/revoke": {"POST": oauth.revoke},
}


def create_app(settings: ManagedLogin, clock: Callable[[], float] = time.time) -> Starlette:
    """Create the local managed login, with the inbox and the users page."""
    site = Site.of(settings, clock)
    return Starlette(
        routes=_routes(site),
        middleware=[
            Middleware(OwnHosts, hosts=settings.hosts),
            Middleware(SafeHeaders),
        ],
        exception_handlers={
            404: missing_handler(site),
            405: missing_handler(site),
            BotoCoreError: unreachable_handler(site),
            HTTPError: unreachable_handler(site),
        },
    )


def _routes(site: Site) -> list[Route]:
    visits: Shelf[Visit] = Shelf(VISIT_SECONDS, 1000, site.clock)
    routes = [Route("/error", error_endpoint(site))]
    for path, handlers in PAGES.items():
        routes.append(Route(path, page_endpoint(site, visits, handlers), methods=list(handlers)))
    for path, handlers in TOOLS.items():
        tool = page_endpoint(site, visits, handlers, ENGLISH)
        routes.append(Route(path, tool, methods=list(handlers)))
    for path, handlers in (BACK_CHANNEL | FOR_PROGRAMS).items():
        routes.append(Route(path, back_channel_endpoint(site, handlers), methods=list(handlers)))
    return routes
