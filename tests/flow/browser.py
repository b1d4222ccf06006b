"""A browser for the handler: keeps cookies and sends payload 2.0 events."""

from __future__ import annotations

import base64
import html
import json
import re
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from local import api_gateway

Handler = Callable[[Mapping[str, Any], Any], dict[str, Any]]
FORM = "application/x-www-form-urlencoded"
OWN_PAGE = {"sec-fetch-site": "same-origin"}


# What every answer to an app on HTTPS must have, from the HTTP Observatory of Mozilla
# (developer.mozilla.org/en-US/observatory/docs) and the OWASP cheat sheet.
HEADERS = {
    "content-security-policy": (
        r"default-src 'none'; style-src 'sha256-[A-Za-z0-9+/]{43}='; img-src data:; "
        r"base-uri 'none'; frame-ancestors 'none'; form-action 'self' https?://[\w.:-]+"
    ),
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": r"camera=\(\), geolocation=\(\), microphone=\(\), payment=\(\), usb=\(\)",
    "strict-transport-security": "max-age=63072000; includeSubDomains",
    "x-content-type-options": "nosniff",
}
SAYS_TOO_MUCH = {"etag", "last-modified", "expires", "server", "x-powered-by", "x-frame-options"}


def assert_safe(
    method: str, headers: Mapping[str, str], cookies: tuple[str, ...], body: str
) -> None:
    for name, pattern in HEADERS.items():
        assert re.fullmatch(pattern, headers.get(name, "")), name
    assert not SAYS_TOO_MUCH & headers.keys()
    assert not any(name.startswith("access-control-") for name in headers)
    is_for_everybody = headers.get("cache-control") == "public, max-age=86400" and not cookies
    assert is_for_everybody or headers.get("cache-control") == "no-store"
    # A page with a form sends its own origin as referrer.
    has_form = 'method="post"' in body or (method == "HEAD" and "content-language" in headers)
    expected = {"same-origin"} if has_form else {"no-referrer"}
    expected |= {"no-referrer"} if method == "HEAD" else set()
    assert headers.get("referrer-policy") in expected
    assert "<script" not in body.lower()
    if body:
        media_type = "html" if body.startswith("<!doctype") else "json|plain"
        assert re.search(media_type, headers.get("content-type", ""))
    for line in cookies:
        pair, max_age, *others = line.split("; ")
        assert re.fullmatch(r"__Host-foyer-[A-Za-z0-9_-]+=[A-Za-z0-9_-]*", pair)
        assert re.fullmatch(r"Max-Age=[0-9]+", max_age)
        assert others == ["Path=/", "Secure", "HttpOnly", "SameSite=Lax"]


class Context:
    """The parts of Lambda's context that the function uses."""

    def __init__(self) -> None:
        self.aws_request_id = str(uuid.uuid4())


@dataclass(frozen=True)
class Answer:
    """A reply as the browser sees it."""

    status: int
    headers: Mapping[str, str]
    cookies: tuple[str, ...]
    body: str

    @property
    def location(self) -> str:
        """Where the browser goes next by itself."""
        found = re.search(r'<meta http-equiv="refresh" content="0; url=([^"]+)">', self.body)
        if found:
            return html.unescape(found[1])
        assert "location" in self.headers, f"no redirect, but {self.status}: {self.body}"
        return self.headers["location"]

    @property
    def query(self) -> dict[str, str]:
        """What the browser takes along there."""
        return dict(parse_qsl(urlsplit(self.location).query, keep_blank_values=True))

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Browser:
    """One visitor's browser; ``origin`` is the app's."""

    handler: Handler
    origin: str
    cookies: dict[str, str] = field(default_factory=dict)
    received: list[str] = field(default_factory=list)  # values of cookies, except notices

    def get(self, url: str, **headers: str) -> Answer:
        return self.send("GET", url, headers)

    def post(self, url: str, **headers: str) -> Answer:
        """Submit a form of the app's own page, unless the headers say otherwise."""
        return self.send("POST", url, headers or OWN_PAGE)

    def submit(self, url: str, **fields: str) -> Answer:
        """Submit a form of the app's own page with these fields, as API Gateway hands it on."""
        body = base64.b64encode(urlencode(fields).encode()).decode()
        made = self.event("POST", url, {**OWN_PAGE, "content-type": FORM}, body)
        return self.deliver({**made, "isBase64Encoded": True})

    def send(self, method: str, url: str, headers: Mapping[str, str]) -> Answer:
        return self.deliver(self.event(method, url, headers))

    def held(self, method: str, url: str, **headers: str) -> Answer:
        """An answer that is made now and takes its time; see ``arrive``."""
        return self.answered(self.event(method, url, headers))

    def event(
        self, method: str, url: str, headers: Mapping[str, str], body: str = ""
    ) -> dict[str, Any]:
        """An event as an HTTP API sends it for its explicit routes; ``body`` is as it should be."""
        parts, domain = urlsplit(url.removeprefix(self.origin)), urlsplit(self.origin).netloc
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        sent = {"host": domain, "cookie": cookies, **headers}
        request = api_gateway.Request(
            method,
            parts.path.encode(),
            parts.query.encode(),
            [(name.encode(), value.encode()) for name, value in sent.items()],
            client="192.0.2.1",
        )
        made = api_gateway.build_event(
            request,
            route_key=f"{method} {parts.path}",
            path_parameters={},
            request_id=uuid.uuid4().hex[:15] + "=",
            now=datetime.now(UTC),
        )
        made["requestContext"]["domainName"] = domain  # whatever the Host header says
        return {**made, "body": body} if body else made

    def deliver(self, made: Mapping[str, Any]) -> Answer:
        return self.arrive(self.answered(made))

    def arrive(self, answer: Answer) -> Answer:
        """The browser gets the answer, and keeps its cookies."""
        for line in answer.cookies:
            assert len(line) <= 4096, "browsers drop a longer cookie without a word"
            pair, *attributes = line.split("; ")
            name, _, value = pair.partition("=")
            if "Max-Age=0" in attributes:
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = value
                self.received.append(value if "notice" not in name else "")
        return answer

    def answered(self, made: Mapping[str, Any]) -> Answer:
        try:
            reply = self.handler(made, Context())
        except Exception as error:  # API Gateway would answer 500, without our headers
            raise AssertionError("the function crashed") from error
        headers, cookies, body = reply["headers"], tuple(reply["cookies"]), reply["body"]
        if self.origin.startswith("https://"):
            assert_safe(made["requestContext"]["http"]["method"], headers, cookies, body)
        return Answer(reply["statusCode"], headers, cookies, body)

    def named(self, part: str) -> dict[str, str]:
        """The cookies whose name holds ``part``."""
        return {name: value for name, value in self.cookies.items() if part in name}

    @property
    def is_signed_in(self) -> bool:
        return self.get("/me").status == 200
