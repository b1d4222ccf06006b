"""Serves what `npm run build` writes to dist/."""

import base64
import mimetypes
from pathlib import Path

DIST = (Path(__file__).parent / "dist").resolve()
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


def handler(event, context):
    name = (event.get("pathParameters") or {}).get("file", "index.html")
    file = (DIST / name).resolve()
    if not file.is_relative_to(DIST) or not file.is_file():
        file = DIST / "index.html"  # the app's own router decides
    if not file.is_file():
        return {"statusCode": 404, "body": "Run `npm run build` first."}
    # The names of files in assets/ change with their contents.
    forever = "public, max-age=31536000, immutable" if "assets" in file.parts else "no-cache"
    headers = {
        "content-type": mimetypes.guess_type(file.name)[0] or "application/octet-stream",
        "cache-control": forever,
        "content-security-policy": POLICY,
        "x-content-type-options": "nosniff",
    }
    body = base64.b64encode(file.read_bytes()).decode()
    return {"statusCode": 200, "headers": headers, "body": body, "isBase64Encoded": True}
