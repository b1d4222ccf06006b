"""What a session's owner reads about the browser that it is in."""

from __future__ import annotations

import pytest
from foyer.sessions.device import device_of

MOZILLA = "Mozilla/5.0"
WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"


@pytest.mark.parametrize(
    ("user_agent", "device"),
    [
        (f"{MOZILLA} (Windows NT 10.0; Win64; x64; rv:145.0) Firefox/145.0", "Firefox, Windows"),
        (f"{MOZILLA} (X11; Linux x86_64) {WEBKIT} Chrome/142.0 Safari/537.36", "Chrome, Linux"),
        (f"{MOZILLA} (Windows NT 10.0) {WEBKIT} Chrome/142 Safari/537 Edg/142.0", "Edge, Windows"),
        (f"{MOZILLA} (Macintosh; Intel Mac OS X 10_15) Version/26 Safari/605.1", "Safari, macOS"),
        (f"{MOZILLA} (iPhone; CPU iPhone OS 18_7 like Mac OS X) CriOS/142", "Chrome, iOS"),
        (f"{MOZILLA} (iPad; CPU OS 18_7 like Mac OS X) Version/26 Safari/604", "Safari, iPadOS"),
        (f"{MOZILLA} (Linux; Android 10; K) {WEBKIT} Chrome/142 Mobile Safari", "Chrome, Android"),
        ("curl/8.5.0", ""),
        ("", ""),
        ("<script>" * 100 + "Firefox", ""),
    ],
)  # fmt: skip
def test_a_browser_is_named_in_two_words(user_agent: str, device: str) -> None:
    assert device_of(user_agent) == device
