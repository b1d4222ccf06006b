"""Translates between API Gateway's HTTP API and our requests and responses.

Events and replies are payload format 2.0:
https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
The local emulators differ in header case and in where cookies are, so nothing here depends on
either.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote

from .errors import BadRequest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from .content_policy import Allows

# Half a surrogate pair is not a character and cannot be encoded again (RFC 3629 §3).
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
# A cookie's name is a token (RFC 6265 §4.1.1, RFC 9110 §5.6.2).
_COOKIE_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_MAX_QUERY_CHARACTERS = 8192
_DEFAULT = "$default"  # API Gateway's route key for what has no other


@dataclass(frozen=True, kw_only=True)
class Request:
    """What the routes may know of an event. Header names are lower-case.

    ``path_parameters`` are the values of a route key's variables: ``GET /orders/{id}`` has ``id``.
    """

    route_key: str
    request_id: str
    app_url: str
    path: str = "/"
    method: str = "GET"
    path_parameters: Mapping[str, str] = field(default_factory=dict, repr=False)
    language: str = "en"
    raw_query: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    cookies: Mapping[str, str] = field(repr=False)
    raw_body: str = field(default="", repr=False)
    is_base64: bool = False

    @property
    def quoted_path(self) -> str:
        """The path as in a URL. API Gateway decodes it; what is still encoded stays as it is."""
        return quote(self.path, safe="/%:@!$&'()*+,;=~")

    def query(self, **limits: int) -> dict[str, str]:
        """Return the parameters named in ``limits``, each with at most so many characters.

        Raise BadRequest for a repeated parameter, an oversize one, bad UTF-8 or control
        characters. Other parameters are ignored, as RFC 6749 §4.1.2 asks for. The raw query is
        parsed rather than ``queryStringParameters``, where a repeated parameter has become one
        value with a comma.
        """
        if len(self.raw_query) > _MAX_QUERY_CHARACTERS:
            raise BadRequest("query_too_long")
        pairs = [pair for pair in self._parameters() if pair[0] in limits]
        try:
            return named(((name, _decoded(value)) for name, value in pairs), limits)
        except UnicodeDecodeError:
            raise BadRequest("parameter_malformed", "not UTF-8") from None

    def wish(self, name: str, *, at_most: int) -> str | None:
        """The first proper value of a parameter that nothing depends on, or None.

        Values that ``query`` would refuse are ignored.
        """
        for found, raw in self._parameters():
            if found != name:
                continue
            try:
                return named([(name, _decoded(raw))], {name: at_most})[name]
            except (BadRequest, UnicodeDecodeError):
                continue
        return None

    def said(self, name: str, *, at_most: int) -> str:
        """The parameter's text, whatever is in it; only to be compared with what we know."""
        raw = next((raw for found, raw in self._parameters() if found == name), "")
        return unquote(raw.replace("+", " "), errors="replace")[:at_most]

    def _parameters(self) -> Iterator[tuple[str, str]]:
        """Names, and values that are not decoded yet."""
        for pair in self.raw_query.split("&"):
            name, _, value = pair.partition("=")
            yield unquote(name.replace("+", " ")), value


def _decoded(value: str) -> str:
    return unquote(value.replace("+", " "), errors="strict")


def named(pairs: Iterable[tuple[str, str]], limits: Mapping[str, int]) -> dict[str, str]:
    """The values of the names in ``limits``, which say how many characters each may have.

    Raise BadRequest for a repeated one, an oversize one, and control characters.
    """
    found: dict[str, str] = {}
    for name, value in pairs:
        if name not in limits:
            continue
        if name in found:
            raise BadRequest("parameter_repeated", name)
        if len(value) > limits[name]:
            raise BadRequest("parameter_too_long", name)
        if _CONTROL.search(value):
            raise BadRequest("parameter_malformed", name)
        found[name] = value
    return found


def understand(event: Mapping[str, Any], *, app_url: str | None) -> Request:
    """Turn an event into a Request; ``app_url`` None means the domain that was called."""
    context = event["requestContext"]
    headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
    return Request(
        route_key=_route_key(event),
        path=event["rawPath"],
        method=context["http"]["method"],
        path_parameters=event.get("pathParameters") or {},
        request_id=context["requestId"],
        app_url=app_url or f"https://{context['domainName']}",
        raw_query=event.get("rawQueryString") or "",
        headers=headers,
        cookies=_cookies(event.get("cookies"), headers.get("cookie", "")),
        raw_body=event.get("body") or "",
        is_base64=bool(event.get("isBase64Encoded")),
    )


