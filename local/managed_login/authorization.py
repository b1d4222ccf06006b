"""Checks authorization requests, and decides who is told about an invalid one.

https://docs.aws.amazon.com/cognito/latest/developerguide/authorization-endpoint.html
If the client or redirect URI is invalid, an error page is shown here. Redirecting to an
unregistered address would be an open redirect (RFC 6749 §4.1.2.1). Other errors go to the app.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

from local.managed_login.errors import ErrorPage, SentBack
from local.managed_login.incoming import Parameters
from local.managed_login.pool import Client

PROMPTS = {"none", "login", "select_account", "consent"}
# The schemes of callback URLs: https, http on localhost, and custom ones.
_RESOURCE = re.compile(r"(?!http://(?!localhost[:/]|localhost$))[A-Za-z][A-Za-z0-9+.-]*://[!-~]+")
_CODE_CHALLENGE = re.compile(r"[A-Za-z0-9._~-]{43,128}")  # RFC 7636 §4.2


@dataclass(frozen=True)
class AuthorizationRequest:
    """A request that passed every check."""

    client_id: str
    redirect_uri: str
    scope: str
    state: str
    nonce: str
    code_challenge: str
    code_challenge_method: str
    prompts: frozenset[str]
    login_hint: str
    resource: str  # the access token's audience (RFC 8707); empty for none

    @property
    def wants_sign_in_page(self) -> bool:
        """Whether to show the sign-in page even if there is a session."""
        return not self.prompts.isdisjoint({"login", "select_account"})

    def location(self, **parameters: str) -> str:
        """The redirect URI with ``parameters`` and the app's state."""
        state = {"state": self.state} if self.state else {}
        return with_query(self.redirect_uri, parameters | state)


def with_query(url: str, parameters: dict[str, str]) -> str:
    return f"{url}{'&' if urlsplit(url).query else '?'}{urlencode(parameters)}"


def understand(
    query: Parameters, find_client: Callable[[str], Client | None]
) -> AuthorizationRequest:
    """Check the request; raises ErrorPage or SentBack."""
    client = checked_client(query, find_client)
    redirect_uri = _checked_redirect_uri(query, client)
    request = AuthorizationRequest(
        client_id=client.client_id,
        redirect_uri=redirect_uri,
        scope=query["scope"],
        state=query["state"],
        nonce=query["nonce"],
        code_challenge=query["code_challenge"],
        code_challenge_method=query["code_challenge_method"],
        prompts=frozenset(query["prompt"].split()),
        login_hint=query["login_hint"],
        resource=query["resource"],
    )
    error = _fault(query, request, client)
    if error:
        raise SentBack(error, request.location(error=error))
    return request


def checked_client(query: Parameters, find_client: Callable[[str], Client | None]) -> Client:
    client_id = query["client_id"]
    if not client_id or "client_id" in query.repeated():
        raise ErrorPage("invalid_request", "error_given_once", parameter="client_id")
    client = find_client(client_id)
    if client is None:
        raise ErrorPage("invalid_client", "error_client_unknown")
    return client


def _checked_redirect_uri(query: Parameters, client: Client) -> str:
    redirect_uri = query["redirect_uri"]
    if not redirect_uri or "redirect_uri" in query.repeated():
        raise ErrorPage("invalid_request", "error_given_once", parameter="redirect_uri")
    if redirect_uri not in client.callback_urls:
        raise ErrorPage("redirect_mismatch", "error_url_mismatch", parameter="redirect_uri")
    if query["identity_provider"] not in ("", "COGNITO") or query["idp_identifier"]:
        raise ErrorPage("invalid_request", "error_login_option")
    return redirect_uri


def _fault(query: Parameters, request: AuthorizationRequest, client: Client) -> str | None:
    """Cognito's name for the first error that sends the browser back to the app."""
    if query.repeated() or query["response_type"] not in ("code", "token"):
        return "invalid_request"
    if query["response_type"] != "code" or "code" not in client.flows:
        return "unauthorized_client"
    if not set(request.scope.split()) <= set(client.scopes):
        return "invalid_scope"
    if not (_is_pkce_sound(request) and _are_prompts_sound(request.prompts)):
        return "invalid_request"
    if request.resource and not _RESOURCE.fullmatch(request.resource):
        return "invalid_request"
    return None


def _is_pkce_sound(request: AuthorizationRequest) -> bool:
    """Cognito accepts either no challenge, or one with method S256."""
    if not request.code_challenge and not request.code_challenge_method:
        return True
    is_well_formed = _CODE_CHALLENGE.fullmatch(request.code_challenge) is not None
    return is_well_formed and request.code_challenge_method == "S256"


def _are_prompts_sound(prompts: frozenset[str]) -> bool:
    """``none`` must not be combined with others (OIDC Core §3.1.2.1)."""
    return prompts <= PROMPTS and ("none" not in prompts or len(prompts) == 1)
