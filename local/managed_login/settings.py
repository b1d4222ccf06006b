"""What the pages have to be told; everything else they ask the pool."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ManagedLogin:
    """Settings of the stand-in. Origins have no trailing slash."""

    aws_endpoint: str  # MiniStack, as this process reaches it
    region: str
    user_pool_id: str
    pages_client_id: str  # an app client without secret that serves the pages' own API calls
    public_url: str  # this app's origin as browsers see it
    app_url: str  # the app that people sign in to
    brand_name: str
    brand_color: str
    brand_logo: str = ""  # an SVG image in base64
