"""Reads our own forms: only from our own pages, each field once, text only.

Browsers send ``application/x-www-form-urlencoded`` (URL Standard §5.1), which is ASCII. API Gateway
passes it on in base64.
"""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from .errors import BadRequest
from .http_api import html, named
from .strict_json import parse_object

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .http_api import Request, Response
    from .pages import Pages

# Headers of a page with a form. With no-referrer, browsers that don't send Sec-Fetch-Site would
# send "Origin: null" with it (Fetch standard, "append a request Origin header"), and be refused.
ON_PAGE = {"referrer-policy": "same-origin"}

_TYPE = "application/x-www-form-urlencoded"
_MAX_BYTES = 16 * 1024
_MAX_FIELDS = 16


def lead_on(
    pages: Pages,
    says: str,
    href: str,
    *,
    cookies: tuple[str, ...] = (),
    more_headers: Mapping[str, str] | None = None,
) -> Response:
    """Answers a form whose way leads to managed login: a page that goes on by itself.

    Browsers apply ``form-action`` of the form's page to every redirect that follows. Where managed
    login leads on to another provider (SAML, for example), a redirect would be stopped there.
    ``says`` is the key of a text.
    """
    page = pages.going_on(says, href)
    return html(page, language=pages.language, cookies=cookies, more_headers=more_headers)


def require_own_page(request: Request) -> None:
    """Raise BadRequest when another site sent this, with the visitor's cookies."""
    if not is_from_own_page(request):
        raise BadRequest("cross_site_post")


def is_from_own_page(request: Request) -> bool:
    """Fetch metadata where the browser has it, else Origin; neither of them means no."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    return request.headers.get("origin") == request.app_url


def read(request: Request, **limits: int) -> dict[str, str]:
    """The fields named in ``limits``, each with at most so many characters; "" for a missing one.

    Raise BadRequest for anything that our pages never send: a repeated or oversize field, control
    characters, bad UTF-8, another content type. Other fields are ignored.
    """
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != _TYPE:
        raise BadRequest("form_malformed", "content type")
    return dict.fromkeys(limits, "") | named(_fields(_body(request)), limits)


def read_json(request: Request) -> dict[str, Any]:
    """The JSON object that a script of the app's own page sent, of at most 16 KiB.

    Raise BadRequest for anything else. Routes that read one need ``own_page_only=True``.
    """
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise BadRequest("json_malformed", "content type")
    try:
        return parse_object(_body(request))
    except ValueError:
        raise BadRequest("json_malformed") from None


def _body(request: Request) -> bytes:
    body = _decoded(request)
    if len(body) > _MAX_BYTES:
        raise BadRequest("form_too_large")
    return body


def _decoded(request: Request) -> bytes:
    if len(request.raw_body) > _MAX_BYTES * 4 / 3 + 4:
        raise BadRequest("form_too_large")
    if not request.is_base64:
        return request.raw_body.encode()
    try:
        return base64.b64decode(request.raw_body, validate=True)
    except (binascii.Error, ValueError):
        raise BadRequest("form_malformed", "not base64") from None


def _fields(body: bytes) -> list[tuple[str, str]]:
    try:
        text = body.decode("ascii")
        return parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=_MAX_FIELDS)
    except UnicodeDecodeError:
        raise BadRequest("form_malformed", "not UTF-8") from None
    except ValueError:
        raise BadRequest("form_too_large", "too many fields") from None
