"""The objects for one user pool and app client, built from their settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .id_token import IdTokenVerifier
from .oauth import AppClient

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..aws.secret_store import SecretStore
    from ..settings import CognitoSettings
    from .http import Upstream


# Functions get an access token that stays valid for this many seconds, unless Cognito is down.
_EARLY_SECONDS = 60


def client_and_verifier(
    settings: CognitoSettings,
    upstream: Upstream,
    secrets: SecretStore,
    *,
    scope: str,
    resource: str,
    passes_access_token: bool,
    now: Callable[[], float],
) -> tuple[AppClient, IdTokenVerifier]:
    """``scope`` and ``resource`` are what every sign-in asks for (see AppClient).

    Access tokens that are passed on to functions are replaced a minute before they end.
    ``now`` gives seconds since the epoch.
    """
    client = AppClient(
        upstream,
        secrets,
        domain_url=settings.cognito_domain_url,
        backchannel_url=settings.cognito_backchannel_url,
        jwks_url=settings.cognito_jwks_url,
        scope=scope,
        resource=resource,
        early_seconds=_EARLY_SECONDS if passes_access_token else 0,
    )
    verifier = IdTokenVerifier(
        issuer=settings.cognito_issuer,
        fetch_keys=lambda deadline: client.signing_keys(deadline=deadline),
        now=now,
    )
    return client, verifier
