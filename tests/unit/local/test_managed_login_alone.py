"""The managed-login pages when the user pool behind them does not answer."""

from __future__ import annotations

from pathlib import Path

import pytest

from local.aws import LocalAws
from local.managed_login import ManagedLogin, create_app
from tests.ports import refusing_port
from tests.unit.local import asgi


def get(path: str, *, aws_endpoint: str, brand_logo: str = "") -> tuple[int, str]:
    """Status and body from pages in front of this local AWS."""
    pages = create_app(
        ManagedLogin(
            aws=LocalAws(aws_endpoint, "key", "secret"),
            user_pool_id="us-east-1_pool",
            pages_client_id="client",
            public_url="http://localhost:3001",
            app_url="http://localhost:3000",
            brand_name="Foyer",
            brand_color="#3d5a80",
            brand_logo=brand_logo,
            token_keys=Path(),
        )
    )
    answer = asgi.ask(pages, {"host": "localhost:3001"}, target=f"{path}?client_id=client")
    return answer.status, answer.body


@pytest.mark.parametrize("path", ["/login", "/users", "/inbox"])
def test_a_page_says_that_the_pool_does_not_answer(path: str) -> None:
    with refusing_port() as nobodys:
        status, body = get(path, aws_endpoint=f"http://127.0.0.1:{nobodys}")
    assert status == 503
    assert "The local user pool does not respond." in body
    assert "<h1>Something is wrong</h1>" in body  # not with the request


def test_the_brands_logo_stands_beside_its_name() -> None:
    with refusing_port() as nobodys:
        endpoint = f"http://127.0.0.1:{nobodys}"
        _, plain = get("/login", aws_endpoint=endpoint)
        _, page = get("/login", aws_endpoint=endpoint, brand_logo="PHN2Zy8+")
    assert "<img" not in plain
    assert '<img src="data:image/svg+xml;base64,PHN2Zy8+" alt=""><a href=' in page
