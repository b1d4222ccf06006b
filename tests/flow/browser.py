"""A browser for the handler: keeps cookies and sends payload 2.0 events."""

from __future__ import annotations

import base64
import html
import json
import re
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

Handler = Callable[[Mapping[str, Any], Any], dict[str, Any]]


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
    def json(self) -> Any:
        return json.loads(self.body)


def event(
    method: str,
    url: str,
    *,
    domain: str,
    cookies: Mapping[str, str],
    headers: Mapping[str, str],
    body: str = "",
) -> dict[str, Any]:
    """An event as an HTTP API sends it for its explicit routes."""
    parts = urlsplit(url)
    joined: dict[str, str] = {}
    for name, value in parse_qsl(parts.query, keep_blank_values=True, errors="replace"):
        joined[name] = f"{joined[name]},{value}" if name in joined else value
    made: dict[str, Any] = {
        "version": "2.0",
        "routeKey": f"{method} {parts.path}",
        "rawPath": parts.path,
        "rawQueryString": parts.query,
        "headers": {"host": domain, **headers},
        "requestContext": {
            "domainName": domain,
            "http": {"method": method, "path": parts.path, "protocol": "HTTP/1.1"},
            "requestId": uuid.uuid4().hex[:15] + "=",
            "routeKey": f"{method} {parts.path}",
            "stage": "$default",
        },
        "isBase64Encoded": False,
    }
    if joined:
        made["queryStringParameters"] = joined
    if cookies:
        made["cookies"] = [f"{name}={value}" for name, value in cookies.items()]
    if body:
        made["body"] = body
    return made


@dataclass
class Browser:
    """One visitor's browser; ``origin`` is the app's."""

    handler: Handler
    origin: str
    cookies: dict[str, str] = field(default_factory=dict)
    received: list[str] = field(default_factory=list)  # the value of every cookie it was sent

    def get(self, url: str, **headers: str) -> Answer:
        return self.send("GET", url, headers)

    def post(self, url: str, **headers: str) -> Answer:
        """Submit a form of the app's own page, unless the headers say otherwise."""
        return self.send("POST", url, headers or {"sec-fetch-site": "same-origin"})

    def submit(self, url: str, **fields: str) -> Answer:
        """Submit a form of the app's own page with these fields, as API Gateway hands it on."""
        headers = {
            "sec-fetch-site": "same-origin",
            "content-type": "application/x-www-form-urlencoded",
        }
        body = base64.b64encode(urlencode(fields).encode()).decode()
        domain = urlsplit(self.origin).netloc
        made = event("POST", url, domain=domain, cookies=self.cookies, headers=headers, body=body)
        return self.deliver({**made, "isBase64Encoded": True})

    def send(self, method: str, url: str, headers: Mapping[str, str]) -> Answer:
        path = url.removeprefix(self.origin)
        domain = urlsplit(self.origin).netloc
        made = event(method, path, domain=domain, cookies=self.cookies, headers=headers)
        return self.deliver(made)

    def deliver(self, made: Mapping[str, Any]) -> Answer:
        return self.arrive(self.answered(made))

    def held(self, method: str, url: str, **headers: str) -> Answer:
        """An answer that is made now and takes its time; see ``arrive``."""
        url = url.removeprefix(self.origin)
        domain = urlsplit(self.origin).netloc
        return self.answered(
            event(method, url, domain=domain, cookies=self.cookies, headers=headers)
        )

    def arrive(self, answer: Answer) -> Answer:
        """The browser gets the answer, and keeps its cookies."""
        for line in answer.cookies:
            self._keep(line)
        return answer

    def answered(self, made: Mapping[str, Any]) -> Answer:
        try:
            reply = self.handler(made, Context())
        except Exception as error:  # API Gateway would answer 500, without our headers
            raise AssertionError("the function crashed") from error
        return Answer(reply["statusCode"], reply["headers"], tuple(reply["cookies"]), reply["body"])

    def named(self, part: str) -> dict[str, str]:
        """The cookies whose name holds ``part``."""
        return {name: value for name, value in self.cookies.items() if part in name}

    def _keep(self, line: str) -> None:
        assert len(line) <= 4096, "browsers drop a longer cookie without a word"
        pair, *attributes = line.split("; ")
        name, _, value = pair.partition("=")
        if "Max-Age=0" in attributes:
            self.cookies.pop(name, None)
        else:
            self.cookies[name] = value
            self.received.append(value)
