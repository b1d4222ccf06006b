"""Cognito on loopback: real HTTP/1.1, real signatures, and faults on demand.

    with FakeCognito() as cognito:
        callback = cognito.visit(location)          # managed login, somebody signed in
        cognito.fault("userinfo", "hang")           # wire_faults.py has the kinds
        cognito.id_token_defect("wrong_nonce")      # fake_tokens.py has the names
        assert cognito.calls("token") == 1

Two origins, as in AWS: the pool's domain (``domain_url``) and the issuer's, which has the
key set (``jwks_url``). Tokens name a real-looking issuer, not the loopback one.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
import socketserver
import ssl
import sys
import time
import uuid
from collections import defaultdict
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from socket import SHUT_RDWR, socket
from threading import Event, RLock, Thread
from types import TracebackType
from urllib.parse import parse_qsl, urlencode, urlsplit

from tests.fake_tokens import (
    ID_TOKEN_DEFECTS,
    JWKS_DEFECTS,
    Draft,
    Json,
    SigningKey,
    at_hash,
    base64url,
)
from tests.ports import held
from tests.wire_faults import (
    WIRE_FAULTS,
    Fault,
    Line,
    Reply,
    bearer_error,
    json_reply,
    oauth_error,
)

SCOPES = ("openid", "email", "profile")
CODE_SECONDS = 300
_UPSTREAM = ("other", "token", "userinfo", "revoke", "jwks")


class LoginErrorPage(Exception):
    """Managed login shows its own /error page and sends the browser nowhere."""


@dataclass
class User:
    """Who is signed in at managed login; change it at will."""

    sub: str = field(default_factory=lambda: str(uuid.uuid4()))
    username: str = "visitor"
    name: str = "Test Visitor"
    email: str = "visitor+test@example.com"
    email_verified: bool = True
    groups: list[str] = field(default_factory=list)
    custom: dict[str, str] = field(default_factory=dict)
    enabled: bool = True


@dataclass
class Grant:
    """What one sign-in allowed; tokens and refreshes hang on it."""

    user: User
    scopes: list[str]
    redirect_uri: str
    nonce: str | None
    code_challenge: str | None
    signed_in_at: float
    origin_jti: str = field(default_factory=lambda: str(uuid.uuid4()))
    revoked: bool = False

    @property
    def good(self) -> bool:
        return self.user.enabled and not self.revoked


@dataclass
class RefreshToken:
    grant: Grant
    replaced_at: float | None = None


@dataclass(frozen=True)
class Arrived:
    """One request, as it came in."""

    method: str
    path: str
    query: dict[str, str]
    headers: Mapping[str, str]
    body: bytes

    @property
    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode(), keep_blank_values=True))


def _random_secret() -> str:
    """Cognito's may hold a plus sign (``[\\w+]+``), so this one always does."""
    return f"{secrets.token_hex(12)}+{secrets.token_hex(12)}+"


