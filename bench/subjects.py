"""The measured subjects, and the events that they receive."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from bench.container import Container
from bench.upstreams import CODE, Upstreams

APP_HOST = "a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com"

# The routes of a visitor, and the status codes that each must return.
STATUS = {
    "landing": {200},
    "login": {302, 303, 307},
    "callback": {302, 303, 307},
    "welcome": {200},
    "me": {200},
    "logout": {200},
}
# What API Gateway asks an authorizer, about the request of a visitor who has signed in.
GUARD = "guard"
OUR_ROUTES = ("landing", "welcome", "login", "callback", "me", "logout")
PEERS_ROUTES = ("landing", "login", "callback")
_PYTHON_PEERS = {
    "flask": "Flask, flask-cognito-lib, apig-wsgi",
    "fastapi": "FastAPI, Authlib, Mangum",
    "powertools": "Powertools, requests, PyJWT, jinja2",
}
_PATH = {"landing": "/", "login": "/login", "callback": "/callback", "welcome": "/", "me": "/me",
         "logout": "/logout", GUARD: "/api/orders"}  # fmt: skip
_EVENTS = Path(__file__).parent.parent / "events"


@dataclass(frozen=True)
class Subject:
    """One function; ``code`` names its code, ``bytecode`` whether its package contains bytecode."""

    name: str
    title: str
    code: str
    package: Path
    routes: tuple[str, ...]
    handler: str = "app.handler"
    bytecode: bool = False
    is_peer: bool = False
    runtime: str = "python"
    signs_in_with: str = ""  # another handler of the package, where this one does not sign in
    in_table: bool = False  # where it keeps sessions


def catalogue(packages: Path) -> list[Subject]:
    """All subjects; hello world comes first."""
    foyer, guard = "foyer.app.handler", "foyer.guard.handler"
    found = [
        Subject("hello", "Hello world", "hello", packages / "hello", ("landing",), bytecode=True),
        Subject("foyer", "Foyer", "foyer", packages / "foyer", OUR_ROUTES, foyer, bytecode=True),
        Subject("foyer-source", "Foyer without bytecode", "foyer", packages / "foyer-source",
                ("landing",), foyer),
        Subject("foyer-table", "Foyer, sessions in a table", "foyer-table", packages / "foyer",
                ("callback", "welcome"), foyer, bytecode=True, in_table=True),
        Subject("guard", "Foyer's guard", "foyer-guard", packages / "foyer", (GUARD,),
                guard, bytecode=True, signs_in_with=foyer),
        Subject("guard-table", "Foyer's guard, sessions in a table", "foyer-guard-table",
                packages / "foyer", (GUARD,), guard, bytecode=True, signs_in_with=foyer,
                in_table=True),
    ]  # fmt: skip
    for code, title in _PYTHON_PEERS.items():
        compiled = f"{code}-bytecode"
        found += [
            Subject(code, title, code, packages / code, PEERS_ROUTES, is_peer=True),
            Subject(compiled, f"{title}, bytecode added", code, packages / compiled, PEERS_ROUTES,
                    bytecode=True, is_peer=True),
        ]  # fmt: skip
    authorizer = "Authorizer: PyJWT, requests, boto3"
    return [
        *found,
        Subject("authorizer", authorizer, "authorizer", packages / "authorizer", (GUARD,),
                is_peer=True),
        Subject("authorizer-bytecode", f"{authorizer}, bytecode added", "authorizer",
                packages / "authorizer-bytecode", (GUARD,), bytecode=True, is_peer=True),
        Subject("node-hello", "Hello world in Node", "node-hello", packages / "node-hello",
                ("landing",), runtime="node"),
        # It has no pages: CloudFront serves public pages without it.
        Subject("cognito-at-edge", "Node: cognito-at-edge, AWS SDK", "cognito-at-edge",
                packages / "cognito-at-edge", ("login", "callback"), is_peer=True, runtime="node"),
        Subject("node-authorizer", "Node authorizer: aws-jwt-verify", "node-authorizer",
                packages / "node-authorizer", (GUARD,), is_peer=True, runtime="node"),
    ]  # fmt: skip


def events(
    container: Container,
    routes: tuple[str, ...],
    upstreams: Upstreams,
    session: Mapping[str, str] | None = None,
) -> dict[str, dict[str, Any]]:
    """One event per route, created by signing a visitor in with ``container``.

    All subjects keep sessions and attempts in cookies, so other containers accept them too.
    ``session``: cookies of a visitor who is already signed in, for an authorizer.
    """
    made = {"landing": event("landing")}
    if GUARD in routes:  # a session of the web function's, if there is one, and an ID token
        tokens = json.loads(upstreams.grant("")["token"])
        asked = event(GUARD, cookies={**(session or {}), "token": tokens["id_token"]})
        made[GUARD] = {**asked, "type": "REQUEST", "identitySource": None}
    if "callback" in routes:
        made["login"] = event("login")
        cookies: dict[str, str] = {}
        reply = container.invoke(made["login"])[0]
        _keep(cookies, reply)
        sent = parse_qs(urlsplit(header(reply, "location")).query)
        upstreams.grant(sent.get("nonce", [""])[0])
        query = {"code": CODE, "state": sent["state"][0]}
        made["callback"] = event("callback", query=query, cookies=cookies)
        _keep(cookies, container.invoke(made["callback"])[0])
        for route in ("welcome", "me", "logout"):
            made[route] = event(route, cookies=cookies)
    return {route: made[route] for route in routes}


def event(
    route: str,
    *,
    query: Mapping[str, str] | None = None,
    cookies: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """A GET event of an HTTP API, made from the sample of the landing page."""
    made: dict[str, Any] = json.loads((_EVENTS / "home.json").read_text("utf-8"))
    path = _PATH[route]
    made |= {"routeKey": f"GET {path}", "rawPath": path}
    made["requestContext"] |= {"routeKey": f"GET {path}", "requestId": uuid.uuid4().hex[:16]}
    made["requestContext"]["http"]["path"] = path
    made["headers"]["host"] = made["requestContext"]["domainName"] = APP_HOST
    if query:
        made |= {"rawQueryString": urlencode(query), "queryStringParameters": dict(query)}
    if cookies:
        made["cookies"] = [f"{name}={value}" for name, value in cookies.items()]
    return made


def check(subject: Subject, route: str, reply: Mapping[str, Any]) -> None:
    """Raise ValueError if the reply is not the expected one for this route."""
    if route == GUARD:
        if not (reply["isAuthorized"] and reply["context"]["email"]):
            raise ValueError(f"{subject.name} refuses its visitor: {reply}")
        return
    if reply["statusCode"] not in STATUS[route]:
        raise ValueError(f"{subject.name} {route}: {reply}")
    if route == "welcome" and "Bench Visitor" not in reply["body"]:
        raise ValueError(f"{subject.name} does not greet its visitor: {reply}")


def header(reply: Mapping[str, Any], name: str) -> str:
    """A header of the reply, in either of its two forms."""
    found: dict[str, str] = {
        key.lower(): value if isinstance(value, str) else value[0]
        for key, value in {**reply.get("multiValueHeaders", {}), **reply.get("headers", {})}.items()
    }
    return found[name]


def _keep(cookies: dict[str, str], reply: Mapping[str, Any]) -> None:
    for line in reply.get("cookies") or []:
        pair, *attributes = line.split(";")
        name, _, value = pair.partition("=")
        if any(attribute.strip().lower() == "max-age=0" for attribute in attributes):
            cookies.pop(name, None)
        else:
            cookies[name] = value
