"""The page and its files."""

import html
from pathlib import Path

FILES = {"notes.js": "text/javascript", "api.js": "text/javascript", "notes.css": "text/css"}
FOLDER = Path(__file__).parent
PAGE = (FOLDER / "page.html").read_text("utf-8")
# The page runs its own scripts only, and no other site may show it in a frame.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; "
    "form-action 'self'; base-uri 'self'; frame-ancestors 'none'"
)


def handler(event, context):
    if event["routeKey"] == "GET /":
        return page(event["requestContext"]["authorizer"]["lambda"])
    name = event["pathParameters"]["file"]
    if name not in FILES:
        return answer("Not found", "text/plain", status=404)
    return answer((FOLDER / name).read_text("utf-8"), FILES[name], cache="public, max-age=300")


def page(visitor):
    if not visitor["signed_in"]:
        return {
            "statusCode": 303,
            "headers": {"location": visitor["go"], "cache-control": "no-store"},
        }
    name = visitor["name"] or visitor["username"]
    hidden = "" if "editors" in visitor["groups"] else "hidden"
    text = PAGE.replace("{hidden}", hidden).replace("{name}", html.escape(name))
    return answer(text, "text/html")


def answer(body, kind, *, status=200, cache="no-store"):
    headers = {
        "content-type": f"{kind}; charset=utf-8",
        "cache-control": cache,
        "content-security-policy": POLICY,
        "x-content-type-options": "nosniff",
    }
    return {"statusCode": status, "headers": headers, "body": body}