class FakeCognito:
    """A pool with one client, one user at the keyboard, and a switch for each thing to go wrong."""

    def __init__(
        self,
        *,
        redirect_uris: tuple[str, ...] = ("http://localhost:3000/callback",),
        logout_uris: tuple[str, ...] = ("http://localhost:3000/",),
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.redirect_uris = redirect_uris
        self.logout_uris = logout_uris
        self.issuer = f"https://cognito-idp.eu-central-1.amazonaws.com/eu-1_{secrets.token_hex(4)}"
        self.client_id = secrets.token_hex(13)
        self.client_secret = _random_secret()
        self.further_client_secrets: list[str] = []  # active besides, as during a rotation
        self.clock: Callable[[], float] = time.time
        self.user = User()
        self.access_token_seconds = 3600
        self.refresh_token_rotation = False
        self.rotation_grace_seconds = 0
        # Members put over those of an honest answer; None takes a member away.
        self.token_answer: Json = {}
        self.userinfo_answer: Json = {}
        self.id_token_claims: Json = {}
        self.cookies: list[str] = []  # Set-Cookie values on every answer
        self.requests: defaultdict[str, list[Arrived]] = defaultdict(list)
        self.handed_out: list[str] = []  # codes and tokens, which nobody may write down
        self.attacker = SigningKey()
        self._id_key, self._access_key = SigningKey(), SigningKey()
        self.jwks: Json = {"keys": [self._id_key.jwk(), self._access_key.jwk()]}
        self._codes: dict[str, Grant] = {}
        self._access_tokens: dict[str, tuple[Grant, float]] = {}
        self._refresh_tokens: dict[str, RefreshToken] = {}
        self._defect: str | None = None
        self._faults: dict[str, tuple[str, Fault | None]] = {}
        self._lock = RLock()
        self._domain = _Origin(self, tls)
        self._issuer_origin = _Origin(self, tls)
        self.domain_url = self._domain.url
        pool = self.issuer.rpartition("/")[2]
        self.jwks_url = f"{self._issuer_origin.url}/{pool}/.well-known/jwks.json"

    def __enter__(self) -> FakeCognito:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        self._domain.close()
        self._issuer_origin.close()

    # What a test looks at

    def calls(self, endpoint: str) -> int:
        return len(self.requests[endpoint])

    @property
    def upstream_calls(self) -> int:
        """Requests that the app itself made; the browser's are not counted."""
        return sum(map(self.calls, _UPSTREAM))

    def __repr__(self) -> str:
        """What has come in, so that a failed assertion tells."""
        arrived = [
            f"{each.method} {each.path} by {each.headers.get('User-Agent')}"
            for name in _UPSTREAM
            for each in self.requests[name]
        ]
        return f"<FakeCognito, upstream calls: {', '.join(arrived) or 'none'}>"

    # What a test switches

    def fault(self, endpoint: str, kind: str | Fault) -> None:
        """From now on ``endpoint`` (token, userinfo, revoke, jwks) fails in this way.

        ``kind`` is ``refused``, a name in WIRE_FAULTS, any OAuth error code, or a fault of the
        test's own. With ``refused`` nobody listens any more; for userinfo this begins after
        the token answer, since both share an origin.
        """
        if not isinstance(kind, str):
            self._faults[endpoint] = ("own", kind)
            return
        if kind == "refused":
            self._faults[endpoint] = (kind, None)
            if endpoint != "userinfo":
                (self._issuer_origin if endpoint == "jwks" else self._domain).stop()
            return
        as_error = bearer_error if endpoint == "userinfo" else oauth_error
        self._faults[endpoint] = (kind, WIRE_FAULTS.get(kind) or as_error(kind))

    def mend(self, endpoint: str) -> None:
        """Ends the fault. What was stopped by ``refused`` stays stopped."""
        self._faults.pop(endpoint, None)

    def drop_connections(self) -> None:
        """Closes what clients keep alive, as servers do with idle connections."""
        self._domain.drop_connections()
        self._issuer_origin.drop_connections()

    def id_token_defect(self, name: str | None) -> None:
        """ID tokens made from now on have this defect of ID_TOKEN_DEFECTS; None ends it."""
        if name is not None and name not in ID_TOKEN_DEFECTS:
            raise KeyError(name)
        self._defect = name

    def jwks_defect(self, name: str) -> None:
        """Applies one of JWKS_DEFECTS to the key set as it is published now."""
        self.jwks = JWKS_DEFECTS[name](self.jwks, self.attacker)

    def rotate_keys(self) -> None:
        """Signs with new keys; the old ones stay published, behind them."""
        self._id_key, self._access_key = SigningKey(), SigningKey()
        self.jwks = {"keys": [self._id_key.jwk(), self._access_key.jwk(), *self.jwks["keys"]]}

    def sign_out_everywhere(self) -> None:
        """GlobalSignOut: every grant so far is void."""
        with self._lock:
            for refresh_token in self._refresh_tokens.values():
                refresh_token.grant.revoked = True

    # Managed login

    def visit(self, location: str, *, error: str | None = None) -> str:
        """The browser follows ``location``; returns the callback URL it is sent to.

        The user signs in (or up) at once, unless ``error`` says what comes back instead.
        """
        parts = urlsplit(location)
        if f"{parts.scheme}://{parts.netloc}" != self.domain_url:
            raise LoginErrorPage(f"not managed login: {location}")
        if parts.path not in {"/oauth2/authorize", "/signup", "/login"}:
            raise LoginErrorPage(f"no such page: {parts.path}")
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        self.requests["authorize"].append(Arrived("GET", parts.path, query, {}, b""))
        return self._authorize(query, error)

    def _authorize(self, query: dict[str, str], error: str | None) -> str:
        if query.get("client_id") != self.client_id:
            raise LoginErrorPage("client_id")
        if query.get("redirect_uri") not in self.redirect_uris:
            raise LoginErrorPage("redirect_uri")
        scopes = query.get("scope", " ".join(SCOPES)).split()
        if query.get("response_type") != "code":
            error = "invalid_request"
        elif not set(scopes) <= set(SCOPES):
            error = "invalid_scope"
        elif query.get("code_challenge_method", "S256") != "S256":
            error = "invalid_request"
        answer = {"error": error} if error else {"code": self._new_code(query, scopes)}
        if "state" in query:
            answer["state"] = query["state"]
        return f"{query['redirect_uri']}?{urlencode(answer)}"

    def _new_code(self, query: dict[str, str], scopes: list[str]) -> str:
        code = str(uuid.uuid4())
        self.handed_out.append(code)
        self._codes[code] = Grant(
            user=self.user,
            scopes=scopes,
            redirect_uri=query["redirect_uri"],
            nonce=query.get("nonce"),
            code_challenge=query.get("code_challenge"),
            signed_in_at=self.clock(),
        )
        return code

    # Endpoints

    def answer(self, arrived: Arrived) -> tuple[str, Reply]:
        """The endpoint's name, and what an honest Cognito says."""
        endpoints: dict[tuple[str, str], tuple[str, Callable[[Arrived], Reply]]] = {
            ("GET", "/oauth2/authorize"): ("authorize", self._browse),
            ("GET", "/signup"): ("authorize", self._browse),
            ("GET", "/logout"): ("logout", self._logout),
            ("POST", "/oauth2/token"): ("token", self._token),
            ("GET", "/oauth2/userInfo"): ("userinfo", self._userinfo),
            ("POST", "/oauth2/revoke"): ("revoke", self._revoke),
            ("GET", urlsplit(self.jwks_url).path): ("jwks", lambda _: json_reply(self.jwks)),
        }
        unknown = ("other", lambda _: Reply(404))
        name, endpoint = endpoints.get((arrived.method, arrived.path), unknown)
        with self._lock:
            self.requests[name].append(arrived)
            return name, endpoint(arrived)

    def _browse(self, arrived: Arrived) -> Reply:
        try:
            return Reply(302, b"", {"Location": self._authorize(arrived.query, None)})
        except LoginErrorPage:
            return Reply(302, b"", {"Location": "/error"})

    def _logout(self, arrived: Arrived) -> Reply:
        uri = arrived.query.get("logout_uri", "")
        if arrived.query.get("client_id") != self.client_id or uri not in self.logout_uris:
            return Reply(302, b"", {"Location": "/error"})
        return Reply(302, b"", {"Location": uri})

    def _is_client(self, arrived: Arrived) -> bool:
        """client_secret_basic with id and secret as they are, or client_secret_post."""
        secrets_now = (self.client_secret, *self.further_client_secrets)
        active = [f"{self.client_id}:{each}" for each in secrets_now]
        authorization = arrived.headers.get("Authorization")
        if authorization is None:
            form = arrived.form
            return f"{form.get('client_id')}:{form.get('client_secret')}" in active
        return authorization in [f"Basic {base64.b64encode(a.encode()).decode()}" for a in active]

    def _token(self, arrived: Arrived) -> Reply:
        if not self._is_client(arrived):
            return json_reply({"error": "invalid_client"}, 400)
        grant_types = {"authorization_code": self._exchange, "refresh_token": self._refresh}
        grant_type = grant_types.get(arrived.form.get("grant_type", ""))
        if grant_type is None:
            return json_reply({"error": "unsupported_grant_type"}, 400)
        return grant_type(arrived.form)

    def _exchange(self, form: dict[str, str]) -> Reply:
        grant = self._codes.pop(form.get("code", ""), None)
        if grant is None or self.clock() > grant.signed_in_at + CODE_SECONDS:
            return json_reply({"error": "invalid_grant"}, 400)
        if form.get("redirect_uri") != grant.redirect_uri:
            return json_reply({"error": "unauthorized_client"}, 400)
        verifier = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        if grant.code_challenge is not None and grant.code_challenge != base64url(verifier):
            return json_reply({"error": "invalid_grant"}, 400)
        return self._tokens(grant, grant.nonce, self._new_refresh_token(grant))

    def _refresh(self, form: dict[str, str]) -> Reply:
        presented = self._refresh_tokens.get(form.get("refresh_token", ""))
        if presented is None or not presented.grant.good:
            return json_reply({"error": "invalid_grant"}, 400)
        replaced_at, now = presented.replaced_at, self.clock()
        if replaced_at is not None and now > replaced_at + self.rotation_grace_seconds:
            return json_reply({"error": "invalid_grant"}, 400)
        if not self.refresh_token_rotation:
            return self._tokens(presented.grant, None, None)
        presented.replaced_at = now if replaced_at is None else replaced_at
        return self._tokens(presented.grant, None, self._new_refresh_token(presented.grant))

    def _new_refresh_token(self, grant: Grant) -> str:
        token = secrets.token_urlsafe(600)  # opaque and long, as Cognito's are
        self._refresh_tokens[token] = RefreshToken(grant)
        self.handed_out.append(token)
        return token

    def _tokens(self, grant: Grant, nonce: str | None, refresh_token: str | None) -> Reply:
        access_token = self._access_token(grant)
        answer = {
            "id_token": self._id_token(grant, nonce, access_token),
            "access_token": access_token,
            "refresh_token": refresh_token,
            "expires_in": self.access_token_seconds,
            "token_type": "Bearer",
            **self.token_answer,
        }
        return json_reply({name: value for name, value in answer.items() if value is not None})

    def _access_token(self, grant: Grant) -> str:
        now = int(self.clock())
        expires = now + self.access_token_seconds
        token = self._access_key.token(
            {
                "sub": grant.user.sub,
                "iss": self.issuer,
                "version": 2,
                "client_id": self.client_id,
                "origin_jti": grant.origin_jti,
                "token_use": "access",
                "scope": " ".join(grant.scopes),
                "auth_time": int(grant.signed_in_at),
                "exp": expires,
                "iat": now,
                "jti": str(uuid.uuid4()),
                "username": grant.user.username,
            }
        )
        self._access_tokens[token] = (grant, expires)
        self.handed_out.append(token)
        return token

    def _id_token(self, grant: Grant, nonce: str | None, access_token: str) -> str:
        user, now = grant.user, int(self.clock())
        claims: Json = {
            "at_hash": at_hash(access_token),
            "sub": user.sub,
            "cognito:groups": user.groups or None,
            "email_verified": user.email_verified,
            "iss": self.issuer,
            "cognito:username": user.username,
            "nonce": nonce,
            "origin_jti": grant.origin_jti,
            "aud": self.client_id,
            "token_use": "id",
            "auth_time": int(grant.signed_in_at),
            "name": user.name,
            "exp": now + self.access_token_seconds,
            "iat": now,
            "jti": str(uuid.uuid4()),
            "email": user.email,
            **user.custom,
            **self.id_token_claims,
        }
        claims = {name: value for name, value in claims.items() if value is not None}
        draft = Draft(self._id_key, claims, self.attacker)
        token = ID_TOKEN_DEFECTS[self._defect](draft) if self._defect else draft.signed()
        self.handed_out.append(token)
        return token

    def _userinfo(self, arrived: Arrived) -> Reply:
        scheme, _, token = arrived.headers.get("Authorization", "").partition(" ")
        grant, expires = self._access_tokens.get(token, (None, 0.0))
        if scheme != "Bearer" or grant is None or not grant.good or self.clock() >= expires:
            challenge = {"WWW-Authenticate": 'Bearer error="invalid_token"'}
            return json_reply({"error": "invalid_token"}, 401, challenge)
        user = grant.user
        # The attributes of Cognito's UserInfo are strings, booleans too.
        answer = {
            "sub": user.sub,
            "email_verified": "true" if user.email_verified else "false",
            "name": user.name,
            "email": user.email,
            "username": user.username,
            **user.custom,
            **self.userinfo_answer,
        }
        return json_reply({name: value for name, value in answer.items() if value is not None})

    def _revoke(self, arrived: Arrived) -> Reply:
        if not self._is_client(arrived):
            return json_reply({"error": "invalid_client"}, 401)
        if "token" not in arrived.form:
            return json_reply({"error": "invalid_request"}, 400)
        refresh_token = self._refresh_tokens.get(arrived.form["token"])
        if refresh_token is not None:
            refresh_token.grant.revoked = True
        return Reply(200)

    # The wire

    def send(self, endpoint: str, reply: Reply, line: Line) -> bool:
        """Sends the reply or has its fault do so; says whether the connection lives on."""
        kind, fault = self._faults.get(endpoint, ("", None))
        if fault is not None:
            fault(line, reply)
            return kind == "reset_if_reused" and not line.served_before
        userinfo_is_next = endpoint == "token" and "userinfo" in self._faults
        if userinfo_is_next and self._faults["userinfo"][0] == "refused":
            self._domain.stop_listening()
            line.send(reply.head(Connection="close") + reply.body)
            return False
        cookies = "".join(f"Set-Cookie: {cookie}\r\n" for cookie in self.cookies).encode()
        start, rest = reply.to_bytes().split(b"\r\n", 1)
        line.send(start + b"\r\n" + cookies + rest)
        return True


class _Origin(socketserver.ThreadingTCPServer):
    """One listening port and the connections it has accepted."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, cognito: FakeCognito, tls: ssl.SSLContext | None) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.cognito = cognito
        self.closing = Event()
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.server_address[1]}"
        self._port_held = ExitStack()
        self._port_held.enter_context(held(self.socket))
        if tls is not None:
            self.socket = tls.wrap_socket(self.socket, server_side=True)
        self._connections: set[socket] = set()
        self._thread = Thread(target=self.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def process_request(self, request, client_address) -> None:  # type: ignore[no-untyped-def]
        self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request) -> None:  # type: ignore[no-untyped-def]
        self._connections.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request, client_address) -> None:  # type: ignore[no-untyped-def]
        """Clients that give up are what this server is for; anything else is a bug of ours."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)

    def drop_connections(self) -> None:
        for connection in list(self._connections):
            try:
                connection.shutdown(SHUT_RDWR)
            except OSError:
                continue  # closed meanwhile

    def stop_listening(self) -> None:
        self.shutdown()
        self.server_close()

    def stop(self) -> None:
        """Refuses connections from now on; the port is ours until ``close``."""
        if not self.closing.is_set():
            self.closing.set()
            self.stop_listening()
            self.drop_connections()
            self._thread.join()

    def close(self) -> None:
        self.stop()
        self._port_held.close()


class _Handler(BaseHTTPRequestHandler):
    """Reads requests and leaves the rest to FakeCognito."""

    server: _Origin
    protocol_version = "HTTP/1.1"
    served = 0

    def _serve(self) -> None:
        parts = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        arrived = Arrived(self.command, parts.path, query, dict(self.headers), body)
        cognito = self.server.cognito
        endpoint, reply = cognito.answer(arrived)
        line = Line(self.connection, self.served, self.server.closing)
        self.served += 1
        if not cognito.send(endpoint, reply, line):
            self.close_connection = True

    do_GET = do_POST = _serve  # noqa: N815 - names that the base class looks for

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        """Test output stays readable."""
