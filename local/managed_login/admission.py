"""From the right password to the app: whatever Cognito asks in between, then a code."""

from __future__ import annotations

from starlette.responses import Response

from local.managed_login.authorization import AuthorizationRequest
from local.managed_login.errors import Rejected
from local.managed_login.incoming import Incoming
from local.managed_login.pool import Pool
from local.managed_login.site import Site, see_other
from local.managed_login.visits import AnswerTotp, ChooseNewPassword, EnrolTotp, Session


def admit(site: Site, incoming: Incoming, pool: Pool, username: str, password: str) -> Response:
    """Check the password; then whatever Cognito asks next, or back to the app with a code."""
    client_id = site.authorization(incoming).client_id
    outcome = site.accounts.authenticate(username, password, client_id)
    if outcome.challenge == "NEW_PASSWORD_REQUIRED":
        step = incoming.visit.begin(ChooseNewPassword(username))
        return see_other(incoming.to("/changePassword", step=step))
    if outcome.challenge == "SOFTWARE_TOKEN_MFA":
        step = incoming.visit.begin(AnswerTotp(username, password))
        return see_other(incoming.to("/mfa", step=step))
    # MiniStack lets people without a second factor in even where the pool demands one. Where it is
    # optional, Cognito offers none: people set one up on a page of the app's.
    if pool.mfa == "ON":
        secret = site.accounts.new_totp_secret(outcome.access_token)
        enrol = EnrolTotp(username, password, outcome.access_token, secret)
        return see_other(incoming.to("/mfa/setup", step=incoming.visit.begin(enrol)))
    return complete(site, site.authorization(incoming), Session(username, password))


def complete(site: Site, request: AuthorizationRequest, session: Session) -> Response:
    """Every check has been passed: a session of managed login, a code for the app."""
    code = site.oauth_server.authorization_code(request, session.username, session.password)
    if code is None:
        raise Rejected("NotAuthorizedException")
    site.accounts.signed_in(session.username, request.client_id)
    response = see_other(request.location(code=code))
    site.start_session(response, session)
    return response