def is_head(event: Mapping[str, Any]) -> bool:
    """Whether the reply must go without its body (RFC 9110 §9.3.2)."""
    return bool(event["requestContext"]["http"]["method"] == "HEAD")


def _route_key(event: Mapping[str, Any]) -> str:
    """A request without a route of its own (``$default``, HEAD) is known by method and path."""
    if is_head(event):
        return f"GET {event['rawPath']}"
    key = str(event["routeKey"])
    if key == _DEFAULT:
        return f"{event['requestContext']['http']['method']} {event['rawPath']}"
    return key


def _cookies(listed: list[str] | None, header: str) -> dict[str, str]:
    """API Gateway lists cookies and removes the header; an emulator may leave the header only.

    Only space and tab are trimmed, and names that are no tokens are ignored: a sibling domain may
    set a cookie whose name is ``__Host-…`` after a Unicode space, which browsers accept.
    """
    header = ";".join(listed) if listed is not None else header
    cookies: dict[str, str] = {}
    doubtful: set[str] = set()
    for pair in header.split(";"):
        name, equals, value = (part.strip(" \t") for part in pair.partition("="))
        if not equals or not _COOKIE_NAME.fullmatch(name):
            continue
        first = cookies.setdefault(name, value)  # the most specific: RFC 6265 §5.4
        if first != value and name.startswith("__Host-"):
            doubtful.add(name)
    # Browsers keep one cookie of such a name. Of two, one is planted, and nobody can tell which.
    return {name: value for name, value in cookies.items() if name not in doubtful}


@dataclass(frozen=True)
class Response:
    """An answer before the headers that every answer carries."""

    status: int
    body: str = field(default="", repr=False)
    headers: Mapping[str, str] = field(default_factory=dict)
    cookies: tuple[str, ...] = field(default=(), repr=False)
    allows: Allows | None = None  # what this page may also load
    ends_session: bool = False  # so no cookie goes with it that continues the session


def html(
    body: str,
    *,
    language: str,
    status: int = 200,
    cookies: tuple[str, ...] = (),
    more_headers: Mapping[str, str] | None = None,
    allows: Allows | None = None,
) -> Response:
    """An HTML page in one language, which the browser's preferences or a cookie have chosen."""
    headers = {
        "content-type": "text/html; charset=utf-8",
        "content-language": language,
        "vary": "Accept-Language, Cookie",
        **(more_headers or {}),
    }
    return Response(status, body, headers, cookies, allows)


def json_document(
    value: object,
    *,
    status: int = 200,
    media_type: str = "application/json",
    cookies: tuple[str, ...] = (),
    more_headers: Mapping[str, str] | None = None,
) -> Response:
    """A JSON document."""
    headers = {"content-type": media_type, **(more_headers or {})}
    return Response(status, json.dumps(value), headers, cookies)


def redirect(
    location: str,
    *,
    status: int,
    cookies: tuple[str, ...] = (),
    more_headers: Mapping[str, str] | None = None,
) -> Response:
    """A redirect: 302 after GET, 303 where something was done (RFC 9110 §15.4)."""
    return Response(status, "", {"location": location, **(more_headers or {})}, cookies)


def security_headers(*, style_source: str, form_target: str) -> dict[str, str]:
    """The headers of every answer (docs/security.md gives the reason for each).

    ``style_source`` is the CSP hash of the one inline style. ``form_target`` is managed login's
    origin: browsers hold the redirect that follows the sign-out form to form-action too.
    """
    policy = (
        f"default-src 'none'; style-src {style_source}; img-src data:; base-uri 'none'; "
        f"frame-ancestors 'none'; form-action 'self' {form_target}"
    )
    return {
        "cache-control": "no-store",
        "content-security-policy": policy,
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
        "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
        "referrer-policy": "no-referrer",
        "strict-transport-security": "max-age=63072000; includeSubDomains",
        "x-content-type-options": "nosniff",
    }


def reply(
    response: Response, *, always: Mapping[str, str], without_body: bool = False
) -> dict[str, Any]:
    """The reply in payload format 2.0; a response's own headers win over ``always``."""
    headers = {**always, **response.headers}
    if response.allows is not None:
        policy = headers["content-security-policy"]
        headers["content-security-policy"] = response.allows.widen(policy)
    return {
        "statusCode": response.status,
        "headers": headers,
        "cookies": list(response.cookies),
        "body": "" if without_body else response.body,
        "isBase64Encoded": False,
    }
