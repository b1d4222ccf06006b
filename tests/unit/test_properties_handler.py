"""For any event, the response is well formed, within limits, and does not repeat the input.

Tests the whole handler with a secret but without upstreams: none of these requests causes an
upstream call.
"""

from __future__ import annotations

import io
import json
import re
import uuid
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
import requests
from aws_lambda_powertools import Logger
from foyer.app import App, build
from foyer.container import Container
from foyer.settings import Settings
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fake_secrets_manager import Vault

AUTH = "https://auth.example.com"
MOST_HEADER_BYTES = 10_240  # API Gateway's quota for HTTP APIs, all header values together
CANARY = "<canary>"


ENVIRON = {
    "SECRET_ID": "s",
    "COGNITO_DOMAIN_URL": AUTH,
    "COGNITO_ISSUER": "https://issuer.example.com/pool",
}


class NobodyToCall(requests.Session):
    def request(self, *_: Any, **__: Any) -> requests.Response:
        raise AssertionError("an upstream call")


def app() -> App:
    settings = Settings.from_environ(ENVIRON)
    log = Logger(service=uuid.uuid4().hex, stream=io.StringIO())
    container = Container.of(settings, ENVIRON, source=Vault(), log=log)
    return build(settings, container, http=NobodyToCall())


APP = app()
CONTEXT: Any = SimpleNamespace(aws_request_id="an-id")


def event(route: str, query: str = "", **more: Any) -> dict[str, Any]:
    """``more`` that is None is left out."""
    method, path = route.split(" ")
    return {
        "routeKey": route,
        "rawPath": path,
        "rawQueryString": query,
        "headers": {},
        "requestContext": {
            "domainName": "app.example.com",
            "http": {"method": method},
            "requestId": "reference=",
        },
        **{name: value for name, value in more.items() if value is not None},
    }


def answer(made: dict[str, Any]) -> dict[str, Any]:
    """The reply, which is well formed whatever the event was."""
    reply = APP(made, CONTEXT)
    headers, cookies = reply["headers"], reply["cookies"]
    assert reply["statusCode"] in {200, 302, 303, 400, 401, 403, 404, 502, 503}
    for name, value in headers.items():
        assert re.fullmatch(r"[a-z-]+", name)
        assert re.fullmatch(r"[\x20-\x7e]+", value), name
    for line in cookies:
        assert re.fullmatch(
            r"__Host-foyer-[A-Za-z0-9_-]+=[A-Za-z0-9_-]*; Max-Age=[0-9]+; Path=/; Secure; "
            r"HttpOnly; SameSite=Lax",
            line,
        )
    lines = [*(f"{name}: {value}" for name, value in headers.items()), *cookies]
    assert sum(len(line) + 14 for line in lines) < MOST_HEADER_BYTES
    location = headers.get("location", "/")
    assert location.startswith(f"{AUTH}/") or re.match(r"/(?![/\\])", location)
    assert CANARY not in reply["body"] + "".join(lines)
    json.dumps(reply).encode()
    return reply


ROUTES = [
    "GET /", "GET /login", "GET /signup", "GET /callback", "GET /logout", "POST /logout",
    "GET /me", "GET /healthz", "GET /nowhere", "PUT /", "HEAD /login", "$default /",
]  # fmt: skip
NAMES = ["return_to", "lang", "login_hint", "code", "state", "error", "error_description", "x", ""]

INJECTIONS = [
    f"a\r\nSet-Cookie: {CANARY}=1", f"a\nLocation: https://evil.example/{CANARY}",
    "a\r\n\r\n<script>alert(1)</script>", "a; Domain=evil.example", "a\u0085b", "a\x00b",
    "a\u010d\u010aSet-Cookie:x=1",  # whose low bytes are CR and LF
    CANARY, f'"><script>{CANARY}</script>', "{name}{0}{brand_name}", "%(name)s ${x} {{7*7}}",
]  # fmt: skip
UNICODE = ["\u202eoluap", "e\u0301", "\u0130\u0131", "\U0001f600", "\ud800", "\udfff", "\uffff",
           "\U0010ffff", "ß" * 200, "\u0000\u0001"]  # fmt: skip
OVERSIZE = ["x" * 300, "x" * 600, "x" * 2049, "/" + "x" * 8000, "ü" * 2000, "😀" * 256]
PAYLOADS = [*INJECTIONS, *UNICODE, *OVERSIZE, "//evil.example", "javascript:alert(1)"]


