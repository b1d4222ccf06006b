"""The settings of the pages; everything else is read from the user pool."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from local.aws import LocalAws
from local.browsers import THIS_MACHINE
from local.managed_login.triggers import Triggers


@dataclass(frozen=True)
class ManagedLogin:
    """Settings of the local managed login. Origins have no trailing slash."""

    aws: LocalAws
    user_pool_id: str
    pages_client_id: str  # an app client without a secret, for the pages' own API calls
    public_url: str  # this app's origin as browsers see it
    app_url: str  # the app that visitors sign in to
    brand_name: str
    brand_color: str
    brand_logo: str = ""  # an SVG image in base64
    token_keys: Path = field(kw_only=True)  # MiniStack's folder of the pools' private keys
    triggers: Triggers = field(default_factory=Triggers)
    hosts: tuple[str, ...] = THIS_MACHINE  # the names under which it is reached
