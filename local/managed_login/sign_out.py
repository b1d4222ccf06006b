"""/logout: ends managed login's session, then redirects.

https://docs.aws.amazon.com/cognito/latest/developerguide/logout-endpoint.html
"""

from __future__ import annotations

from starlette.responses import RedirectResponse, Response

from local.managed_login import authorization
from local.managed_login.errors import ErrorPage
from local.managed_login.incoming import Incoming
from local.managed_login.site import Site
from local.managed_login.visits import SESSION_COOKIE


def sign_out(site: Site, incoming: Incoming) -> Response:
    """GET /logout: redirects to a registered ``logout_uri``, or to sign-in (``redirect_uri``)."""
    client = authorization.checked_client(incoming.query, site.directory.client)
    logout_uri = incoming.query["logout_uri"]
    if logout_uri:
        if logout_uri not in client.logout_urls or "logout_uri" in incoming.query.repeated():
            raise ErrorPage("redirect_mismatch", "error_url_mismatch", parameter="logout_uri")
        destination = logout_uri
    elif incoming.query["redirect_uri"]:
        site.authorization(incoming)
        destination = incoming.to("/login")
    else:
        raise ErrorPage("invalid_request", "error_no_destination")
    site.sessions.drop(incoming.cookies.get(SESSION_COOKIE, ""))
    response = RedirectResponse(destination, 302)
    response.delete_cookie(SESSION_COOKIE, httponly=True, samesite="lax")
    return response
