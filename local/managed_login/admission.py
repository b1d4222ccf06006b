"""From the correct password to the authorization code, with Cognito's challenges in between."""

from __future__ import annotations

from starlette.responses import Response

from local.managed_login.authorization import AuthorizationRequest
from local.managed_login.errors import Rejected
from local.managed_login.incoming import Incoming
from local.managed_login.pool import Pool
from local.managed_login.site import Site, see_other
from local.managed_login.visits import AnswerTotp, ChooseNewPassword, EnrolTotp, Session


def admit(site: Site, incoming: Incoming, pool: Pool, username: str, password: str) -> Response:
    """Check the password, then show the next challenge or return to the app with a code."""
    client_id = site.authorization(incoming).client_id
    outcome = site.accounts.authenticate(username, password, client_id)
    if outcome.challenge == "NEW_PASSWORD_REQUIRED":
        step = incoming.visit.begin(ChooseNewPassword(username))
        return see_other(incoming.to("/changePassword", step=step))
    if outcome.challenge == "SOFTWARE_TOKEN_MFA":
        step = incoming.visit.begin(AnswerTotp(username, password))
        return see_other(incoming.to("/mfa", step=step))
    # MiniStack admits users without a second factor even if the pool requires one. If it is
    # optional, Cognito does not offer to set one up; users do that in the app.
    if pool.mfa == "ON":
        secret = site.accounts.new_totp_secret(outcome.access_token)
        enrol = EnrolTotp(username, password, outcome.access_token, secret)
        return see_other(incoming.to("/mfa/setup", step=incoming.visit.begin(enrol)))
    return complete(site, site.authorization(incoming), Session(username, password))


def complete(site: Site, request: AuthorizationRequest, session: Session) -> Response:
    """After all checks: create a session of managed login and a code for the app."""
    site.accounts.signed_in(session.username, request.client_id)
    code = site.tokens.code(request, session.username, session.password)
    if code is None:
        raise Rejected("NotAuthorizedException")
    response = see_other(request.location(code=code))
    site.start_session(response, session)
    return response
