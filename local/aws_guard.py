"""Protects the local AWS's port, because MiniStack accepts every request.

MiniStack answers preflights for every origin, does not check ``Host``, and treats test/test, twelve
digits or missing credentials as the root user, without checking a signature. This guard passes on
only

- requests signed (SigV4) with this run's credentials,
- requests of our own processes, which send the secret access key,
- requests that AWS accepts without a signature and that an app needs: the pool's public keys, and
  Cognito's operations that need an access token or no authorization,

and none of these if a browser sent it, or if ``Host`` is not a name of this machine.
"""

from __future__ import annotations

import hmac
import json
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import cache
from urllib.parse import parse_qs, quote

from botocore.loaders import Loader
from ministack.core import sigv4  # type: ignore[import-untyped]
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from local.aws import KEY_HEADER, LocalAws
from local.browsers import is_from_browser, is_named

_PUBLIC_KEYS = re.compile(r"/[\w-]+/\.well-known/jwks\.json")
_COGNITO = "AWSCognitoIdentityProviderService."
# Where a custom resource's function sends its response; the token in the path authorizes it.
_CUSTOM_RESOURCE_ANSWER = "/_ministack/cfn-response/"


@dataclass(frozen=True)
class Refusal:
    """A 403 with an AWS error code and a message for developers."""

    code: str
    message: str


_BROWSER = Refusal("AccessDeniedException", "The local AWS does not answer browsers.")
_HOST = Refusal("AccessDeniedException", "The local AWS does not answer to this host name.")
_CREDENTIALS = Refusal(
    "UnrecognizedClientException",
    "The request is not signed with the credentials of this run (.local/PORT/aws.ini).",
)


@dataclass(frozen=True)
class _Arrived:
    """A request with its body; header names in lower case, repeated headers joined."""

    method: str
    raw_path: str
    path: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


class Guard:
    """ASGI middleware. ``changed`` is called after each request that may have changed something."""

    def __init__(
        self,
        app: ASGIApp,
        aws: LocalAws,
        *,
        hosts: Collection[str],
        runs_code: bool,
        changed: Callable[[], None],
    ) -> None:
        self._app = app
        self._aws = aws
        self._hosts = hosts
        self._runs_code = runs_code
        self._changed = changed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})  # only browsers send these
        else:
            await self._exchange(scope, receive, send)

    async def _exchange(self, scope: Scope, receive: Receive, send: Send) -> None:
        refusal = self._refusal_of_sender(scope)
        if refusal is None:
            arrived = await _read(scope, receive)
            refusal = None if self._may(arrived) else _CREDENTIALS
        if refusal is not None:
            await _refuse(refusal, send)
            return
        await self._app(scope, _again(arrived.body, receive), _without_cors(send))
        if arrived.method not in ("GET", "HEAD"):
            self._changed()

    def _refusal_of_sender(self, scope: Scope) -> Refusal | None:
        headers = scope["headers"]
        if not is_named(headers, self._hosts):
            return _HOST
        if scope["method"] == "OPTIONS" or is_from_browser(name for name, _ in headers):
            return _BROWSER
        return None

    def _may(self, arrived: _Arrived) -> bool:
        if (key := arrived.headers.get(KEY_HEADER)) is not None:
            return hmac.compare_digest(key.encode(), self._aws.secret_access_key.encode())
        return (
            _is_open(arrived)
            or (self._runs_code and _is_from_a_function(arrived))
            or self._is_signed(arrived)
        )

    def _is_signed(self, arrived: _Arrived) -> bool:
        """Whether it is signed in a header or, presigned, in the query."""
        is_presigned = "X-Amz-Signature" in arrived.query
        if is_presigned:
            signature = sigv4.parse_query_signature(arrived.query)
        elif arrived.headers.get("authorization", "").startswith("AWS4-HMAC-SHA256 "):
            signature = sigv4.parse_header_signature(arrived.headers)
        else:
            return False
        if not isinstance(signature, sigv4.HeaderSignature) or signature.region_set is not None:
            return False
        if signature.access_key_id != self._aws.access_key_id:
            return False
        if is_presigned:
            is_late = _is_expired(signature.amz_date, arrived.query)
        else:
            is_late = sigv4.request_time_failure(signature) is not None
        wrong = sigv4.header_signature_failure(
            signature,
            self._aws.secret_access_key,
            arrived.method,
            arrived.raw_path,
            arrived.query,
            arrived.headers,
            arrived.body,
            presigned=is_presigned,
        )
        return wrong is None and not is_late


def _is_from_a_function(arrived: _Arrived) -> bool:
    """A custom resource's answer, or signed by a role's session; MiniStack checks those itself."""
    authorization = arrived.headers.get("authorization", "")
    return arrived.path.startswith(_CUSTOM_RESOURCE_ANSWER) or authorization.startswith(
        "AWS4-HMAC-SHA256 Credential=ASIA"
    )


def _is_open(arrived: _Arrived) -> bool:
    """Whether AWS accepts it without a signature, or with an access token only."""
    if arrived.method == "GET" and _PUBLIC_KEYS.fullmatch(arrived.path):
        return True
    service, _, operation = arrived.headers.get("x-amz-target", "").partition(".")
    return (
        (arrived.method, arrived.path, f"{service}.") == ("POST", "/", _COGNITO)
        and not arrived.query
        and "authorization" not in arrived.headers
        and operation in unsigned_operations()
    )


@cache
def unsigned_operations() -> frozenset[str]:
    """Cognito's operations that need no signature, according to AWS's API model."""
    model = Loader().load_service_model("cognito-idp", "service-2")
    operations = model["operations"].items()
    return frozenset(name for name, operation in operations if operation.get("authtype") == "none")


def _is_expired(amz_date: str, query: Mapping[str, list[str]]) -> bool:
    try:
        return bool(sigv4.presigned_request_is_expired(amz_date, query["X-Amz-Expires"][0]))
    except (KeyError, ValueError):
        return True


async def _read(scope: Scope, receive: Receive) -> _Arrived:
    headers: dict[str, str] = {}
    for raw_name, raw_value in scope["headers"]:
        name, value = raw_name.decode("latin-1").lower(), sigv4.decode_header_value(raw_value)
        headers[name] = f"{headers[name]},{value}" if name in headers else value
    body = bytearray()
    more = True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return _Arrived(
        method=scope["method"],
        raw_path=(scope.get("raw_path") or quote(scope["path"]).encode()).decode("latin-1"),
        path=scope["path"],
        query=parse_qs(scope["query_string"].decode("latin-1"), keep_blank_values=True),
        headers=headers,
        body=bytes(body),
    )


def _again(body: bytes, receive: Receive) -> Receive:
    """Replay the body, then pass on later messages."""
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive_again() -> Message:
        return waiting.pop() if waiting else await receive()

    return receive_again


def _without_cors(send: Send) -> Send:
    """Remove headers that allow pages of other origins to read the response."""

    async def send_without(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = [
                (name, value)
                for name, value in message.get("headers", [])
                if not name.lower().startswith(b"access-control-")
            ]
            message = {**message, "headers": headers}
        await send(message)

    return send_without


async def _refuse(refusal: Refusal, send: Send) -> None:
    body = json.dumps({"__type": refusal.code, "message": refusal.message}).encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"connection", b"close"),  # the body may be unread
    ]
    await send({"type": "http.response.start", "status": 403, "headers": headers})
    await send({"type": "http.response.body", "body": body})
