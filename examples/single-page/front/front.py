"""Serves the files beside it under /app, on the app's own origin.

It is a function of its own because its answers need a policy of their own: they allow scripts
from this origin, and no page of the sign-in endpoint does.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

_TYPES = {".html": "text/html", ".js": "text/javascript", ".css": "text/css"}
_FILES = {
    file.name: (_TYPES[file.suffix], file.read_text("utf-8"))
    for file in Path(__file__).parent.iterdir()
    if file.suffix in _TYPES
}
_HEADERS = {
    "cache-control": "no-cache",
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
        "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "strict-transport-security": "max-age=63072000; includeSubDomains",
    "x-content-type-options": "nosniff",
}


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """One file: GET /app is index.html, GET /app/{file} the one that is named."""
    name = (event.get("pathParameters") or {}).get("file", "index.html")
    if name not in _FILES:
        return _answer(404, "text/plain", "There is no such file.\n")
    return _answer(200, *_FILES[name])


def _answer(status: int, media_type: str, body: str) -> dict[str, Any]:
    headers = {**_HEADERS, "content-type": f"{media_type}; charset=utf-8"}
    return {"statusCode": status, "headers": headers, "body": body}