def encoded(text: str) -> str:
    return quote(text, safe="", errors="surrogatepass")


@pytest.mark.parametrize("route", ["GET /login", "GET /callback"])
def test_no_payload_in_a_parameter_does_harm(route: str) -> None:
    for payload in PAYLOADS:
        for value in (encoded(payload), encoded(encoded(payload)), payload):
            queries = [f"{value}={value}", f"state={value}&code={value}"]
            for name in NAMES:
                queries += [f"{name}={value}", f"{name}={value}&{name}={value}"]
                queries.append(f"{name}[]={value}&state=a&code=b")
            for query in queries:
                answer(event(route, query))


@pytest.mark.parametrize("route", ROUTES)
def test_no_payload_in_a_header_changes_where_we_are(route: str) -> None:
    names = ("host", "x-forwarded-host", "x-forwarded-proto", "forwarded", "x-original-url")
    for more in ("", ":443", "/..//", "\\@app.example.com", "\r\nset-cookie: evil=1", "\ufeff"):
        headers = dict.fromkeys((*names, "origin", "referer"), f"https://evil.example{more}")
        reply = answer(event(route, headers=headers))
        assert "evil" not in json.dumps(reply)


@pytest.mark.parametrize("name", ["code", "state", "error"])
def test_a_repeated_parameter_is_refused_however_it_is_spelt(name: str) -> None:
    spelt = f"%{ord(name[0]):02x}{name[1:]}"
    for query in (f"{name}=&{name}=a", f"{name}=a&{spelt}=b"):
        assert answer(event("GET /callback", query))["statusCode"] == 400


def test_what_a_parameter_holds_stays_in_it() -> None:
    hint = "a&client_id=evil&redirect_uri=https://evil.example#x?y=1 +%"
    location = answer(event("GET /login", f"login_hint={encoded(hint)}"))["headers"]["location"]
    assert location.count("client_id=") == location.count("redirect_uri=") == 1
    assert urlsplit(location).fragment == ""


anything = st.text(st.characters(), max_size=60)  # surrogates too
payloads = st.one_of(st.sampled_from(PAYLOADS), anything)
pairs = st.tuples(st.one_of(st.sampled_from(NAMES), anything), payloads)
quoted = pairs.map(lambda pair: f"{encoded(pair[0])}={encoded(pair[1])}")
queries = anything | st.lists(quoted | pairs.map("=".join), max_size=6).map("&".join)
cookie_names = st.sampled_from(
    ["__Host-foyer-session", "__Host-foyer-session-1000000000000001-2",
     "__Host-foyer-signed-out-1000000000000002", "__Host-foyer-attempt-",
     "__Host-foyer-attempt-abcdefgh", "__Host-foyer-restarted", "foyer-session", "x"]
)  # fmt: skip
sealed = st.one_of(payloads, st.from_regex(r"[A-Za-z0-9_-]{40,200}", fullmatch=True))
cookies = st.lists(st.one_of(anything, st.tuples(cookie_names, sealed).map("=".join)), max_size=8)
header_names = st.sampled_from(["cookie", "Cookie", "origin", "sec-fetch-site", "Host", "X"])
events = st.builds(
    event,
    st.sampled_from(ROUTES),
    queries,
    cookies=st.one_of(st.none(), cookies),
    headers=st.dictionaries(st.one_of(header_names, anything), payloads, max_size=4),
    body=st.one_of(st.none(), anything),
    isBase64Encoded=st.booleans(),
)


@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow])
@given(events)
def test_every_event_gets_a_well_formed_answer(made: dict[str, Any]) -> None:
    answer(made)


@pytest.mark.parametrize("count", [0, 50, 400])
def test_however_many_cookies_arrive_the_answers_headers_fit(count: int) -> None:
    junk = [f"__Host-foyer-attempt-{number:08}=x" for number in range(count)]
    more = {
        "cookies": [*junk, "__Host-foyer-session=x"],
        "headers": {"sec-fetch-site": "same-origin"},
    }
    answer(event("GET /login", f"login_hint={encoded('😀' * 256)}", **more))
    for route in ("GET /callback", "POST /logout"):
        answer(event(route, "state=00000000&code=x", **more))
