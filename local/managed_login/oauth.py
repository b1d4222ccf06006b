"""The back channel: /oauth2/token, /oauth2/userInfo and /oauth2/revoke.

MiniStack issues and checks the tokens. Added here, following Cognito's documentation:
clients authenticate for every grant, refresh tokens work only for their own client, a wrong
redirect URI is ``unauthorized_client``, and there is a revocation endpoint.
https://docs.aws.amazon.com/cognito/latest/developerguide/token-endpoint.html
https://docs.aws.amazon.com/cognito/latest/developerguide/revocation-endpoint.html
"""

from __future__ import annotations

import base64
import binascii
import hmac
from typing import Any

from starlette.responses import JSONResponse, Response

from local.managed_login.errors import OAuthError
from local.managed_login.incoming import Incoming
from local.managed_login.pool import Client
from local.managed_login.site import Site
from local.managed_login.tokens import unverified_claims

_TOKEN_ERRORS = {"invalid_request", "invalid_client", "invalid_grant", "unauthorized_client"}


def token(site: Site, incoming: Incoming) -> Response:
    """POST /oauth2/token."""
    if incoming.form.repeated():
        raise OAuthError("invalid_request", "repeated parameter")
    client = _authenticated_client(site, incoming)
    grant = incoming.form["grant_type"]
    if grant == "authorization_code":
        fields = _code_grant(client, incoming)
    elif grant == "refresh_token":
        fields = _refresh_grant(client, incoming)
    elif grant == "client_credentials":
        raise OAuthError("unauthorized_client", "client_credentials")
    elif grant:
        raise OAuthError("unsupported_grant_type", grant)
    else:
        raise OAuthError("invalid_request", "grant_type is missing")
    credentials = {"client_id": client.client_id, "client_secret": client.secret}
    answer = site.oauth_server.post("/oauth2/token", {"grant_type": grant, **credentials, **fields})
    body = answer.json()
    if answer.status != 200:
        raise _token_error(body)
    if grant == "refresh_token":
        return JSONResponse(site.tokens.refreshed(fields["refresh_token"], body))
    return JSONResponse(site.tokens.issued(fields["code"], body))


def user_info(site: Site, incoming: Incoming) -> Response:
    """GET /oauth2/userInfo."""
    authorization = incoming.headers.get("authorization", "")
    if not authorization.lower().startswith("bearer "):
        raise OAuthError("invalid_request", "a bearer token was expected")
    answer = site.oauth_server.get("/oauth2/userInfo", {"Authorization": authorization})
    if answer.status == 401:
        described = {"error": "invalid_token", **_only(answer.json(), "error_description")}
        challenge = {"WWW-Authenticate": 'Bearer error="invalid_token"'}
        return JSONResponse(described, 401, challenge)
    return JSONResponse(answer.json(), answer.status)


def revoke(site: Site, incoming: Incoming) -> Response:
    """POST /oauth2/revoke: an empty 200, even if the token was already revoked."""
    try:
        client = _authenticated_client(site, incoming)
    except OAuthError as error:
        raise OAuthError(error.error, error.description, 401) from error
    refresh_token = incoming.form["token"]
    if not refresh_token or not client.allows_revocation:
        raise OAuthError("invalid_request", "no token, or revocation is off for this client")
    claims = unverified_claims(refresh_token)
    if claims.get("token_use") != "refresh":
        raise OAuthError("unsupported_token_type", "only refresh tokens can be revoked")
    if claims.get("client_id") != client.client_id:
        raise OAuthError("invalid_client", "the token belongs to another client", 401)
    site.accounts.revoke(refresh_token, client)
    return Response()


def _code_grant(client: Client, incoming: Incoming) -> dict[str, str]:
    if "code" not in client.flows:
        raise OAuthError("unauthorized_client", "the code grant is off for this client")
    if not incoming.form["code"] or not incoming.form["redirect_uri"]:
        raise OAuthError("invalid_request", "code and redirect_uri are required")
    return _only(dict(incoming.form.pairs), "code", "redirect_uri", "code_verifier")


def _refresh_grant(client: Client, incoming: Incoming) -> dict[str, str]:
    refresh_token = incoming.form["refresh_token"]
    if not refresh_token:
        raise OAuthError("invalid_request", "refresh_token is required")
    if unverified_claims(refresh_token).get("client_id") != client.client_id:
        raise OAuthError("invalid_grant", "Invalid Refresh Token")
    return {"refresh_token": refresh_token}


def _token_error(body: dict[str, Any]) -> OAuthError:
    description = str(body.get("error_description", ""))
    if description.startswith("redirect_uri"):
        return OAuthError("unauthorized_client", description)
    error = body.get("error")
    # MiniStack returns server_error if the user was deleted; for a client, the grant is invalid.
    return OAuthError(error if error in _TOKEN_ERRORS else "invalid_grant", description)


def _authenticated_client(site: Site, incoming: Incoming) -> Client:
    """The client, by client_secret_basic (id and secret as they are) or client_secret_post."""
    client_id, secret = incoming.form["client_id"], incoming.form["client_secret"]
    scheme, _, encoded = incoming.headers.get("authorization", "").partition(" ")
    if scheme:
        basic_id, secret = _basic_credentials(scheme, encoded)
        if client_id and client_id != basic_id:
            raise OAuthError("invalid_request", "two different client ids")
        client_id = basic_id
    client = site.directory.client(client_id) if client_id else None
    if client is None or not hmac.compare_digest(secret.encode(), client.secret.encode()):
        raise OAuthError("invalid_client")
    return client


def _basic_credentials(scheme: str, encoded: str) -> tuple[str, str]:
    if scheme.lower() != "basic":
        raise OAuthError("invalid_client", "Basic was expected")
    try:
        client_id, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        raise OAuthError("invalid_client", "malformed Authorization header") from None
    return client_id, secret


def _only(values: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: values[name] for name in names if values.get(name)}
